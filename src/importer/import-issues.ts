// What an import cannot keep, at its place (CH1203 to CH1206): nothing is left out silently.
import type { FileIssueCode } from '../config/issue-codes.ts';
import type { ReferenceDescriptor } from '../config/reference-limits.ts';
import type { Issue, SourcePosition } from '../lib/issue.ts';
import type { GroupLimit, GroupLoss } from './group-limits.ts';
import { CONSTANT, type KeyMeaning, mappingHint } from './key-meanings.ts';

/** Of a key below a descriptor, such as `rate_limit`, `replaces`; without any, of its key. */
export type PlaceOf = (descriptor: ReferenceDescriptor, ...steps: readonly string[]) => SourcePosition;

type ImportCode = Extract<FileIssueCode, `CH120${number}`>;

interface Told {
  readonly code: ImportCode;
  readonly message: string;
  readonly help: string;
  readonly related?: { readonly message: string; readonly position: SourcePosition };
}

const UNKNOWN_STARS = 'write the key in full and the pattern in value';

export class ImportIssues {
  readonly all: Issue[] = [];
  readonly #place: PlaceOf;

  constructor(place: PlaceOf) {
    this.#place = place;
  }

  unknownKey(descriptor: ReferenceDescriptor): void {
    const { key } = descriptor;
    const help = key.includes('*')
      ? UNKNOWN_STARS
      : `say it: ${mappingHint(key)}, or --map ${key}=${CONSTANT} where Envoy writes it itself`;
    const message = key.includes('*') ? `the key "${key}" is a pattern` : `it is not known what "${key}" is in requests`;
    this.#tell(this.#place(descriptor), { code: 'CH1203', message, help });
  }

  twoKeys(descriptor: ReferenceDescriptor, part: string): void {
    const help = 'say by --map what the other one is';
    this.#tell(this.#place(descriptor), { code: 'CH1203', message: `two keys of this descriptor are ${part}`, help });
  }

  guessed(descriptor: ReferenceDescriptor, meaning: KeyMeaning): void {
    const { key } = descriptor;
    const part = meaning.kind === 'part' ? meaning.part : CONSTANT;
    const query = part === 'path' ? ', here without the query' : '';
    const help = `--map ${key}=${part} says that it is, and --map ${key}=header.NAME something else`;
    this.#tell(this.#place(descriptor), { code: 'CH1205', message: `"${key}" is taken for ${part}${query}`, help });
  }

  otherConstants(descriptor: ReferenceDescriptor): void {
    const message = `constants of "${descriptor.key}" that are not listed are counted by route: two routes with one constant no longer share a counter`;
    this.#tell(this.#place(descriptor), { code: 'CH1205', message, help: 'list such constants in the files before the import' });
  }

  /** What has no influence on answers. */
  notCarried(descriptor: ReferenceDescriptor): void {
    if (descriptor.metadata !== undefined) {
      const help = 'read what fired from the metadata of denials: limit, reason';
      this.#tell(this.#place(descriptor, 'metadata'), {
        code: 'CH1204',
        message: 'metadata of this descriptor is not told any more',
        help,
      });
    }
    for (const [isSet, key] of [
      [descriptor.detailedMetric, 'detailed_metric'],
      [descriptor.valueToMetric, 'value_to_metric'],
    ] as const) {
      const help = 'chancery limits hot NAME tells the values that are asked most, as hashes';
      if (isSet)
        this.#tell(this.#place(descriptor, key), {
          code: 'CH1204',
          message: `metrics of limits hold no values: ${key} has no effect`,
          help,
        });
    }
  }

  replacesNothing(descriptor: ReferenceDescriptor, name: string): void {
    const help = 'remove it, or mend the name';
    this.#tell(this.#place(descriptor, 'rate_limit', 'replaces'), {
      code: 'CH1204',
      message: `no limit here is named "${name}": replacing it has no effect`,
      help,
    });
  }

  replacesMore(descriptor: ReferenceDescriptor, replaced: GroupLimit): void {
    const other = replaced.rules[0]?.limited;
    this.#tell(this.#place(descriptor, 'rate_limit', 'replaces'), {
      code: 'CH1205',
      message: `where both are asked "${replaced.replacedAs}" is dropped for all requests, not only for those that meet this descriptor`,
      help: 'name the two together only in routes whose requests all meet it',
      ...(other === undefined ? {} : { related: { message: 'what is replaced is here', position: this.#place(other) } }),
    });
  }

  replacesSibling(descriptor: ReferenceDescriptor, name: string): void {
    const message = `it no longer replaces "${name}", which is of the same keys`;
    this.#tell(this.#place(descriptor, 'rate_limit', 'replaces'), {
      code: 'CH1205',
      message,
      help: 'one descriptor never meets both; remove it',
    });
  }

  quota(descriptor: ReferenceDescriptor): void {
    const message = 'limits of quota_mode deny when all of them are over, which cannot be said: imported in shadow mode, it never denies';
    this.#tell(this.#place(descriptor, 'quota_mode'), {
      code: 'CH1205',
      message,
      help: 'write mode: enforce where the limit is to deny alone',
    });
  }

  loss({ kind, descriptor, other }: GroupLoss): void {
    const related = other === undefined ? {} : { related: { message: 'the other one is here', position: this.#place(other) } };
    const place = this.#place(descriptor);
    switch (kind) {
      case 'hidden':
        return this.#tell(place, {
          code: 'CH1206',
          message: 'no request reaches this descriptor: another fits all that it fits',
          help: 'remove it, or write it before the other',
          ...related,
        });
      case 'unsent':
        return this.#tell(place, { code: 'CH1206', message: 'no request holds control characters, as this value does', help: 'remove it' });
      case 'order':
        return this.#tell(place, {
          code: 'CH1205',
          message: 'requests that fit this and another descriptor meet the other one now',
          help: 'write more of the value in one of them',
          ...related,
        });
      case 'sharedTogether':
        return this.#tell(place, {
          code: 'CH1205',
          message: 'share_threshold counts all that fits together here, whatever the values of the other keys are',
          help: 'leave share_threshold out, or give each value of the other keys a descriptor',
        });
    }
  }

  #tell(position: SourcePosition, { code, message, help, related }: Told): void {
    this.all.push({
      code,
      severity: code === 'CH1203' ? 'error' : 'warning',
      message,
      path: [],
      position,
      help,
      ...(related === undefined ? {} : { related: [{ ...related, path: [] }] }),
    });
  }
}
