// Why names that a client asked for are not there (X52, xRFC TP3): told once per name, beside the resources that are.
import { isCollection } from '../snapshot/resource-name.ts';
import type { TypeView } from '../snapshot/types.ts';
import type { ResourceError, Subscription } from './subscription.ts';

/** google.rpc.Code */
const NOT_FOUND = 5;
const CODES = { PERMISSION_DENIED: 7, UNAVAILABLE: 14 } as const;

/** Of the absent names those that the client said itself; a wildcard or a collection misses nothing. */
export function resourceErrors({ names, type }: Subscription, absent: readonly string[], view: TypeView): readonly ResourceError[] {
  if (absent.length === 0 || names.size === 0) return [];
  return absent
    .filter((name) => names.has(name) && !isCollection(name))
    .map((name) => {
      const withheld = view.withheld?.get(name);
      if (withheld === undefined) return { name, code: NOT_FOUND, message: `there is no ${type.label} ${name}` };
      return { name, code: CODES[withheld.reason], message: withheld.message };
    });
}
