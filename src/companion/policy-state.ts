// The sum of all updates: what a worker that starts now must be given. Immutable; takes nothing back by itself.
import type { Secret } from '../lib/secret.ts';
import type { PolicyUpdate, RefusedResource } from './policy-update.ts';

export interface PolicyState {
  readonly policies: ReadonlyMap<string, Uint8Array>;
  readonly apiKeys: ReadonlyMap<string, Uint8Array>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly tables: ReadonlyMap<string, Uint8Array>;
}

export const EMPTY_STATE: PolicyState = { policies: new Map(), apiKeys: new Map(), secrets: new Map(), tables: new Map() };

/** What was refused leaves what was held under that name before. */
export function nextState(state: PolicyState, update: PolicyUpdate, refused: readonly RefusedResource[]): PolicyState {
  const isRefused = new Set(refused.map(({ name }) => name));
  const good = <Entry extends { readonly name: string }>(entries: readonly Entry[]): readonly Entry[] =>
    entries.filter(({ name }) => !isRefused.has(name));
  const bytesOf = (entries: PolicyUpdate['policies']): [string, Uint8Array][] => good(entries).map(({ name, bytes }) => [name, bytes]);
  return {
    policies: changed(state.policies, bytesOf(update.policies), update.removed),
    apiKeys: changed(state.apiKeys, bytesOf(update.apiKeys), update.removed),
    tables: changed(state.tables, bytesOf(update.tables ?? []), update.removed),
    secrets: changed(
      state.secrets,
      good(update.secrets).map(({ name, value }) => [name, value]),
      update.removed,
    ),
  };
}

/** The update that leads from nothing to the state. */
export function wholeUpdate({ policies, apiKeys, secrets, tables }: PolicyState): PolicyUpdate {
  return {
    policies: [...policies].map(([name, bytes]) => ({ name, bytes })),
    apiKeys: [...apiKeys].map(([name, bytes]) => ({ name, bytes })),
    secrets: [...secrets].map(([name, value]) => ({ name, value })),
    tables: [...tables].map(([name, bytes]) => ({ name, bytes })),
    removed: [],
  };
}

function changed<Value>(
  before: ReadonlyMap<string, Value>,
  added: readonly (readonly [string, Value])[],
  removed: readonly string[],
): ReadonlyMap<string, Value> {
  const after = new Map(before);
  for (const name of removed) after.delete(name);
  for (const [name, value] of added) after.set(name, value);
  return after;
}
