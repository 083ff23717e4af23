// Cuts the text of a file, by its indentation alone, into the entries of its sections, so that each can be parsed on its own and only once (P2).
// It cuts only what cannot be read otherwise: a section that is laid out in another way stays whole, a file that is comes back uncut.

export type SectionKind = 'map' | 'list';

export interface Span {
  /** Offset of the first line's start. */
  readonly start: number;
  /** Offset behind the last line. */
  readonly end: number;
}

export interface CutSection {
  readonly key: string;
  /** Offset of the key. */
  readonly start: number;
  readonly end: number;
  /** Where absent, the section is parsed as a whole, key included. */
  readonly entries?: readonly Span[];
}

const TOP_KEY = /[A-Za-z_][A-Za-z0-9_-]*:(?=[ \t\r\n]|$)/y;
const ENTRY_KEY = /[A-Za-z0-9_][A-Za-z0-9_.-]*:(?=[ \t\r\n]|$)/y;
/** Nothing but a comment after the key: the section's value begins on a line of its own. */
const BARE_HEADER = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;
const START_MARKER = /---[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const HASH = 0x23;
const DASH = 0x2d;

/** `kinds` says which sections have entries. Undefined: this text must be parsed whole. */
export function cutText(text: string, kinds: ReadonlyMap<string, SectionKind>): readonly CutSection[] | undefined {
  if (text.includes('\r') && /\r(?!\n)/.test(text)) return undefined;
  const cutter = new Cutter(text, kinds);
  return takeLines(cutter, text, { start: 0, end: text.length }) ? cutter.finish() : undefined;
}

/**
 * The entries in `span`, which begins with an entry of `section` and ends before another, before a section or with the text, after a change inside
 * it. Undefined: the change reaches further than the span, and the text must be cut anew.
 */
export function cutEntries(
  text: string,
  span: Span,
  section: { readonly key: string; readonly kind: SectionKind },
): readonly Span[] | undefined {
  const piece = text.slice(span.start, span.end);
  if (piece.includes('\r') && /\r(?!\n)/.test(piece)) return undefined;
  const cutter = new Cutter(text, new Map());
  cutter.resume(section.key, section.kind);
  if (!takeLines(cutter, text, span)) return undefined;
  const [found, ...others] = cutter.finish(span.end);
  return others.length === 0 && found?.entries?.[0]?.start === span.start ? found.entries : undefined;
}

function takeLines(cutter: Cutter, text: string, span: Span): boolean {
  let { start } = span;
  while (start < span.end) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    if (!cutter.line(start, end)) return false;
    start = end;
  }
  return true;
}

interface OpenSection {
  readonly key: string;
  readonly start: number;
  readonly kind: SectionKind | undefined;
  /** Column of the entries, -1 until the first was seen. */
  indent: number;
  readonly starts: number[];
  isOdd: boolean;
}

class Cutter {
  readonly #text: string;
  readonly #kinds: ReadonlyMap<string, SectionKind>;
  readonly #done: CutSection[] = [];
  #open: OpenSection | undefined;
  /** The marker `---` was seen. */
  #isStarted = false;

  constructor(text: string, kinds: ReadonlyMap<string, SectionKind>) {
    this.#text = text;
    this.#kinds = kinds;
  }

  /** Goes on inside a section whose first entry comes next. */
  resume(key: string, kind: SectionKind): void {
    this.#open = { key, start: 0, kind, indent: -1, starts: [], isOdd: false };
  }

  /** Takes the next line; false: the text cannot be cut. */
  line(start: number, end: number): boolean {
    const text = this.#text;
    let at = start;
    while (at < end && text.charCodeAt(at) === SPACE) at += 1;
    const code = at < end ? text.charCodeAt(at) : NEWLINE;
    if (code === NEWLINE || code === HASH) return true;
    if (code === RETURN) return text.charCodeAt(at + 1) === NEWLINE;
    if (code === TAB) return false;
    return at === start ? this.#topLine(start, end) : this.#innerLine(at, at - start);
  }

  finish(end = this.#text.length): readonly CutSection[] {
    this.#close(end);
    return this.#done;
  }

  #topLine(start: number, end: number): boolean {
    const open = this.#open;
    const isItem = this.#isDash(start);
    if (isItem && open?.kind === 'list' && open.indent <= 0) {
      open.indent = 0;
      open.starts.push(start);
      return true;
    }
    TOP_KEY.lastIndex = start;
    const key = TOP_KEY.exec(this.#text)?.[0].slice(0, -1);
    if (key !== undefined) {
      this.#close(start);
      this.#begin(key, start);
      return true;
    }
    START_MARKER.lastIndex = start;
    const mayStart = open === undefined && this.#done.length === 0 && !this.#isStarted;
    if (mayStart && START_MARKER.test(this.#text) && START_MARKER.lastIndex === end) {
      this.#isStarted = true;
      return true;
    }
    return open !== undefined && this.#closesBracket(start);
  }

  #begin(key: string, start: number): void {
    BARE_HEADER.lastIndex = start + key.length + 1;
    const kind = BARE_HEADER.test(this.#text) ? this.#kinds.get(key) : undefined;
    this.#open = { key, start, kind, indent: -1, starts: [], isOdd: false };
  }

  #innerLine(at: number, indent: number): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    if (open.kind === undefined || open.isOdd) return true;
    if (open.indent === -1) open.indent = indent;
    if (indent > open.indent) return true;
    const begins = indent === open.indent && (open.kind === 'list' ? this.#isDash(at) : this.#isEntryKey(at));
    if (begins) open.starts.push(at - indent);
    else if (indent < open.indent || !this.#closesBracket(at)) open.isOdd = true;
    return true;
  }

  #isDash(at: number): boolean {
    if (this.#text.charCodeAt(at) !== DASH) return false;
    const next = this.#text.charCodeAt(at + 1);
    return Number.isNaN(next) || next === SPACE || next === TAB || next === NEWLINE || next === RETURN;
  }

  #isEntryKey(at: number): boolean {
    ENTRY_KEY.lastIndex = at;
    return ENTRY_KEY.test(this.#text);
  }

  /** A bracket that closes a list or map begun above: part of the entry above. */
  #closesBracket(at: number): boolean {
    const char = this.#text.charAt(at);
    return char === ']' || char === '}';
  }

  #close(end: number): void {
    const open = this.#open;
    if (open === undefined) return;
    const { key, start, starts } = open;
    const isCut = !open.isOdd && starts.length > 0;
    const entries = starts.map((from, index) => ({ start: from, end: starts[index + 1] ?? end }));
    this.#done.push(isCut ? { key, start, end, entries } : { key, start, end });
    this.#open = undefined;
  }
}
