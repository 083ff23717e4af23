// Whether a path may be served at all behind a policy (C3): what proxies and backends read differently is refused, as the proxy's own test does.

export interface PathAllowance {
  readonly escapedSlashes: boolean;
  readonly parameters: boolean;
}

const SLASH = 0x2f;
const PERCENT = 0x25;
const SEMICOLON = 0x3b;
const BACKSLASH = 0x5c;
const QUESTION = 0x3f;
const HASH = 0x23;

/** Of the path up to its query, undecoded, as bytes from `start` to `end`. */
export function isPlainPath(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  allowed: PathAllowance,
): boolean {
  if (start >= end || bytes[start] !== SLASH) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUESTION) return true;
    if (byte === BACKSLASH || byte === HASH || byte === 0) return false;
    if (byte === SEMICOLON && !allowed.parameters) return false;
    if (byte === PERCENT && !isPlainEscape(bytes[at + 1] ?? 0, (bytes[at + 2] ?? 0) | 0x20, allowed)) return false;
  }
  return true;
}

/** `second` in lower case. */
function isPlainEscape(first: number, second: number, allowed: PathAllowance): boolean {
  const pair = String.fromCharCode(first, second);
  if (pair === '00') return false;
  if (pair === '2f' || pair === '5c') return allowed.escapedSlashes;
  return pair !== '3b' || allowed.parameters;
}
