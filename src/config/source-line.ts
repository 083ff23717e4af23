// A line of the user's file made fit to print: no secrets (C7), no control characters, tabs as spaces.

const PRIVATE_VALUE = /(?<=(?:^|[\s,{"'-])(?:["']?)key(?:["']?)\s*:\s+)(?!["']?\$\{)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}|>#][^,}]*)/g;
const PEM_BODY = /^\s*[A-Za-z0-9+/=]{40,}\s*$/;
// biome-ignore format: one expression
// oxlint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const TAB = '    ';

/** The characters before, in, and after the marked part. */
export interface MarkedLine {
  readonly before: string;
  readonly marked: string;
  readonly after: string;
}

/** Cuts a line at `column` (from 1) for `length` characters, each part printable. */
export function markLine(line: string, column: number, length: number): MarkedLine {
  if (PEM_BODY.test(line)) return { before: '', marked: '[redacted]', after: '' };
  const characters = [...line];
  const masked = new Set<number>();
  for (const match of line.matchAll(PRIVATE_VALUE)) {
    const from = [...line.slice(0, match.index)].length;
    for (let index = from; index < from + [...match[0]].length; index += 1) masked.add(index);
  }
  const print = (from: number, to: number) =>
    characters
      .slice(from, to)
      .map((character, index) => (masked.has(from + index) ? '*' : printable(character)))
      .join('');
  const start = Math.min(column - 1, characters.length);
  const end = Math.min(start + length, characters.length);
  return { before: print(0, start), marked: print(start, end), after: print(end, characters.length) };
}

function printable(character: string): string {
  return character === '\t' ? TAB : character.replace(CONTROL, '\ufffd');
}
