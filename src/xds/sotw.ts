// The state-of-the-world side of the protocol: what a list of names means (X38-X46). The list of each request is complete.
import { isCollection } from '../snapshot/resource-name.ts';
import { addNames, type NameSet, nameSet } from './name-map.ts';
import type { Interest, Subscription } from './subscription.ts';

export interface SotwNames {
  readonly variant: 'sotw';
  /** The full list. */
  readonly list: readonly string[];
  /** Instead of `list`, where many names are asked for that others have asked for before (P11). */
  readonly set?: NameSet;
}

export function sotwInterest(state: Subscription, { list: said, set }: SotwNames, client: { readonly isGrpc: boolean }): Interest {
  if (set !== undefined && set === state.names && state.wildcard === 'none') {
    const { wildcard, names, hasCollections, wasNamed, owed } = state;
    return { wildcard, names, hasCollections, wasNamed, owed };
  }
  const list = set === undefined ? said : [...set.keys()];
  const wasNamed = state.wasNamed || list.length > 0;
  const wildcard = wildcardOf(state, list, { isGrpc: client.isGrpc, wasNamed });
  const names = set !== undefined && state.names.size === 0 ? set : listedNames(state.names, list);
  const hasCollections = list.some(isCollection);
  if (names === state.names && wildcard === state.wildcard) return { wildcard, names, hasCollections, wasNamed, owed: state.owed };
  const kept = state.owed.edit((draft) => {
    for (const name of state.owed.keys()) if (wildcard === 'none' && !names.has(name)) draft.delete(name);
  });
  // A first list is owed as it is: sharing the set spares a second one.
  const owed = kept.size === 0 && state.names.size === 0 ? names : addNames(kept, added(state.names, names));
  return { wildcard, names, hasCollections, wasNamed, owed };
}

function wildcardOf(
  state: Subscription,
  list: readonly string[],
  client: { readonly isGrpc: boolean; readonly wasNamed: boolean },
): Subscription['wildcard'] {
  // Only the exact string counts; inside a name the star is a letter (X40).
  if (list.includes('*')) return 'explicit';
  return list.length === 0 && !client.wasNamed && state.type.hasLegacyWildcard && !client.isGrpc ? 'legacy' : 'none';
}

function listedNames(known: NameSet, list: readonly string[]): NameSet {
  const names = new Set(list);
  names.delete('*');
  if (names.size === known.size && [...names].every((name) => known.has(name))) return known;
  return nameSet(names);
}

function added(before: NameSet, after: NameSet): readonly string[] {
  return [...after.keys()].filter((name) => !before.has(name));
}
