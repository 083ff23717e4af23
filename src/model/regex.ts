// Checks regular expressions as Envoy will compile them: RE2 over bytes. Matching itself happens in Envoy, or in `explain`.
import { RE2JS } from 're2js';

/**
 * Envoy refuses programs larger than the runtime value `re2.max_program_size.error_level`; generated bootstraps raise it far above this.
 * A larger expression than this costs every request and is a mistake.
 */
const MAX_PROGRAM_SIZE = 1_000;

/** Why Envoy would not take `pattern`, as a sentence, or undefined. */
export function regexProblem(pattern: string): string | undefined {
  const wide = /(?<!\\)(?:\\\\)*\\x\{0*([0-9A-Fa-f]{3,})\}/.exec(pattern);
  if (wide !== null) {
    return `"\\x{${wide[1] ?? ''}}" is above \\xFF: Envoy matches bytes`;
  }
  const compiled = compile(pattern);
  if (typeof compiled === 'string') {
    return compiled;
  }
  const size = compiled.programSize();
  return size > MAX_PROGRAM_SIZE ? `it is too large: it compiles to ${size} steps, at most ${MAX_PROGRAM_SIZE} are taken` : undefined;
}

/** Whether the whole of `text` matches; false for an expression that is wrong. */
export function matchesText(pattern: string, text: string): boolean {
  const compiled = compile(pattern);
  return typeof compiled !== 'string' && compiled.matches(text);
}

/** The number of groups that can be captured; 0 for an expression that is wrong. */
export function groupCount(pattern: string): number {
  const compiled = compile(pattern);
  return typeof compiled === 'string' ? 0 : compiled.groupCount();
}

/** Help for what people bring from other kinds of expressions. */
export function regexHelp(pattern: string): string {
  if (/\{[0-9]+(?:,[0-9]*)?\}/.test(pattern) && typeof compile(pattern) !== 'string') {
    return 'a part that is repeated 100 times counts 100 times; write + or * where the number does not matter';
  }
  if (/\(\?<?[=!]/.test(pattern)) {
    return 'RE2 knows no look-ahead and look-behind; use not: in a header match, or two routes';
  }
  if (/\\[1-9]/.test(pattern)) {
    return 'RE2 knows no back-references';
  }
  return 'expressions have the syntax of RE2: https://github.com/google/re2/wiki/Syntax';
}

function compile(pattern: string): RE2JS | string {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/^error parsing regexp: /, '').replaceAll('`', '"');
  }
}
