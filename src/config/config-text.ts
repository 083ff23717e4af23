// The text of one file to the entries of its sections. Parses only what was not there in the text before (P2).
import { type BlockKind, ENTRY_SECTIONS, type Fragment, type ParsedBlock, parseBlock } from './parsed-block.ts';
import { cutEntries, cutText, type Span } from './segments.ts';
import { findChange } from './text-change.ts';
import type { TextProblem } from './yaml-document.ts';

export interface PlacedBlock {
  readonly block: ParsedBlock;
  /** Offset of the block in the file. */
  readonly start: number;
}

export interface PlacedSection extends Span {
  /** `start` is the key's offset. */
  readonly key: string;
  readonly hasEntries: boolean;
  /** One for each entry, or one for the whole section. */
  readonly blocks: readonly PlacedBlock[];
}

export interface ParsedText {
  readonly text: string;
  /** Empty for a file that was parsed whole. */
  readonly sections: readonly PlacedSection[];
  /** The one block of a file that was parsed whole. */
  readonly whole?: PlacedBlock;
  /** Offsets count from the start of the file. */
  readonly problems: readonly TextProblem[];
  /** Those with references. */
  readonly referencing: readonly Fragment[];
}

export interface TextParser {
  /** The same object for the same text as before. */
  parse(text: string): ParsedText;
}

/** One for each file: it remembers the file's text and its parts. */
export function createTextParser(): TextParser {
  let last: ParsedText | undefined;
  /** The sections when the file could be cut last, and the text they were cut from. */
  let known: KnownText = { text: '', sections: [] };
  return {
    parse(text) {
      if (last?.text === text) return last;
      const sections = parseChange(text, known) ?? parseCut(text, known.sections);
      const isCut = sections !== undefined && !sections.some(({ blocks }) => blocks.some(({ block }) => block.hasAnchors));
      if (isCut) known = { text, sections };
      last = isCut
        ? gather({ text, sections })
        : gather({ text, sections: [], whole: { block: parseBlock(text, { of: 'sections' }), start: 0 } });
      return last;
    },
  };
}

interface KnownText {
  readonly text: string;
  readonly sections: readonly PlacedSection[];
}

/** Cuts and parses only the entries that changed, or else the sections around them, and moves what follows. */
function parseChange(text: string, known: KnownText): readonly PlacedSection[] | undefined {
  if (known.sections.length === 0) return undefined;
  const { prefix, suffix } = findChange(known.text, text);
  const change: Change = { text, known, from: prefix, to: known.text.length - suffix, shift: text.length - known.text.length };
  return parseChangedEntries(change) ?? parseChangedSections(change);
}

interface Change {
  readonly text: string;
  readonly known: KnownText;
  /** Offsets in the known text between which it differs. */
  readonly from: number;
  readonly to: number;
  /** How far what follows has moved. */
  readonly shift: number;
}

/** Whether `offset` of the known text is now the start of a line, or the end of the text. */
function isLineStart({ text, shift }: Change, offset: number): boolean {
  return offset + shift === text.length || text.charAt(offset + shift - 1) === '\n';
}

function parseChangedEntries(change: Change): readonly PlacedSection[] | undefined {
  const { text, known, from, to, shift } = change;
  const index = known.sections.findIndex(({ start, end }) => start < from && to <= end);
  const section = known.sections[index];
  const kind = ENTRY_SECTIONS.get(section?.key ?? '');
  if (section?.hasEntries !== true || kind === undefined) return undefined;
  const { blocks, key } = section;
  // The last entry whose first line is as before is the first that can differ; the first that begins behind the change is as before.
  const first = lastUnchanged(blocks, change);
  const next = blocks.findIndex(({ start }, at) => at > first && start >= to);
  const start = blocks[first]?.start;
  const end = blocks[next]?.start ?? section.end;
  if (start === undefined || end < to || !isLineStart(change, end)) return undefined;
  const pieces = cutEntries(text, { start, end: end + shift }, { key, kind });
  if (pieces === undefined) return undefined;
  const after = next === -1 ? [] : blocks.slice(next).map((placed) => moved(placed, shift));
  const between = parsePieces({ text, key, pieces, known: blocks.slice(first, next === -1 ? undefined : next) });
  const changed = { ...section, end: section.end + shift, blocks: [...blocks.slice(0, first), ...between, ...after] };
  return [...known.sections.slice(0, index), changed, ...known.sections.slice(index + 1).map((later) => movedSection(later, shift))];
}

function parseChangedSections(change: Change): readonly PlacedSection[] | undefined {
  const { text, known, to, shift } = change;
  const { sections } = known;
  const first = lastUnchanged(sections, change);
  const next = sections.findIndex(({ start }, at) => at > first && start >= to);
  const start = sections[first]?.start ?? 0;
  const end = sections[next]?.start ?? known.text.length;
  if (!isLineStart(change, end)) return undefined;
  const changed = sections.slice(Math.max(first, 0), next === -1 ? undefined : next);
  const parsed = parseCut(text.slice(start, end + shift), changed);
  if (parsed === undefined) return undefined;
  const after = next === -1 ? [] : sections.slice(next).map((later) => movedSection(later, shift));
  return [...sections.slice(0, Math.max(first, 0)), ...parsed.map((section) => movedSection(section, start)), ...after];
}

/** The last whose first line ends before the change, or -1. */
function lastUnchanged(placed: readonly { readonly start: number }[], { known, from }: Change): number {
  const last = placed.findLastIndex(({ start }) => start < from);
  return last === -1 || endOfLine(known.text, placed[last]?.start ?? 0) <= from ? last : last - 1;
}

function endOfLine(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  // A last line without a line break may go on in the new text.
  return newline === -1 ? Number.POSITIVE_INFINITY : newline + 1;
}

function moved(placed: PlacedBlock, shift: number): PlacedBlock {
  return shift === 0 ? placed : { block: placed.block, start: placed.start + shift };
}

function movedSection(section: PlacedSection, shift: number): PlacedSection {
  if (shift === 0) return section;
  const { start, end, blocks } = section;
  return { ...section, start: start + shift, end: end + shift, blocks: blocks.map((placed) => moved(placed, shift)) };
}

/** `known` are sections whose blocks may be there again. */
function parseCut(text: string, known: readonly PlacedSection[]): readonly PlacedSection[] | undefined {
  const before = new Map(known.map(({ key, blocks }) => [key, blocks]));
  return cutText(text, ENTRY_SECTIONS)?.map(({ key, start, end, entries }) => {
    const hasEntries = entries !== undefined;
    const blocks = parsePieces({
      text,
      key: hasEntries ? key : undefined,
      pieces: entries ?? [{ start, end }],
      known: before.get(key) ?? [],
    });
    return { key, start, end, hasEntries, blocks };
  });
}

interface Pieces {
  readonly text: string;
  /** The section whose entries the pieces are; absent: a whole section. */
  readonly key: string | undefined;
  readonly pieces: readonly Span[];
  /** Blocks that may be among them. */
  readonly known: readonly PlacedBlock[];
}

function parsePieces({ text, key, pieces, known }: Pieces): readonly PlacedBlock[] {
  const byText = new Map(known.map(({ block }) => [block.text, block]));
  const kind: BlockKind = key === undefined ? { of: 'sections' } : { of: 'entry', section: key };
  return pieces.map(({ start, end }) => {
    const piece = text.slice(start, end);
    return { block: byText.get(piece) ?? parseBlock(detached(piece), kind), start };
  });
}

/** A copy: a slice would keep the whole text of its file alive for as long as it is remembered (P28). */
function detached(slice: string): string {
  return Buffer.from(slice, 'utf8').toString('utf8');
}

/** The blocks that may hold fragments of `section`, in order. */
export function blocksOf(parsed: ParsedText, section: string): readonly PlacedBlock[] {
  if (parsed.whole !== undefined) return [parsed.whole];
  const [found, ...others] = parsed.sections.filter(({ key }) => key === section);
  return others.length === 0 ? (found?.blocks ?? []) : [found, ...others].flatMap((each) => each?.blocks ?? []);
}

/** All blocks of a file, in order. */
export function allBlocks({ whole, sections }: ParsedText): readonly PlacedBlock[] {
  return whole === undefined ? sections.flatMap(({ blocks }) => blocks) : [whole];
}

function gather(parsed: Pick<ParsedText, 'text' | 'sections' | 'whole'>): ParsedText {
  const problems: TextProblem[] = [...repeatedSections(parsed.sections)];
  const referencing: Fragment[] = [];
  const { whole } = parsed;
  for (const blocks of whole === undefined ? parsed.sections.map((section) => section.blocks) : [[whole]]) {
    for (const { block, start } of blocks) {
      if (block.problems.length > 0) problems.push(...block.problems.map((problem) => problemMoved(problem, start)));
      if (block.hasReferences) referencing.push(...block.fragments.filter(({ references }) => references.length > 0));
    }
  }
  return { ...parsed, problems, referencing };
}

function problemMoved(problem: TextProblem, offset: number): TextProblem {
  const { related } = problem;
  const own = related === undefined ? {} : { related: { ...related, start: related.start + offset, end: related.end + offset } };
  return { ...problem, start: problem.start + offset, end: problem.end + offset, ...own };
}

function repeatedSections(sections: readonly PlacedSection[]): readonly TextProblem[] {
  const first = new Map<string, number>();
  const problems: TextProblem[] = [];
  for (const { key, start } of sections) {
    const before = first.get(key);
    if (before === undefined) first.set(key, start);
    else {
      const related = { message: 'first here', start: before, end: before + key.length };
      const place = { start, end: start + key.length, label: 'here again', related };
      problems.push({ code: 'CH1006', severity: 'error', message: `the key "${key}" is there twice`, ...place });
    }
  }
  return problems;
}
