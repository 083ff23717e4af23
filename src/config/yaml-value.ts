// YAML nodes to plain values, with what is found on the way: references ${…}, duplicate keys, aliases, and values that YAML 1.1 reads otherwise (C8).
import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import { MAX_DEPTH, type TextProblem } from './yaml-document.ts';

export type PlainValue = string | number | boolean | null | readonly PlainValue[] | { readonly [key: string]: PlainValue };

export interface ComposedValue {
  readonly value: PlainValue;
  readonly problems: readonly TextProblem[];
  /** Some text holds `${`. */
  readonly hasReferences: boolean;
  /** Some node has an anchor or is an alias: this text cannot be read apart from the rest of its file. */
  readonly hasAnchors: boolean;
}

/** Values that aliases may add to a file in all; a real file repeats a few dozen. */
const MAX_ALIASED_VALUES = 100_000;
/** What YAML 1.2 gives a value anyway. */
const CORE_TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'seq', 'map'].map((name) => `tag:yaml.org,2002:${name}`));
/** YAML 1.1: booleans, dates, and numbers to the base 60. */
const YAML_1_1_BOOLEAN = /^(?:y|yes|n|no|on|off)$/i;
/** YAML 1.1: a number to the base 8, and one with its thousands apart. */
const OCTAL = /^[-+]?0[0-9]+$/;
const GROUPED = /^[-+]?[0-9]+(?:_[0-9]+)+$/;
const YAML_1_1_TIME = /^(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?|[0-9]+(?::[0-5]?[0-9])+)$/;

/** Reads a tree once; `compose` must not be called again on the same walker. */
export function composeValue(root: ParsedNode): ComposedValue {
  const walker = new Walker();
  const { value } = walker.read(root, 0);
  return { value, problems: walker.problems, hasReferences: walker.hasReferences, hasAnchors: walker.hasAnchors };
}

type ProblemDetails = Omit<TextProblem, 'severity' | 'start' | 'end'> & { readonly severity?: 'warning' };

/** A value, how many values it holds (aliases counted each time) and how deep it is: known without walking it again. */
interface Sized {
  readonly value: PlainValue;
  readonly size: number;
  readonly height: number;
}

function leaf(value: PlainValue): Sized {
  return { value, size: 1, height: 0 };
}

class Walker {
  readonly problems: TextProblem[] = [];
  hasReferences = false;
  hasAnchors = false;
  readonly #anchors = new Map<string, Sized | 'open'>();
  #aliased = 0;

  read(node: Node | null | undefined, depth: number): Sized {
    if (node === null || node === undefined) return leaf(null);
    if (isAlias(node)) return this.#readAlias(node.source, node, depth);
    const anchor = 'anchor' in node && typeof node.anchor === 'string' ? node.anchor : undefined;
    if (anchor !== undefined) {
      this.hasAnchors = true;
      this.#anchors.set(anchor, 'open');
    }
    const sized = this.#readContent(node, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, sized);
    return sized;
  }

  #readContent(node: Node, depth: number): Sized {
    if ('tag' in node && typeof node.tag === 'string' && !CORE_TAGS.has(node.tag)) {
      this.#report(node, { code: 'CH1008', message: 'YAML tags (!…) have no meaning here', help: 'leave the tag out' });
    }
    if (isMap(node)) return this.#readMap(node, depth);
    if (isSeq(node)) return this.#readList(node.items, depth);
    return leaf(isScalar(node) ? this.#readScalar(node) : null);
  }

  #readList(items: readonly unknown[], depth: number): Sized {
    let size = 1;
    let height = 0;
    const value = items.map((item) => {
      const sized = this.read(asNode(item), depth + 1);
      size += sized.size;
      height = Math.max(height, sized.height + 1);
      return sized.value;
    });
    return { value, size, height };
  }

  #readMap(map: YAMLMap, depth: number): Sized {
    const value: Record<string, PlainValue> = {};
    const seen = new Map<string, Node>();
    let size = 1;
    let height = 0;
    for (const pair of map.items) {
      const key = this.#readKey(asNode(pair.key), map);
      const sized = this.read(asNode(pair.value), depth + 1);
      size += sized.size;
      height = Math.max(height, sized.height + 1);
      if (key === undefined) continue;
      const first = seen.get(key.text);
      if (first === undefined) {
        seen.set(key.text, key.node);
        value[key.text] = sized.value;
      } else {
        const related = { message: 'first here', ...rangeOf(first) };
        this.#report(key.node, { code: 'CH1006', message: `the key "${key.text}" is there twice`, label: 'here again', related });
      }
    }
    return { value, size, height };
  }

  #readKey(node: Node | undefined, map: Node): { readonly text: string; readonly node: Node } | undefined {
    if (node === undefined || !isScalar(node)) {
      this.#report(node ?? map, { code: 'CH1013', message: 'a key must be a word' });
      return undefined;
    }
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    if (node.anchor !== undefined) {
      this.hasAnchors = true;
      this.#anchors.set(node.anchor, leaf(text));
    }
    if (text === '' || text === '__proto__') {
      const message = text === '' ? 'a key must not be empty' : 'this key cannot be used';
      this.#report(text === '' ? map : node, { code: 'CH1013', message });
      return undefined;
    }
    if (text === '<<') {
      const help = 'a service takes from another with like; elsewhere repeat the keys';
      this.#report(node, { code: 'CH1016', message: 'merge keys (<<) are not part of YAML 1.2', help });
      return undefined;
    }
    if (text.includes('${')) {
      this.#report(node, { code: 'CH1022', message: 'references are replaced in values, never in keys' });
      return undefined;
    }
    if (node.type === 'PLAIN') this.#lint(node, text);
    return { text, node };
  }

  #readScalar(node: Scalar): PlainValue {
    const { value } = node;
    if (typeof value === 'string') {
      if (value.includes('${')) this.hasReferences = true;
      else if (node.type === 'PLAIN') this.#lint(node, value);
      return value;
    }
    if (typeof value === 'number' && OCTAL.test(node.source ?? '')) this.#lint(node, node.source ?? '');
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    return value === null || value === undefined ? null : (node.source ?? null);
  }

  #lint(node: Scalar, text: string): void {
    const meant = meantIn11(text);
    if (meant === undefined) return;
    const here = typeof node.value === 'number' ? `the number ${node.value}` : 'text';
    const message = `other YAML readers take ${text} for ${meant}; here it is ${here}`;
    const help = typeof node.value === 'number' ? 'leave the zeros at its front out' : `put it in quotes: "${text}"`;
    this.#report(node, { code: 'CH1009', severity: 'warning', message, help });
  }

  #readAlias(name: string, node: Node, depth: number): Sized {
    this.hasAnchors = true;
    const target = this.#anchors.get(name);
    const nothing = leaf(null);
    if (target === undefined) {
      const help = name.startsWith('.') || name === '' ? `a text that begins with * needs quotes: "*${name}"` : undefined;
      this.#report(node, {
        code: 'CH1007',
        message: `there is no anchor &${name} above this alias`,
        ...(help === undefined ? {} : { help }),
      });
      return nothing;
    }
    if (target === 'open') {
      this.#report(node, { code: 'CH1007', message: `the alias *${name} stands inside its own anchor` });
      return nothing;
    }
    const before = this.#aliased;
    this.#aliased += target.size;
    if (this.#aliased <= MAX_ALIASED_VALUES && depth + target.height <= MAX_DEPTH) return target;
    const message = 'aliases multiply this file beyond all measure';
    if (before <= MAX_ALIASED_VALUES) this.#report(node, { code: 'CH1007', message, help: 'write less of it with aliases' });
    return nothing;
  }

  #report(node: Node, problem: ProblemDetails): void {
    this.problems.push({ severity: 'error', ...rangeOf(node), ...problem });
  }
}

/** Offsets of a node's own text. */
export function rangeOf(node: Node): { readonly start: number; readonly end: number } {
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

function asNode(value: unknown): Node | undefined {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : undefined;
}

/** What YAML 1.1 makes of a text without quotes that is something else in YAML 1.2. */
function meantIn11(text: string): string | undefined {
  if (YAML_1_1_BOOLEAN.test(text)) return 'true or false';
  if (YAML_1_1_TIME.test(text)) return 'a date or time';
  return OCTAL.test(text) || GROUPED.test(text) ? 'another number' : undefined;
}
