// Where each value of the merged configuration stands in the user's files. Texts are kept, their trees are not: a tree is made again when asked for.
import { isMap, isSeq, type Node, type ParsedNode } from 'yaml';
import type { ConfigPath, SourcePosition } from '../lib/issue.ts';
import { allBlocks, type ParsedText } from './config-text.ts';
import { ENTRY_SECTIONS, type Fragment, type ParsedBlock } from './parsed-block.ts';
import { createSourceText, type SourceText } from './source-text.ts';
import { parseYaml } from './yaml-document.ts';

export interface Positions {
  /**
   * The place of the value (or key) at `path`; where the path leads to nothing, the place of its longest known part. A value that is a map or
   * list over several lines is shown by its key. Routes are found by name, `['routes', 'list-orders', …]`, or by their place in the merged list.
   */
  find(path: ConfigPath, at?: 'key' | 'value'): SourcePosition | undefined;
  /** Line `number` (from 1) of a file that was read, without its line break. */
  line(file: string, number: number): string | undefined;
  /** The files hold no keys or passwords: their lines are shown as they are. Default: what may be one is hidden (C7). */
  readonly holdNoSecrets?: true;
}

export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  readonly parsed: ParsedText;
}

/** A fragment, and where it stands. */
export interface PlacedFragment {
  readonly fragment: Fragment;
  readonly source: SourceText;
  /** Offset of the fragment's block in the file. */
  readonly start: number;
}

const MAX_TREES = 64;

/** Positions where nothing was read. */
export const NO_POSITIONS: Positions = { find: () => undefined, line: () => undefined };

/** Files in merge order, the root file first. */
export function createPositions(files: readonly SourceFile[]): Positions {
  const sources = new Map(files.map((file) => [file.path, createSourceText(file.path, file.parsed.text)]));
  let index: SourceIndex | undefined;
  const treeOf = createTreeCache();
  return {
    find(path, at = 'value') {
      index ??= indexSources(files, sources);
      const [section] = path;
      const start = files[0] && sources.get(files[0].path)?.position(0, 1);
      if (typeof section !== 'string') return start;
      const placed = findFragment(index, path);
      if (placed !== undefined) return positionIn(placed, { path: placed.fragment.isEntry ? path.slice(2) : path.slice(1), at, treeOf });
      return sectionPosition(section, { files, sources, treeOf }) ?? start;
    },
    line: (file, number) => sources.get(file)?.line(number),
  };
}

type TreeOf = (block: ParsedBlock) => ParsedNode | undefined;

/** Trees are large, so only those of the last few blocks stay. */
function createTreeCache(): TreeOf {
  const trees = new Map<ParsedBlock, ParsedNode | undefined>();
  return (block) => {
    if (trees.has(block)) return trees.get(block);
    const [oldest] = trees.keys();
    if (trees.size >= MAX_TREES && oldest !== undefined) trees.delete(oldest);
    const { root } = parseYaml(block.text);
    trees.set(block, root);
    return root;
  };
}

interface SectionContext {
  readonly files: readonly SourceFile[];
  readonly sources: ReadonlyMap<string, SourceText>;
  readonly treeOf: TreeOf;
}

/** The key of a section where it is first written. */
function sectionPosition(section: string, { files, sources, treeOf }: SectionContext): SourcePosition | undefined {
  for (const { path, parsed } of files) {
    const cut = parsed.sections.find(({ key }) => key === section);
    if (cut !== undefined) return sources.get(path)?.position(cut.start, cut.start + section.length);
    const { whole } = parsed;
    const key = whole && child(treeOf(whole.block), section)?.key;
    if (key !== undefined) return sources.get(path)?.position(key.start, key.end);
  }
  return undefined;
}

interface SourceIndex {
  readonly whole: ReadonlyMap<string, PlacedFragment>;
  /** Entries of map sections and routes by name. */
  readonly named: ReadonlyMap<string, ReadonlyMap<string, PlacedFragment>>;
  readonly routes: readonly PlacedFragment[];
}

function indexSources(files: readonly SourceFile[], sources: ReadonlyMap<string, SourceText>): SourceIndex {
  const whole = new Map<string, PlacedFragment>();
  const named = new Map<string, Map<string, PlacedFragment>>([...ENTRY_SECTIONS.keys()].map((section) => [section, new Map()]));
  const routes: PlacedFragment[] = [];
  for (const placed of files.flatMap((file) => placeFragments(file, sources.get(file.path)))) {
    const { fragment } = placed;
    const { name } = fragment;
    if (!fragment.isEntry && !whole.has(fragment.section)) whole.set(fragment.section, placed);
    if (fragment.isEntry && fragment.section === 'routes') routes.push(placed);
    const names = named.get(fragment.section);
    if (fragment.isEntry && name !== undefined && names?.has(name) === false) names.set(name, placed);
  }
  return { whole, named, routes };
}

/** The fragments of a file in the order of its text. */
function placeFragments(file: SourceFile, source: SourceText | undefined): readonly PlacedFragment[] {
  if (source === undefined) return [];
  return allBlocks(file.parsed).flatMap(({ block, start }) => block.fragments.map((fragment) => ({ fragment, source, start })));
}

function findFragment(index: SourceIndex, path: ConfigPath): PlacedFragment | undefined {
  const [section, step] = path;
  if (typeof section !== 'string') return undefined;
  if (section === 'routes' && typeof step === 'number') return index.routes[step] ?? index.whole.get(section);
  const entry = step === undefined ? undefined : index.named.get(section)?.get(String(step));
  return entry ?? index.whole.get(section);
}

interface Wanted {
  /** Steps below the fragment. */
  readonly path: ConfigPath;
  readonly at: 'key' | 'value';
  readonly treeOf: TreeOf;
}

function positionIn({ fragment, source, start }: PlacedFragment, { path, at, treeOf }: Wanted): SourcePosition {
  const range = rangeAt(treeOf(fragment.block), [...fragment.nodePath, ...path], at);
  return source.position(start + range.start, start + range.end);
}

/** The place of something below a fragment; reads the fragment's text again. */
export function positionBelow(placed: PlacedFragment, path: ConfigPath, at: 'key' | 'value' = 'value'): SourcePosition {
  return positionIn(placed, { path, at, treeOf: (block) => parseYaml(block.text).root });
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Offsets of the node at `path`, or of the nearest thing above it. */
export function rangeAt(root: Node | undefined, path: ConfigPath, at: 'key' | 'value'): Range {
  let node: unknown = root;
  let key: Range | undefined;
  for (const [index, step] of path.entries()) {
    const next = child(node, step);
    if (next === undefined) return key ?? rangeOfNode(node, index === 0 ? undefined : key);
    key = next.key;
    node = next.value;
  }
  return at === 'key' ? (key ?? rangeOfNode(node, undefined)) : rangeOfNode(node, key);
}

/** The scalar's text at `path` as the user wrote it, without quotes. */
export function sourceAt(root: Node | undefined, path: ConfigPath): string | undefined {
  let node: unknown = root;
  for (const step of path) node = child(node, step)?.value;
  return typeof node === 'object' && node !== null && 'source' in node && typeof node.source === 'string' ? node.source : undefined;
}

function child(node: unknown, step: string | number): { readonly key?: Range; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return item === undefined ? undefined : { value: item };
  }
  const pair = isMap(node) ? node.items.find((each) => keyText(each.key) === String(step)) : undefined;
  return pair === undefined ? undefined : { key: rangeOfNode(pair.key, undefined), value: pair.value };
}

function keyText(key: unknown): string | undefined {
  if (typeof key !== 'object' || key === null || !('value' in key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return 'source' in key && typeof key.source === 'string' ? key.source : undefined;
}

/** A block collection spans lines and an empty value spans nothing: their key shows them better. */
function rangeOfNode(node: unknown, key: Range | undefined): Range {
  const range = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? node.range : [0, 0];
  const [start, end]: readonly unknown[] = range;
  const own = { start: typeof start === 'number' ? start : 0, end: typeof end === 'number' ? end : 0 };
  const isBlock = (isMap(node) || isSeq(node)) && node.flow !== true;
  return key !== undefined && (isBlock || own.end <= own.start) ? key : own;
}
