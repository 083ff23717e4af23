// What a rule says about a request: one of three values, and for all but allow the reason that is reported (M3, G9). Verdicts are made when
// policies are loaded; deciding makes none.
import type { AuthReason, UnknownReason } from '../reason.ts';

export type Verdict =
  | { readonly value: 'allow' }
  | {
      readonly value: 'deny' | 'unknown';
      readonly reason: AuthReason;
      /** How far the caller came: see FAR. */
      readonly far: number;
      /** For `scope.insufficient`: the scopes that the challenge names, joined by spaces. */
      readonly scope?: string;
      /** Whether the challenge is about a token. */
      readonly ofToken?: true;
    };

export type Refusal = Exclude<Verdict, { readonly value: 'allow' }>;

/** Steps of a caller, from nothing presented to nobody can tell (G9). */
export const FAR = { excluded: 0, missing: 1, invalid: 2, insufficient: 3, unknown: 4 } as const;

export const ALLOW: Verdict = { value: 'allow' };

const refusals = new Map<string, Refusal>();

/** The same reason and step give the same object. */
export function refusal(reason: AuthReason, far: keyof typeof FAR): Refusal {
  const key = `${far} ${reason}`;
  const known = refusals.get(key);
  if (known !== undefined) return known;
  const made: Refusal = { value: far === 'unknown' ? 'unknown' : 'deny', reason, far: FAR[far] };
  refusals.set(key, made);
  return made;
}

export function unknown(reason: UnknownReason): Refusal {
  return refusal(reason, 'unknown');
}

/** Any deny, else any unknown, else allow. Of several denials the one that came least far is told: who sent nothing is to send something. */
export function both(left: Verdict, right: Verdict): Verdict {
  if (left.value === 'allow') return right;
  if (right.value === 'allow') return left;
  if (left.value !== right.value) return left.value === 'deny' ? left : right;
  return right.far < left.far ? right : left;
}

/** Any allow, else any unknown, else deny; the furthest is told (G9), of equals the first. */
export function either(left: Verdict, right: Verdict): Verdict {
  if (left.value === 'allow') return left;
  if (right.value === 'allow') return right;
  if (left.value !== right.value) return left.value === 'unknown' ? left : right;
  return right.far > left.far ? right : left;
}

/** Swaps allow and deny; what is unknown stays so. */
export function inverse(verdict: Verdict, denied: Refusal): Verdict {
  if (verdict.value === 'allow') return denied;
  return verdict.value === 'deny' ? ALLOW : verdict;
}
