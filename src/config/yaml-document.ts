// One YAML text (a file, or a segment of one) to a tree of nodes with offsets. Any text gives a tree or problems: it never throws, and no text
// can exhaust the stack or the memory, because depth and size are measured before nodes are built.
import { Composer, type CST, type Document, Lexer, type ParsedNode, Parser, type YAMLError } from 'yaml';
import type { FileIssueCode } from './issue-codes.ts';

/** A problem at offsets into the text. */
export interface TextProblem {
  readonly code: FileIssueCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly label?: string;
  readonly help?: string;
  readonly related?: { readonly message: string; readonly start: number; readonly end: number };
}

export interface YamlDocument {
  /** Absent where the text holds nothing but comments, or has errors. */
  readonly root: ParsedNode | undefined;
  readonly problems: readonly TextProblem[];
}

/** Deeper than anything the language can say; shallow enough for every recursive step that follows. */
export const MAX_DEPTH = 100;
/** About 1 GB of nodes. Only texts with more characters than this are counted. */
const MAX_TOKENS = 4_000_000;
/** After one mistake the parser often stumbles over what follows; more of it helps nobody. */
const MAX_SYNTAX_PROBLEMS = 20;

// Duplicate keys are found by whoever reads the nodes: the library's own search is quadratic and says one place only (P5, C4).
const OPTIONS = {
  version: '1.2',
  schema: 'core',
  uniqueKeys: false,
  prettyErrors: false,
  keepSourceTokens: false,
  logLevel: 'silent',
} as const;

export function parseYaml(text: string): YamlDocument {
  const tooLarge = text.length > MAX_TOKENS / 2 && countTokens(text, MAX_TOKENS) > MAX_TOKENS;
  if (tooLarge) return refused({ code: 'CH1002', message: 'the file holds too many values to be read', help: 'split it with include' }, 0);
  const tokens = [...new Parser().parse(text)];
  const deep = firstTooDeep(tokens);
  if (deep !== undefined) return refused({ code: 'CH1014', message: `lists and maps are nested more than ${MAX_DEPTH} deep` }, deep);
  const documents = [...new Composer(OPTIONS).compose(tokens, true, text.length)];
  return read(documents, text);
}

function refused(problem: Pick<TextProblem, 'code' | 'message' | 'help'>, start: number): YamlDocument {
  return { root: undefined, problems: [{ severity: 'error', start, end: start + 1, ...problem }] };
}

function read(documents: readonly Document.Parsed[], text: string): YamlDocument {
  const [document, second] = documents;
  if (document === undefined) return { root: undefined, problems: [] };
  if (second !== undefined) {
    const start = text.lastIndexOf('---', second.range[0]);
    const help = 'write one document in a file, and name further files in include';
    return refused({ code: 'CH1005', message: 'the file holds several YAML documents', help }, Math.max(start, 0));
  }
  const found = [...withoutConsequences(document.errors, text), ...document.warnings].map((error) => problemOf(error, text));
  const problems = found.slice(0, MAX_SYNTAX_PROBLEMS);
  const hidden = found.length - problems.length;
  const last = problems.at(-1);
  if (last !== undefined && hidden > 0)
    problems[problems.length - 1] = { ...last, help: `${hidden} more problems follow in this part of the file` };
  return { root: document.errors.length > 0 ? undefined : (document.contents ?? undefined), problems };
}

/** What is open at the end of the text, or wrong in the line of another mistake, is wrong because of that mistake. */
function withoutConsequences(errors: readonly YAMLError[], text: string): readonly YAMLError[] {
  const end = text.trimEnd().length;
  let lineEnd = -1;
  const inOrder = errors.toSorted((left, right) => left.pos[0] - right.pos[0]);
  return inOrder.filter(({ pos: [start] }) => {
    if (start < lineEnd || (lineEnd !== -1 && start >= end)) return false;
    const newline = text.indexOf('\n', start);
    lineEnd = newline === -1 ? text.length : newline;
    return true;
  });
}

function problemOf(error: YAMLError, text: string): TextProblem {
  const { start, end, message } = wordingOf(error, text);
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return { code: 'CH1008', severity: 'error', message: 'YAML tags (!…) have no meaning here', start, end, help: 'leave the tag out' };
  }
  const help = HELP.get(error.code) ?? (error.message.includes('plain') ? QUOTE_HELP : undefined);
  // A closing bracket that is not indented enough reads unambiguously; the library calls it a warning, and so do we.
  const severity = error.name === 'YAMLWarning' ? 'warning' : 'error';
  return { code: 'CH1004', severity, message: `this is not valid YAML: ${message}`, start, end, ...(help === undefined ? {} : { help }) };
}

interface Wording {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** The library notices what is open where it ends; the user looks for where it begins. */
function wordingOf({ message, pos: [start, end] }: YAMLError, text: string): Wording {
  const quote = /^Missing closing (["'])/.exec(message)?.[1];
  if (quote !== undefined) {
    const opening = Math.max(text.lastIndexOf(quote, start - 1), 0);
    return { start: opening, end: opening + 1, message: `the quote ${quote} is not closed` };
  }
  const bracket = /(?:end|ending) with a ([}\]])/.exec(message)?.[1];
  if (bracket !== undefined) {
    const last = Math.max(text.slice(0, start).trimEnd().length - 1, 0);
    return { start: last, end: last + 1, message: `${bracket} is missing, or the lines before it are not indented enough` };
  }
  const plain = message.replace(/\.$/, '');
  return { start, end, message: `${plain.charAt(0).toLowerCase()}${plain.slice(1)}` };
}

const QUOTE_HELP = 'put the text in quotes';
const HELP: ReadonlyMap<YAMLError['code'], string> = new Map([
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['BAD_DQ_ESCAPE', 'write \\\\ for a backslash, or use single quotes'],
  ['BAD_SCALAR_START', QUOTE_HELP],
  ['MULTILINE_IMPLICIT_KEY', 'is a ":" missing, or a quote or bracket above not closed?'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put the text in quotes if its ":" is part of it'],
  ['MISSING_CHAR', 'look for a ":", quote or bracket that is missing here or above'],
  ['BAD_INDENT', 'keys of one map begin in the same column'],
]);

function countTokens(text: string, limit: number): number {
  let count = 0;
  for (const _token of new Lexer().lex(text)) {
    count += 1;
    if (count > limit) break;
  }
  return count;
}

/** The offset of the first collection that is nested too deep; walks with its own stack, whatever the depth. */
function firstTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting: { readonly token: CST.Token; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (token.type === 'document') {
      if (token.value !== undefined) waiting.push({ token: token.value, depth });
    } else if ('items' in token) {
      if (depth >= MAX_DEPTH) return token.offset;
      for (const item of token.items) {
        if (item.key !== undefined && item.key !== null && 'items' in item.key) waiting.push({ token: item.key, depth: depth + 1 });
        if (item.value !== undefined && 'items' in item.value) waiting.push({ token: item.value, depth: depth + 1 });
      }
    }
  }
  return undefined;
}
