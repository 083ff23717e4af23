// The name under which the keys of one provider are known: equal sources of keys, equal name.
import { createHash } from 'node:crypto';
import type { KeyOwner } from './key-source.ts';

const ids = new WeakMap<KeyOwner, string>();

/** Of what decides the keys: issuer, algorithms and where they come from; audiences do not, nor how often and how patiently they are fetched. */
export function keySetId(owner: KeyOwner): string {
  const known = ids.get(owner);
  if (known !== undefined) return known;
  const facts = JSON.stringify([owner.issuer, [...owner.algorithms].sort(), sourceOf(owner.keys)]);
  const id = createHash('sha256').update(facts).digest('hex').slice(0, 32);
  ids.set(owner, id);
  return id;
}

function sourceOf(keys: KeyOwner['keys']): readonly (string | boolean | undefined)[] {
  switch (keys.kind) {
    case 'remote':
      return [keys.kind, keys.url, keys.discovery, keys.ca];
    case 'inline':
      return [keys.kind, keys.jwks];
    case 'secret':
      return [keys.kind, keys.secretName];
    default:
      return keys satisfies never;
  }
}
