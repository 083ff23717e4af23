// Under which name decisions of a reference rule are counted (R324): keys with configured values, and runtime values only where a flag asks
// for them. Pure.
import type { ReferenceEntry, ReferenceStep } from './reference-tree.ts';

/** Of a rule that was found by these steps. */
export function metricPath(domain: string, steps: readonly ReferenceStep[]): string {
  const isDetailed = steps.at(-1)?.descriptor.detailedMetric === true;
  const isShared = steps.some((step) => sharedValue(step) !== undefined);
  return [domain, ...steps.map((step) => (isDetailed ? detailed(step, isShared) : plain(step)))].join('.');
}

/** Of a limit that the request brought itself: configured values do not exist, and runtime values are no labels (R326). */
export function overridePath(domain: string, entries: readonly ReferenceEntry[]): string {
  return [domain, ...entries.map(({ key }) => key)].join('.');
}

/** What stands for the value in the counter's key (R323). */
export function sharedValue({ descriptor, by }: ReferenceStep): string | undefined {
  return by === 'pattern' && descriptor.shareThreshold ? configuredValue(descriptor) : undefined;
}

function detailed(step: ReferenceStep, isShared: boolean): string {
  const { key, value } = step.entry;
  const shown = sharedValue(step) ?? value;
  return isShared && shown === '' ? key : `${key}_${shown}`;
}

function plain(step: ReferenceStep): string {
  const { entry, descriptor, by } = step;
  const shown = sharedValue(step) ?? (descriptor.valueToMetric || by === 'value' ? entry.value : configuredValue(descriptor));
  if (by === 'bareKey' && !descriptor.valueToMetric) return entry.key;
  return shown === '' ? entry.key : `${entry.key}_${shown}`;
}

/** Of a pattern in the key, all of it: the reference shows no less. */
function configuredValue({ key, value }: { readonly key: string; readonly value?: string }): string {
  if (!key.includes('*')) return value ?? '';
  return value === undefined ? key : `${key}_${value}`;
}
