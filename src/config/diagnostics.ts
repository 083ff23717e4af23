// Turns issues into text for people and into plain data for programs. The only place that formats the user's errors (operating.md §2).
import path from 'node:path';
import type { Issue, SourcePosition } from '../lib/issue.ts';
import { displayWidth } from './display-width.ts';
import type { Positions } from './source.ts';
import { HIDDEN_LINE, isInsideKey, type MarkedLine, markLine, markOpenLine, printable } from './source-line.ts';

export interface FormatOptions {
  /** ANSI colours. */
  readonly color: boolean;
  /** File names below it are printed relative to it. Default: names as they are. */
  readonly cwd?: string;
}

interface Context extends FormatOptions {
  readonly positions: Positions;
}

/** Errors and warnings in the order of files and lines, each with its place, and a line that counts them. Empty without issues. */
export function formatIssues(issues: readonly Issue[], positions: Positions, options: FormatOptions): string {
  if (issues.length === 0) return '';
  const context = { ...options, positions };
  const blocks = placed(issues, positions).map(({ issue, position }) => formatIssue(issue, position, context));
  return `${blocks.join('\n')}\n${countLine(issues)}\n`;
}

/** One issue with its place, without the line that counts. */
export function formatSingleIssue(issue: Issue, positions: Positions, options: FormatOptions): string {
  return formatIssue(issue, placeOf(issue, positions), { ...options, positions });
}

/** One issue as data: `file`, `line`, `column` and `length` as in the text, absent where there is no place. */
export interface IssueRecord extends Partial<SourcePosition> {
  readonly code: string;
  readonly severity: Issue['severity'];
  readonly message: string;
  readonly path: Issue['path'];
  readonly label?: string;
  readonly help?: string;
  readonly related?: readonly (Partial<SourcePosition> & { readonly message: string })[];
}

export function issuesToJson(issues: readonly Issue[], positions: Positions): readonly IssueRecord[] {
  return placed(issues, positions).map(({ issue, position }) => ({
    code: issue.code,
    severity: issue.severity,
    message: issue.message,
    path: issue.path,
    ...position,
    ...(issue.label === undefined ? {} : { label: issue.label }),
    ...(issue.help === undefined ? {} : { help: issue.help }),
    ...(issue.related === undefined
      ? {}
      : { related: issue.related.map((other) => ({ message: other.message, ...placeOf(other, positions) })) }),
  }));
}

type Placed = Pick<Issue, 'path' | 'at' | 'position'>;

function placeOf({ position, path: where, at }: Placed, positions: Positions): SourcePosition | undefined {
  return position ?? positions.find(where, at);
}

function placed(issues: readonly Issue[], positions: Positions): readonly { issue: Issue; position: SourcePosition | undefined }[] {
  return issues
    .map((issue) => ({ issue, position: placeOf(issue, positions) }))
    .sort(({ position: left }, { position: right }) => comparePlaces(left, right));
}

function comparePlaces(left: SourcePosition | undefined, right: SourcePosition | undefined): number {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}

function formatIssue(issue: Issue, position: SourcePosition | undefined, context: Context): string {
  const paint = painter(context.color);
  const color = issue.severity === 'error' ? RED : YELLOW;
  const lines = [`${paint(color, `${issue.severity}[${issue.code}]`)}${paint(BOLD, `: ${printable(issue.message)}`)}`];
  const gutter = ' '.repeat(String(position?.line ?? '').length);
  if (position !== undefined)
    lines.push(...formatPlace(position, { label: issue.label, owner: ownerOf(issue.path), color, gutter }, context));
  for (const other of issue.related ?? []) lines.push(formatRelated(other, gutter, context));
  if (issue.help !== undefined) lines.push(`${gutter} ${paint(BLUE, '=')} ${paint(BOLD, 'help')}: ${printable(issue.help)}`);
  return `${lines.join('\n')}\n`;
}

interface PlaceStyle {
  readonly label: string | undefined;
  /** `route list-orders`: what the place belongs to. */
  readonly owner: string | undefined;
  readonly color: string;
  readonly gutter: string;
}

function formatPlace(position: SourcePosition, { label, owner, color, gutter }: PlaceStyle, context: Context): readonly string[] {
  const paint = painter(context.color);
  const heading = `${gutter}${paint(BLUE, '-->')} ${formatPosition(position, context)}${owner === undefined ? '' : `        (${printable(owner)})`}`;
  const text = context.positions.line(position.file, position.line);
  if (text === undefined) return label === undefined ? [heading] : [heading, `${gutter} ${paint(BLUE, '=')} ${label}`];
  const { before, marked, after } = lineToPrint(position, text, context.positions);
  const carets = '^'.repeat(Math.max(displayWidth(marked), 1));
  const remark = label === undefined ? carets : `${carets} ${printable(label)}`;
  return [
    heading,
    `${gutter} ${paint(BLUE, '|')}`,
    `${paint(BLUE, `${position.line} |`)} ${before}${marked}${after}`.trimEnd(),
    `${gutter} ${paint(BLUE, '|')} ${' '.repeat(displayWidth(before))}${paint(color, remark)}`,
  ];
}

function lineToPrint({ file, line, column, length }: SourcePosition, text: string, positions: Positions): MarkedLine {
  if (positions.holdNoSecrets === true) return markOpenLine(text, column, length);
  const isHidden = isInsideKey(line, (number) => positions.line(file, number));
  return isHidden ? HIDDEN_LINE : markLine(text, column, length);
}

/** The entry that a path leads into. */
function ownerOf([section, name]: Issue['path']): string | undefined {
  const kind = typeof section === 'string' ? ENTRY_NAMES.get(section) : undefined;
  return kind === undefined || typeof name !== 'string' ? undefined : `${kind} ${name}`;
}

const ENTRY_NAMES: ReadonlyMap<string, string> = new Map([
  ['listeners', 'listener'],
  ['certificates', 'certificate'],
  ['services', 'service'],
  ['jwt', 'JWT provider'],
  ['apiKeys', 'API keys'],
  ['introspection', 'introspection'],
  ['clientCertificates', 'client certificates'],
  ['ipLists', 'IP list'],
  ['rateLimits', 'limit'],
  ['policies', 'policy'],
  ['routes', 'route'],
]);

function formatRelated(other: Placed & { readonly message: string }, gutter: string, context: Context): string {
  const position = placeOf(other, context.positions);
  const place = position === undefined ? '' : ` (${formatPosition(position, context)})`;
  return `${gutter} ${painter(context.color)(BLUE, '=')} note: ${printable(other.message)}${place}`;
}

function formatPosition({ file, line, column }: SourcePosition, { cwd }: FormatOptions): string {
  return `${printable(shortName(file, cwd))}:${line}:${column}`;
}

function shortName(file: string, cwd: string | undefined): string {
  if (cwd === undefined) return file;
  const relative = path.relative(cwd, file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

function countLine(issues: readonly Issue[]): string {
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  return [count(errors, 'error'), count(issues.length - errors, 'warning')].join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const RED = '31;1';
const YELLOW = '33;1';
const BLUE = '34';
const BOLD = '1';

function painter(isColored: boolean): (color: string, text: string) => string {
  return (color, text) => (isColored ? `\u001b[${color}m${text}\u001b[0m` : text);
}
