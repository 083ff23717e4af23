// The text of one file by lines: offsets to line and column, and single lines for printing. Columns count characters (code points), not bytes.
import type { SourcePosition } from '../lib/issue.ts';

export interface SourceText {
  readonly file: string;
  /** The place of `start` to `end`, cut at the end of the first line. */
  position(start: number, end: number): SourcePosition;
  /** Line `number`, from 1, without its line break. */
  line(number: number): string | undefined;
}

export function createSourceText(file: string, text: string): SourceText {
  let starts: readonly number[] | undefined;
  const lineStarts = () => {
    starts ??= findLineStarts(text);
    return starts;
  };
  const lineAt = (index: number) => {
    const line = text.slice(lineStarts()[index], (lineStarts()[index + 1] ?? text.length + 1) - 1);
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  };
  // A file of one long line has very many places in it.
  const pairless = new Map<number, boolean>();
  const columnOf = (index: number, line: string, from: number): number => {
    const isPairless = pairless.get(index) ?? !/[\ud800-\udbff]/.test(line);
    pairless.set(index, isPairless);
    return (isPairless ? from : countCharacters(line.slice(0, from))) + 1;
  };
  return {
    file,
    position(start, end) {
      const index = lastAtMost(lineStarts(), start);
      const line = lineAt(index);
      const from = Math.min(start - (lineStarts()[index] ?? 0), line.length);
      const marked = line.slice(from, from + Math.max(end - start, 0)).trimEnd();
      return { file, line: index + 1, column: columnOf(index, line, from), length: Math.max(countCharacters(marked), 1) };
    },
    line: (number) => (number >= 1 && number <= lineStarts().length ? lineAt(number - 1) : undefined),
  };
}

/** Characters as a reader counts them: a pair of surrogates is one. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let newline = text.indexOf('\n'); newline !== -1; newline = text.indexOf('\n', newline + 1)) starts.push(newline + 1);
  return starts;
}

function lastAtMost(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}
