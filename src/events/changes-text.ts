// What a change touched, in a few words. Pure.
import type { ModelChanges } from '../build/model-changes.ts';

const NAMES_SHOWN = 3;

/** `changed route hello, added service a, b and 3 more`; `changed details only` where only things without names changed. */
export function changesText({ added, changed, removed }: ModelChanges): string {
  const parts = [
    ['changed', changed],
    ['added', added],
    ['removed', removed],
  ] as const;
  const texts = parts.filter(([, names]) => names.length > 0).map(([verb, names]) => `${verb} ${namesText(names)}`);
  return texts.length === 0 ? 'changed details only' : texts.join(', ');
}

/** The first three names, and how many more there are. */
export function namesText(names: readonly string[]): string {
  const rest = names.length - NAMES_SHOWN;
  return rest > 0 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${rest} more` : names.join(', ');
}
