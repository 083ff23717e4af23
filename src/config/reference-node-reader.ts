// Reads values of one YAML file as the reference service's reader does (YAML 1.1 into typed fields): any scalar is a text, yes and on are
// true. Mistakes are kept with their place, all of them.
import type { ParsedNode } from 'yaml';
import type { ConfigPath, Issue, SourcePosition } from '../lib/issue.ts';
import { nearest } from '../lib/nearest.ts';
import type { FileIssueCode } from './issue-codes.ts';
import { isList } from './references.ts';
import { rangeAt, sourceAt } from './source.ts';
import type { SourceText } from './source-text.ts';
import type { PlainValue } from './yaml-value.ts';

export interface PlainMap {
  readonly [key: string]: PlainValue;
}

export interface Mistake {
  readonly code: FileIssueCode;
  readonly message: string;
  readonly at?: 'key' | 'value';
  readonly severity?: 'warning';
  readonly label?: string;
  readonly help?: string;
  readonly related?: { readonly message: string; readonly position: SourcePosition };
}

const TRUE = /^(?:y|yes|true|on)$/i;
const FALSE = /^(?:n|no|false|off)$/i;
const UINT32_MAX = 4_294_967_295;

export class NodeReader {
  readonly issues: Issue[] = [];
  readonly #root: ParsedNode;
  readonly #source: SourceText;

  constructor(root: ParsedNode, source: SourceText) {
    this.#root = root;
    this.#source = source;
  }

  report(path: ConfigPath, { code, message, at = 'value', severity, label, help, related }: Mistake): void {
    this.issues.push({
      code,
      severity: severity ?? 'error',
      message,
      path: [],
      position: this.position(path, at),
      ...(label === undefined ? {} : { label }),
      ...(help === undefined ? {} : { help }),
      ...(related === undefined ? {} : { related: [{ ...related, path: [] }] }),
    });
  }

  position(path: ConfigPath, at: 'key' | 'value' = 'value'): SourcePosition {
    const { start, end } = rangeAt(this.#root, path, at);
    return this.#source.position(start, end);
  }

  /** Reports keys that are not among `known`; `elsewhere` are keys of the language that mean nothing at this place. */
  checkKeys(map: PlainMap, path: ConfigPath, { known, elsewhere }: KnownKeys): void {
    for (const key of Object.keys(map)) {
      if (known.includes(key)) continue;
      const place = { at: 'key' } as const;
      if (elsewhere.includes(key)) {
        const message = `"${key}" has no effect here; the reference service ignores it`;
        this.report([...path, key], {
          ...place,
          code: 'CH1202',
          severity: 'warning',
          message,
          help: `the keys here are ${known.join(', ')}`,
        });
        continue;
      }
      const meant = nearest(key, known);
      const help = meant === undefined ? `known keys are ${known.join(', ')}` : `did you mean "${meant}"?`;
      this.report([...path, key], { ...place, code: 'CH1101', message: `unknown key "${key}"`, help });
    }
  }

  map(value: PlainValue | undefined, path: ConfigPath): PlainMap | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'object' && !isList(value)) return value;
    this.report(path, { code: 'CH1102', message: 'a map is expected here' });
    return undefined;
  }

  /** Items that are no maps are reported and left out; each has its place in the file's list. */
  maps(value: PlainValue | undefined, path: ConfigPath): readonly { readonly map: PlainMap; readonly path: ConfigPath }[] {
    if (value === undefined || value === null) return [];
    if (typeof value !== 'object' || !isList(value)) {
      this.report(path, { code: 'CH1102', message: 'a list is expected here' });
      return [];
    }
    return value.flatMap((item, index) => {
      const map = this.map(item, [...path, index]);
      if (item === null) this.report([...path, index], { code: 'CH1104', message: 'an item of the list is empty' });
      return map === undefined ? [] : [{ map, path: [...path, index] }];
    });
  }

  /** A scalar as it is written; empty where there is none. */
  text(value: PlainValue | undefined, path: ConfigPath): string {
    if (value === undefined || value === null) return '';
    if (typeof value === 'object') {
      this.report(path, { code: 'CH1102', message: 'a text is expected here' });
      return '';
    }
    return typeof value === 'string' ? value : (sourceAt(this.#root, path) ?? String(value));
  }

  flag(value: PlainValue | undefined, path: ConfigPath): boolean {
    if (value === undefined || value === null) return false;
    const text = typeof value === 'object' ? '' : String(value);
    if (!TRUE.test(text) && !FALSE.test(text)) this.report(path, { code: 'CH1102', message: 'true or false is expected here' });
    return TRUE.test(text);
  }

  /** A whole number that fits 32 bits; 0 where there is none, as in the reference. */
  uint32(value: PlainValue | undefined, path: ConfigPath): number {
    if (value === undefined || value === null) return 0;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= UINT32_MAX) return value;
    const code = typeof value === 'number' ? 'CH1107' : 'CH1102';
    this.report(path, { code, message: `a whole number from 0 to ${UINT32_MAX} is expected here` });
    return 0;
  }
}

export interface KnownKeys {
  readonly known: readonly string[];
  readonly elsewhere: readonly string[];
}
