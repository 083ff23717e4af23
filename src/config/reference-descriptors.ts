// One level of `descriptors` in a file of the reference service (ratelimit R320): every mistake that its reader refuses, with its place.
import type { ConfigPath, SourcePosition } from '../lib/issue.ts';
import { nearest } from '../lib/nearest.ts';
import { REFERENCE_UNITS, type ReferenceDescriptor, type ReferenceLimit, type ReferenceUnit } from './reference-limits.ts';
import type { NodeReader, PlainMap } from './reference-node-reader.ts';

const DESCRIPTOR_KEYS = [
  'key',
  'value',
  'rate_limit',
  'descriptors',
  'shadow_mode',
  'quota_mode',
  'detailed_metric',
  'value_to_metric',
  'share_threshold',
  'metadata',
] as const;
const LIMIT_KEYS = ['unit', 'requests_per_unit', 'unlimited', 'name', 'replaces'] as const;
const REPLACES_KEYS = ['name'] as const;
/** The reference checks keys against one list, whatever their place. */
export const ALL_KEYS: readonly string[] = ['domain', ...DESCRIPTOR_KEYS, ...LIMIT_KEYS];

/** Where the siblings of a level were first written, by key and value: those of other files that are merged, too. */
export type Siblings = Map<string, SourcePosition>;

/** Where a descriptor stands: a key below it, such as `rate_limit`, `replaces`; without any, its own key. */
export type DescriptorPlaces = Map<ReferenceDescriptor, (...steps: readonly string[]) => SourcePosition>;

export interface DescriptorFile {
  /** As it is shown to people. */
  readonly name: string;
  /** Each descriptor is added. */
  readonly places: DescriptorPlaces;
}

export class DescriptorReader {
  readonly #reader: NodeReader;
  readonly #file: DescriptorFile;

  constructor(reader: NodeReader, file: DescriptorFile) {
    this.#reader = reader;
    this.#file = file;
  }

  read(value: PlainMap[string] | undefined, path: ConfigPath, siblings: Siblings): readonly ReferenceDescriptor[] {
    return this.#reader.maps(value, path).flatMap(({ map, path: place }) => this.#descriptor(map, place, siblings) ?? []);
  }

  #descriptor(map: PlainMap, path: ConfigPath, siblings: Siblings): ReferenceDescriptor | undefined {
    const reader = this.#reader;
    reader.checkKeys(map, path, { known: DESCRIPTOR_KEYS, elsewhere: ALL_KEYS });
    const key = reader.text(map.key, [...path, 'key']);
    const value = reader.text(map.value, [...path, 'value']);
    if (key === '') this.#emptyKey(map, path);
    else this.#checkSibling({ key, value, path }, siblings);
    const isShared = reader.flag(map.share_threshold, [...path, 'share_threshold']);
    this.#checkStars({ key, value, path }, isShared);
    const limit = this.#limit(map, path);
    const metadata = reader.map(map.metadata, [...path, 'metadata']);
    const descriptor: ReferenceDescriptor = {
      key,
      ...(value === '' ? {} : { value }),
      ...(limit === undefined ? {} : { limit }),
      descriptors: this.read(map.descriptors, [...path, 'descriptors'], new Map()),
      shadowMode: reader.flag(map.shadow_mode, [...path, 'shadow_mode']),
      quotaMode: reader.flag(map.quota_mode, [...path, 'quota_mode']),
      detailedMetric: reader.flag(map.detailed_metric, [...path, 'detailed_metric']),
      valueToMetric: reader.flag(map.value_to_metric, [...path, 'value_to_metric']),
      shareThreshold: isShared,
      ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
      source: `${this.#file.name}:${reader.position([...path, 'key'], 'key').line}`,
    };
    this.#file.places.set(descriptor, (...steps) =>
      steps.length === 0 ? reader.position([...path, 'key']) : reader.position([...path, ...steps], 'key'),
    );
    return descriptor;
  }

  #emptyKey(map: PlainMap, path: ConfigPath): void {
    const help = 'give each descriptor the key of a descriptor entry that Envoy sends';
    if (Object.hasOwn(map, 'key'))
      this.#reader.report([...path, 'key'], { code: 'CH1104', message: 'the key of a descriptor is empty', at: 'key', help });
    else this.#reader.report(path, { code: 'CH1103', message: 'a descriptor has no key', help });
  }

  #checkSibling({ key, value, path }: Named, siblings: Siblings): void {
    const identity = JSON.stringify([key, value]);
    const first = siblings.get(identity);
    if (first === undefined) {
      siblings.set(identity, this.#reader.position([...path, 'key']));
      return;
    }
    const shown = value === '' ? `"${key}" without a value` : `"${key}" with the value "${value}"`;
    const related = { message: 'first here', position: first };
    this.#reader.report([...path, 'key'], {
      code: 'CH1006',
      message: `the descriptor ${shown} is there twice`,
      label: 'here again',
      related,
    });
  }

  #checkStars({ key, value, path }: Named, isShared: boolean): void {
    if (key.includes('*')) {
      const help = 'write the key in full and the pattern in value';
      const message = 'a pattern stands in a key; it is compared with key and value joined by "_"';
      this.#reader.report([...path, 'key'], { code: 'CH1201', severity: 'warning', message, help });
    }
    if (!isShared || key.includes('*') || value.includes('*')) return;
    const message = 'share_threshold needs a value with *';
    this.#reader.report([...path, 'share_threshold'], {
      code: 'CH1105',
      message,
      at: 'key',
      help: 'leave it out: one value has one counter',
    });
  }

  #limit(map: PlainMap, above: ConfigPath): ReferenceLimit | undefined {
    const reader = this.#reader;
    const path = [...above, 'rate_limit'];
    const limit = reader.map(map.rate_limit, path);
    if (limit === undefined) return undefined;
    reader.checkKeys(limit, path, { known: LIMIT_KEYS, elsewhere: ALL_KEYS });
    const name = reader.text(limit.name, [...path, 'name']);
    const replaces = this.#replaces(limit, path, name);
    const isUnlimited = reader.flag(limit.unlimited, [...path, 'unlimited']);
    const requestsPerUnit = reader.uint32(limit.requests_per_unit, [...path, 'requests_per_unit']);
    const unit = this.#unit(limit, path, isUnlimited);
    return { name, replaces, ...(isUnlimited || unit === undefined ? {} : { rate: { unit, requestsPerUnit } }) };
  }

  #unit(limit: PlainMap, path: ConfigPath, isUnlimited: boolean): ReferenceUnit | undefined {
    const reader = this.#reader;
    const text = reader.text(limit.unit, [...path, 'unit']);
    const unit = REFERENCE_UNITS.find((each) => each === text.toLowerCase());
    if (isUnlimited) {
      if (unit !== undefined)
        reader.report([...path, 'unit'], { code: 'CH1105', message: 'unit does not go with unlimited', help: 'leave one of them out' });
      return undefined;
    }
    if (unit !== undefined) return unit;
    const meant = nearest(text, REFERENCE_UNITS);
    const help = text !== '' && meant !== undefined ? `did you mean "${meant}"?` : `units are ${REFERENCE_UNITS.join(', ')}, in any case`;
    if (text === '') reader.report(path, { code: 'CH1103', message: 'rate_limit has no unit', help });
    else reader.report([...path, 'unit'], { code: 'CH1106', message: `"${text}" is no unit`, help });
    return undefined;
  }

  #replaces(limit: PlainMap, above: ConfigPath, own: string): readonly string[] {
    const reader = this.#reader;
    return reader.maps(limit.replaces, [...above, 'replaces']).map(({ map, path }) => {
      reader.checkKeys(map, path, { known: REPLACES_KEYS, elsewhere: ALL_KEYS });
      const name = reader.text(map.name, [...path, 'name']);
      if (name === '')
        reader.report(path, { code: 'CH1103', message: 'an item of replaces has no name', help: 'name the limit that is replaced' });
      else if (name === own)
        reader.report([...path, 'name'], { code: 'CH1105', message: `the limit "${own}" replaces itself`, help: 'name another limit' });
      return name;
    });
  }
}

interface Named {
  readonly key: string;
  readonly value: string;
  readonly path: ConfigPath;
}
