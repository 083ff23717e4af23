// The pass over filter slots: what stands in the places that listeners keep for filters (D11). Sorted by name.
import type { Model } from '../model/types.ts';
import type { TypedExtensionConfig } from '../proto/generated/envoy/config/core/v3/TypedExtensionConfig.ts';
import { compareText } from './compare-text.ts';
import { emptySlot, FILTER_SLOTS } from './filters/slot.ts';
import { nameOfFilterSlot } from './names.ts';
import type { LocatedResource } from './source-map.ts';

/** The same objects for every gateway, so that they are encoded once. */
const EMPTY_SLOTS: readonly TypedExtensionConfig[] = [...FILTER_SLOTS]
  .map(emptySlot)
  .sort((a, b) => compareText(a.name ?? '', b.name ?? ''));

const RESOURCES: readonly LocatedResource[] = EMPTY_SLOTS.map((message) => ({
  resource: { kind: 'TypedExtensionConfig', name: message.name ?? '', message, path: [] },
}));

/** `filled`: by slot. Nothing for a gateway whose listeners have no places. */
export function compileFilterSlots({ listeners }: Model, filled: ReadonlyMap<string, LocatedResource>): readonly LocatedResource[] {
  if (!listeners.some(({ redirect }) => redirect === undefined)) return [];
  const byName = new Map([...filled].map(([slot, resource]) => [nameOfFilterSlot(slot), resource]));
  return filled.size === 0 ? RESOURCES : RESOURCES.map((empty) => byName.get(empty.resource.name) ?? empty);
}

/** A slot that does nothing but wait for a feature to fill it. */
export function isEmptySlot(message: TypedExtensionConfig): boolean {
  return EMPTY_SLOTS.includes(message);
}
