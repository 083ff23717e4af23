// Imported limits as text of our language: ready to be included, or pasted, with comments that say where each comes from. Pure; the same limits give
// the same bytes.
import type { PartMatch } from '../lib/match-rank.ts';
import type { GroupLimit, ImportedOverride } from './group-limits.ts';
import type { KeyMeaning } from './key-meanings.ts';
import type { GroupEntry, LimitGroup } from './limit-groups.ts';

export interface NamedLimit {
  readonly name: string;
  readonly limit: GroupLimit;
  /** Names of ours. */
  readonly replaces: readonly string[];
}

export interface Fragment {
  /** As told to people. */
  readonly directory: string;
  /** With it, the text is a gateway file of its own. */
  readonly gateway?: string | undefined;
  readonly keys: readonly { readonly key: string; readonly meaning: KeyMeaning }[];
  /** Those without limits, too. */
  readonly groups: readonly LimitGroup[];
  readonly limits: readonly NamedLimit[];
}

export function fragmentText({ directory, gateway, keys, groups, limits }: Fragment): string {
  const head = [
    `# Imported from ${comment(directory)}. Counted as there: in fixed windows from 1970-01-01, weeks of 7 days, months of 30, years of 365.`,
    ...(keys.length === 0 ? [] : ['#', '# Keys of descriptors, and what they are here:', ...keyLines(keys)]),
    ...(limits.length === 0 ? [] : ['#', '# What routes say instead of their rate_limits in Envoy:', ...routeLines(groups, limits)]),
  ];
  const root = gateway === undefined ? [] : ['version: v1', `gateway: ${quoted(gateway)}`];
  const body = limits.length === 0 ? ['rateLimits: {}'] : ['rateLimits:', ...limits.flatMap(limitLines)];
  return `${[...head, ...root, ...body].join('\n')}\n`;
}

function keyLines(keys: Fragment['keys']): readonly string[] {
  return aligned(
    keys.map(({ key, meaning }) => [
      comment(key),
      meaning.kind === 'constant'
        ? 'a constant: routes with different ones name different limits'
        : `${comment(meaning.part)}${meaning.isSure ? '' : ' (guessed: --map says otherwise)'}`,
    ]),
  );
}

function routeLines(groups: readonly LimitGroup[], limits: readonly NamedLimit[]): readonly string[] {
  const rows = new Map<string, string[]>(groups.map((group) => [entriesText(group), []]));
  for (const { name, limit } of limits) rows.get(entriesText(limit.group))?.push(name);
  return aligned([...rows].map(([entries, names]) => [entries, `rateLimits: [${names.join(', ')}]`]));
}

function entriesText({ domain, entries }: LimitGroup): string {
  return comment(`${domain}: (${entries.map(entryText).join(', ')})`);
}

function entryText({ key, meaning, constant }: GroupEntry): string {
  if (meaning.kind === 'part') return key;
  return constant === undefined ? `${key}=any other` : `${key}=${constant}`;
}

function aligned(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.min(60, Math.max(...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => `#   ${left.padEnd(width)}  ${right}`);
}

function limitLines({ name, limit, replaces }: NamedLimit): readonly string[] {
  const { group, rate, overrides, whenMissing, isShadow } = limit;
  const base = limit.rules.find(({ match }) => match.length === 0)?.limited?.source;
  return [
    `  # ${entriesText(group)}${base === undefined ? '' : `, ${comment(base)}`}`,
    `  ${name}:`,
    `    key: [${group.parts.map(quoted).join(', ')}]`,
    ...(whenMissing === 'share' ? [] : [`    whenMissing: ${whenMissing}`]),
    `    rate: ${rate}`,
    '    algorithm: fixedWindow',
    '    headers: none',
    ...(isShadow ? ['    mode: shadow'] : []),
    ...(replaces.length === 0 ? [] : [`    replaces: [${replaces.join(', ')}]`]),
    ...(overrides.length === 0 ? [] : ['    overrides:', ...overrides.map(overrideLine)]),
  ];
}

function overrideLine({ match, rate, shared, source }: ImportedOverride): string {
  const from = source === undefined ? '' : ` # ${comment(source)}`;
  return `      - {match: {${match.map(matchText).join(', ')}}, rate: ${rate}${shared ? ', shared: true' : ''}}${from}`;
}

function matchText({ part, value }: PartMatch): string {
  return `${scalarText(part)}: ${quoted(value)}`;
}

/** In values `${` begins a reference. */
function quoted(value: string): string {
  return scalarText(value.replaceAll('${', () => '$${'));
}

const PLAIN = /^[A-Za-z][A-Za-z0-9._/-]*$/;
const WORD = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
/** What YAML wants escaped, beside what JSON does. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function scalarText(value: string): string {
  return PLAIN.test(value) && !WORD.test(value) ? value : escaped(JSON.stringify(value));
}

function comment(text: string): string {
  return escaped(text.replaceAll(/[\u0000-\u001f]/g, ' '));
}

function escaped(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
