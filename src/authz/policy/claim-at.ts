// The claim at the end of a path: own properties only, never a list's index, never what a prototype holds (M7).
import type { ClaimPath, Claims } from './settings.ts';

/** Undefined where any step is absent or no object. */
export function claimAt(claims: Claims, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
