// A line of the user's file made fit to print: no secrets (C7), no control characters, tabs as spaces, no endless lines.

import { countCharacters } from './source-text.ts';

/** The value of a `key:`, `secret:`, `pepper:`, `keySecret:` or `password:` that is written out, up to where a map in one line would go on. A reference, a block mark and a list are shown. */
const KEY_VALUE =
  /((?:^|[\s,{"'-])["']?(?:key|secret|pepper|keySecret|password)["']?\s*:\s+)(?!["']?\$\{|[|>[{&*#])("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}][^,}]*)/g;
/** A private key in one line, wherever it stands. */
const KEY_PEM = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.+)/g;
/** API keys: a list of plain ones, and any that has our form. */
const PLAIN_KEYS = /(\bplain["']?\s*:\s*\[\s*)(?!["']?\$\{)([^\]]+)/g;
const API_KEY = /(\bck_)([A-Za-z0-9_]+)/g;
/** Private and symmetric members of a JSON Web Key. */
const JWK_MEMBER = /((?:^|[\s,{])["']?(?:k|d|p|q|dp|dq|qi)["']?\s*:\s*["']?)([\w-]{8,})/g;
/** The user and password of an address. */
const URL_PASSWORD = /([a-z]+:\/\/)([^\s/"'@]*)(?=@)/g;

const SECRETS = [KEY_VALUE, URL_PASSWORD, KEY_PEM, PLAIN_KEYS, API_KEY, JWK_MEMBER];
const KEY_HEADER = /(?:^|[\s,{-])["']?key["']?\s*:\s*(?:[|>"']|$)/;
const REDACTED = '[redacted]';
// Control characters, and those that turn the direction of the text around, have no business in a terminal.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;
const TAB = '    ';
/** Characters shown before, in and after the marked part. */
const BEFORE = 120;
const MARKED = 120;
const AFTER = 80;
/** A private key has some 60 lines. */
const MAX_KEY_LINES = 200;

/** The characters before, in, and after the marked part. */
export interface MarkedLine {
  readonly before: string;
  readonly marked: string;
  readonly after: string;
}

/** Cuts a line at `column` (from 1) for `length` characters, each part printable. */
export function markLine(line: string, column: number, length: number): MarkedLine {
  const hidden = hiddenCharacters(line);
  return cut(
    [...line].map((character, index) => (hidden.has(index) ? '*' : character)),
    column,
    length,
  );
}

/** The same of a file whose `key:` holds no secret. */
export function markOpenLine(line: string, column: number, length: number): MarkedLine {
  return cut([...line], column, length);
}

function cut(characters: readonly string[], column: number, length: number): MarkedLine {
  const start = Math.min(column - 1, characters.length);
  const end = Math.min(start + length, characters.length);
  return {
    before: tail(characters.slice(0, start)),
    marked: head(characters.slice(start, end), MARKED),
    after: head(characters.slice(end), AFTER),
  };
}

/** Whether line `number` lies in a key that is written over several lines. `lineAt` gives the lines of its file. */
export function isInsideKey(number: number, lineAt: (number: number) => string | undefined): boolean {
  let indent = indentOf(lineAt(number) ?? '');
  for (let above = number - 1; above >= Math.max(1, number - MAX_KEY_LINES); above -= 1) {
    const line = lineAt(above) ?? '';
    if (line.trim() === '') continue;
    if (/-----END /.test(line)) return false;
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line)) return true;
    if (indentOf(line) >= indent) continue;
    indent = indentOf(line);
    if (KEY_HEADER.test(line)) return true;
  }
  return false;
}

/** Text for one line of a terminal. */
export function printable(text: string): string {
  return text.replaceAll('\t', TAB).replaceAll(UNPRINTABLE, '\ufffd');
}

export const HIDDEN_LINE: MarkedLine = { before: '', marked: REDACTED, after: '' };

function hiddenCharacters(line: string): ReadonlySet<number> {
  const hidden = new Set<number>();
  for (const match of SECRETS.flatMap((pattern) => [...line.matchAll(pattern)])) {
    const [, before = '', value = ''] = match;
    const from = countCharacters(line.slice(0, match.index + before.length));
    for (let index = from; index < from + countCharacters(value); index += 1) hidden.add(index);
  }
  return hidden;
}

function indentOf(line: string): number {
  return /^[ \t]*(?:-[ \t]+)*/.exec(line)?.[0].length ?? 0;
}

function tail(characters: readonly string[]): string {
  const kept = characters.slice(-BEFORE).join('');
  return printable(characters.length > BEFORE ? `…${kept}` : kept);
}

function head(characters: readonly string[], most: number): string {
  const kept = characters.slice(0, most).join('');
  return printable(characters.length > most ? `${kept}…` : kept);
}
