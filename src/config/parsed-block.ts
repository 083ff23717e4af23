// One piece of a file's text to the entries in it: plain values with their references and problems. The same piece is parsed once (P2).
import { isMap, isSeq } from 'yaml';
import type { ConfigPath } from '../lib/issue.ts';
import { findReferences, isList, type ReferencingText } from './references.ts';
import type { SectionKind } from './segments.ts';
import { parseYaml, type TextProblem } from './yaml-document.ts';
import { composeValue, type PlainValue } from './yaml-value.ts';

/** The sections that hold entries: maps by name, and the list of routes. */
export const ENTRY_SECTIONS: ReadonlyMap<string, SectionKind> = new Map([
  ['listeners', 'map'],
  ['certificates', 'map'],
  ['services', 'map'],
  ['jwt', 'map'],
  ['apiKeys', 'map'],
  ['introspection', 'map'],
  ['clientCertificates', 'map'],
  ['ipLists', 'map'],
  ['policies', 'map'],
  ['rateLimits', 'map'],
  ['routes', 'list'],
]);

/** One entry of a section, or a section without entries. The same object for the same piece of text. */
export interface Fragment {
  readonly section: string;
  /** The key of an entry in a map, the `name` of a route. */
  readonly name?: string;
  /** False: the whole section, because it has no entries or is not of the kind it should be. */
  readonly isEntry: boolean;
  readonly value: PlainValue;
  readonly references: readonly ReferencingText[];
  readonly block: ParsedBlock;
  /** Steps from the root of the block's YAML to the value. */
  readonly nodePath: ConfigPath;
}

export interface ParsedBlock {
  readonly text: string;
  readonly fragments: readonly Fragment[];
  /** Offsets count from the start of the block. */
  readonly problems: readonly TextProblem[];
  /** The block cannot be read apart from the rest of its file. */
  readonly hasAnchors: boolean;
  readonly hasReferences: boolean;
}

/** What the text of a block holds: sections with their keys, or one entry of a section. */
export type BlockKind = { readonly of: 'sections' } | { readonly of: 'entry'; readonly section: string };

export function parseBlock(text: string, kind: BlockKind): ParsedBlock {
  const { root, problems } = parseYaml(text);
  if (root === undefined) return { text, fragments: [], problems, hasAnchors: false, hasReferences: false };
  const composed = composeValue(root);
  const fragments: Fragment[] = [];
  const { hasAnchors } = composed;
  const found = (kind.of === 'entry' ? entriesOf(kind.section, composed.value, []) : sectionsOf(composed.value)).map(withNamedFile);
  const hasReferences = composed.hasReferences || found.some(({ namesFile }) => namesFile);
  const block = { text, fragments, problems: [...problems, ...composed.problems], hasAnchors, hasReferences };
  const isExpected = kind.of === 'entry' && ENTRY_SECTIONS.get(kind.section) === 'list' ? isSeq(root) : isMap(root);
  if (!isExpected && composed.value !== null) {
    const [start, end] = root.range;
    const message = 'a configuration file is a map of sections such as listeners, services and routes';
    block.problems.push({ code: 'CH1015', severity: 'error', message, start, end });
    return block;
  }
  for (const { part } of found) fragments.push({ ...part, block, references: hasReferences ? findReferences(part.value) : [] });
  return block;
}

type FragmentPart = Omit<Fragment, 'block' | 'references'>;

function sectionsOf(value: PlainValue): readonly FragmentPart[] {
  if (typeof value !== 'object' || value === null || isList(value)) return [];
  return Object.entries(value).flatMap(([section, content]) => entriesOf(section, content, [section]));
}

function entriesOf(section: string, content: PlainValue, nodePath: ConfigPath): readonly FragmentPart[] {
  const kind = ENTRY_SECTIONS.get(section);
  if (typeof content === 'object' && content !== null) {
    if (kind === 'list' && isList(content)) {
      return content.map((value, index) => ({ section, isEntry: true, value, nodePath: [...nodePath, index], ...ownName(value) }));
    }
    if (kind === 'map' && !isList(content)) {
      return Object.entries(content).map(([name, value]) => ({ section, name, isEntry: true, value, nodePath: [...nodePath, name] }));
    }
  }
  return [{ section, isEntry: false, value: content, nodePath }];
}

/** `jwt.NAME.jwks.file` names a file without `${file:…}`: from here on it is such a reference, read and watched as any other. */
function withNamedFile(part: FragmentPart): { readonly part: FragmentPart; readonly namesFile: boolean } {
  const { value, section, isEntry } = part;
  const jwks = section === 'jwt' && isEntry && isPlainMap(value) ? value['jwks'] : undefined;
  const file = isPlainMap(jwks) ? jwks['file'] : undefined;
  if (!isPlainMap(value) || !isPlainMap(jwks) || typeof file !== 'string' || file === '' || file.includes('${')) {
    return { part, namesFile: false };
  }
  return { part: { ...part, value: { ...value, jwks: { ...jwks, file: `\${file:${file}}` } } }, namesFile: true };
}

function isPlainMap(value: PlainValue | undefined): value is { readonly [key: string]: PlainValue } {
  return typeof value === 'object' && value !== null && !isList(value);
}

function ownName(value: PlainValue): { readonly name?: string } {
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
  return typeof name === 'string' ? { name } : {};
}
