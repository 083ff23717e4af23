// A claim as the text of an identity header (H7): exactly what the issuer said, or not at all. A cut or re-encoded id is another identity.
import { claimAt } from './policy/claim-at.ts';
import type { ClaimPath, Claims, ForwardedClaim } from './policy/settings.ts';

export interface ForwardedFacts {
  readonly claims: Claims;
  readonly scopeClaim: ClaimPath;
  readonly forward: readonly ForwardedClaim[];
  /** Headers whose text is known. */
  readonly stamps?: ReadonlyMap<string, string>;
}

/** Header → text; `undefined`: one of the claims cannot be told. */
export type Stamps = ReadonlyMap<string, string> | undefined;

const MOST_BYTES = 1000;
const MOST_TOGETHER = 4096;

/** Absent claims and empty lists have no header. */
export function stampsOf({ claims, scopeClaim, forward, stamps: known }: ForwardedFacts): Stamps {
  const stamps = new Map(known);
  for (const { header, claim } of forward) {
    const value = claimAt(claims, claim);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const text = forwardedText(value, samePath(claim, scopeClaim) ? ' ' : ',');
    if (text === undefined) return undefined;
    stamps.set(header, text);
  }
  let together = 0;
  for (const [header, text] of stamps) {
    if (!isTellable(text)) return undefined;
    together += header.length + text.length;
  }
  return together <= MOST_TOGETHER ? stamps : undefined;
}

/** A string, integer, boolean, or a list of strings joined by `separator`, which none of them holds; undefined for all else. */
export function forwardedText(value: unknown, separator: ' ' | ','): string | undefined {
  if (typeof value === 'string') return isTellable(value) ? value : undefined;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (!Array.isArray(value)) return undefined;
  const isPlain = value.every((item) => typeof item === 'string' && item !== '' && !item.includes(separator) && isTellable(item));
  const text = isPlain ? value.join(separator) : '';
  return isTellable(text) ? text : undefined;
}

function isTellable(text: string): boolean {
  return text.length > 0 && text.length <= MOST_BYTES && /^[!-~](?:[ -~]*[!-~])?$/.test(text);
}

function samePath(left: ClaimPath, right: ClaimPath): boolean {
  return left.length === right.length && left.every((step, index) => step === right[index]);
}
