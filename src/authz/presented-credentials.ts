// The credentials that a request presents to a policy: one of a kind, taken from where the policy says (A1, A2, M6). Judges form alone.
import { type CheckScan, FIELD } from './check-scan.ts';
import type { CompiledPolicy } from './policy/compiled-policy.ts';
import type { CredentialKind, CredentialLocation, Taker } from './policy/credential-locations.ts';
import { type Refusal, refusal } from './policy/verdict.ts';

/** Bytes of one credential; those of a header lie in the request and are gone after the next scan. */
export interface Credential {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly location: CredentialLocation;
  /** Of those bytes, taken when it is first asked for (P4). */
  digest: string | undefined;
  readonly refusal?: undefined;
}

/** Something stands there that is no credential. */
interface Unfit {
  readonly refusal: Refusal;
}

export type Presented = Credential | Unfit;

const MULTIPLE: Unfit = { refusal: refusal('auth.multiple', 'invalid') };
const MALFORMED: Readonly<Record<CredentialKind, Unfit>> = {
  jwt: { refusal: refusal('jwt.malformed', 'invalid') },
  token: { refusal: refusal('jwt.malformed', 'invalid') },
  apiKey: { refusal: refusal('apiKey.invalid', 'invalid') },
};
const COOKIE = Buffer.from('cookie');
const COMMA = 0x2c;
const DOT = 0x2e;

export class PresentedCredentials {
  jwt: Presented | undefined;
  token: Presented | undefined;
  apiKey: Presented | undefined;
  /** All cookies as they came, where the policy reads any. */
  cookies: string | undefined;

  constructor(scan: CheckScan, policy: CompiledPolicy) {
    for (const location of policy.locations) {
      if (location.at === 'header') this.#header(scan, location);
      else if (location.at === 'cookie') this.#cookie(scan, location);
      else this.#query(scan, location);
    }
  }

  #header(scan: CheckScan, location: CredentialLocation): void {
    for (let header = scan.header(location.nameBytes, -1); header >= 0; header = scan.header(location.nameBytes, header)) {
      this.#take(location, scan.bytes, { start: scan.valueStart(header), end: scan.valueEnd(header) });
    }
  }

  #cookie(scan: CheckScan, location: CredentialLocation): void {
    this.cookies ??= cookiesOf(scan);
    for (const { name, value } of cookiePairs(this.cookies)) if (name === location.name) this.#text(location, value);
  }

  #query(scan: CheckScan, location: CredentialLocation): void {
    const path = scan.text(FIELD.path);
    const question = path.indexOf('?');
    if (question < 0) return;
    for (const pair of path.slice(question + 1).split('&')) {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      if (name === location.name) this.#text(location, equals < 0 ? '' : pair.slice(equals + 1));
      // Spelt with escapes, a backend would read it although the proxy does not remove it.
      else if (name.includes('%') && unescaped(name) === location.name) this.#put(kindOf(location), MALFORMED[kindOf(location)]);
    }
  }

  #text(location: CredentialLocation, text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#take(location, bytes, { start: 0, end: bytes.length });
  }

  #take(location: CredentialLocation, bytes: Buffer, { start, end }: Span): void {
    const taker = takerOf(location.takers, bytes, { start, end });
    if (taker !== undefined) {
      this.#put(taker.kind, { bytes, start: start + taker.prefix.length, end, location, digest: undefined });
      return;
    }
    const isJoined = bytes.subarray(start, end).includes(COMMA);
    this.#put(kindOf(location), isJoined ? MULTIPLE : MALFORMED[kindOf(location)]);
  }

  #put(kind: CredentialKind, presented: Presented): void {
    this[kind] = this[kind] === undefined ? presented : MULTIPLE;
  }
}

function kindOf(location: CredentialLocation): CredentialKind {
  return location.takers[0]?.kind ?? 'jwt';
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Of those whose prefix fits, the one with the longest; of equal ones, the text's form decides: three segments are a JWT (M6). */
function takerOf(takers: readonly Taker[], bytes: Buffer, span: Span): Taker | undefined {
  const fitting = takers.filter(({ prefix, lowerPrefix }) => begins(bytes, span, prefix) || begins(bytes, span, lowerPrefix));
  if (fitting.length < 2) return fitting[0];
  const longest = Math.max(...fitting.map(({ prefix }) => prefix.length));
  const best = fitting.filter(({ prefix }) => prefix.length === longest);
  const isJwt = isThreeSegments(bytes, span);
  return best.find(({ kind }) => (kind === 'jwt') === isJwt) ?? best[0];
}

function isThreeSegments(bytes: Buffer, { start, end }: Span): boolean {
  let dots = 0;
  for (let at = start; at < end; at++) if (bytes[at] === DOT) dots++;
  return dots === 2;
}

function begins(bytes: Buffer, { start, end }: Span, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let index = 0; index < prefix.length; index++) if (bytes[start + index] !== prefix[index]) return false;
  return true;
}

function cookiesOf(scan: CheckScan): string {
  const values: string[] = [];
  for (let header = scan.header(COOKIE, -1); header >= 0; header = scan.header(COOKIE, header)) values.push(scan.value(header));
  return values.join('; ');
}

function cookiePairs(cookies: string): readonly { readonly name: string; readonly value: string; readonly text: string }[] {
  return cookies.split(';').map((pair) => {
    const text = pair.trim();
    const equals = text.indexOf('=');
    return { name: equals < 0 ? '' : text.slice(0, equals).trim(), value: text.slice(equals + 1).trim(), text };
  });
}

/** The header without the pairs of that name (H8); pairs that are not plain ASCII go too: no stamp could hold them as they came. */
export function cookiesWithout(cookies: string, removed: ReadonlySet<string>): string {
  const kept = cookiePairs(cookies).filter(({ name, text }) => !removed.has(name) && /^[\x20-\x7e]+$/.test(text));
  return kept.map(({ text }) => text).join('; ');
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
