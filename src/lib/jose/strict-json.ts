// JSON that means the same to every reader (authz A5): UTF-8 without a mark, no half characters, no member twice, bounded in depth and members.
// Never throws.

export interface JsonLimits {
  /** How deep objects and lists may nest; the outermost counts as 1. */
  readonly depth: number;
  /** Members of all objects together. */
  readonly members: number;
}

/** An object without prototype, as are all objects in it (M7). */
export type JsonObject = Readonly<Record<string, unknown>>;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The one object that the bytes hold; undefined for anything else. */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): JsonObject | undefined {
  try {
    const text = UTF8.decode(bytes);
    if (!isUnambiguous(text, limits)) return undefined;
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || (MAYBE_HALF.test(text) && !isWellFormed(value))) return undefined;
    return withoutPrototype(value);
  } catch {
    return undefined;
  }
}

/** Bytes that are UTF-8 hold no half of a surrogate pair, but escapes can. Readers differ on them: Envoy's refuses. */
const HALF = /\p{Surrogate}/u;
const MAYBE_HALF = /\\u[dD][89a-fA-F]/;

/** Of all texts and names in it. Depth is bounded by then. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return !HALF.test(value);
  if (Array.isArray(value)) return value.every(isWellFormed);
  return !isObject(value) || Object.entries(value).flat().every(isWellFormed);
}

/** True for an object of `parseStrictJson` or of `JSON.parse`, not for lists. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * One pass without recursion over text that may not be JSON at all. For JSON it finds every member; of what is not JSON it may think
 * anything, since `JSON.parse` refuses it afterwards.
 */
function isUnambiguous(text: string, { depth, members }: JsonLimits): boolean {
  // Of each open object the names so far; undefined for a list.
  const open: (Set<string> | undefined)[] = [];
  let found = 0;
  let atName = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end === -1) return false;
      if (atName && !isNewName(text.slice(at, end + 1), open.at(-1))) return false;
      if (atName) found += 1;
      if (found > members) return false;
      atName = false;
      at = end;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (open.length >= depth) return false;
      open.push(code === OPEN_OBJECT ? new Set() : undefined);
      atName = code === OPEN_OBJECT;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      open.pop();
      atName = false;
    } else if (code === COMMA) {
      atName = open.at(-1) !== undefined;
    }
  }
  return true;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** Where the string that begins at `start` has its closing quote; -1 where it has none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return -1;
}

function isNewName(literal: string, names: Set<string> | undefined): boolean {
  // Two spellings of one name are one name.
  const name: unknown = literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1);
  if (names === undefined || typeof name !== 'string' || names.has(name)) return false;
  names.add(name);
  return true;
}

/**
 * Of what `JSON.parse` made, so a member `__proto__` is one of its own by then. In place: a copy into an object that never had a prototype takes
 * longer than all the rest. Depth is bounded by then.
 */
function withoutPrototype(value: JsonObject): JsonObject {
  Object.setPrototypeOf(value, null);
  for (const name in value) strip(value[name]);
  return value;
}

function strip(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) strip(item);
  else if (isObject(value)) withoutPrototype(value);
}
