// The name under which the keys of one provider are known: equal settings, equal name.
import { createHash } from 'node:crypto';
import type { KeyOwner } from './key-source.ts';

const ids = new WeakMap<KeyOwner, string>();

/** Of what decides the keys: issuer, algorithms and where they come from; audiences and the like do not. */
export function keySetId(owner: KeyOwner): string {
  const known = ids.get(owner);
  if (known !== undefined) return known;
  const facts = JSON.stringify([
    owner.issuer,
    [...owner.algorithms].sort(),
    Object.entries(owner.keys).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  const id = createHash('sha256').update(facts).digest('hex').slice(0, 32);
  ids.set(owner, id);
  return id;
}
