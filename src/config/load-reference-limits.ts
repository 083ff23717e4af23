// The files of the reference rate-limit service below a directory, read and checked (ratelimit R320): all or none. Mistakes are values, all at
// once, each with its place.
import type { Issue } from '../lib/issue.ts';
import { shownPath } from '../lib/shown-path.ts';
import type { ConfigFileSystem } from './config-file-system.ts';
import { contentHash } from './content-hash.ts';
import { inParallel } from './in-parallel.ts';
import { ALL_KEYS, type DescriptorPlaces, DescriptorReader, type Siblings } from './reference-descriptors.ts';
import { findFiles } from './reference-files.ts';
import type { ReferenceDescriptor, ReferenceLimits } from './reference-limits.ts';
import { NodeReader, type PlainMap } from './reference-node-reader.ts';
import type { Positions } from './source.ts';
import { createSourceText, type SourceText } from './source-text.ts';
import { readTextFile } from './text-file.ts';
import { parseYaml, type TextProblem } from './yaml-document.ts';
import { composeValue } from './yaml-value.ts';

const MAX_FILE_BYTES = 10 * 1_048_576;

export interface ReferenceLoadOptions {
  /** Absolute. */
  readonly directory: string;
  /** Several files may name one domain (`--merge-domains`). */
  readonly mergeDomains: boolean;
  readonly fs: ConfigFileSystem;
  /** Files below it are named relative to it. */
  readonly cwd: string;
}

export interface ReferenceLoad {
  /** Absent where anything is wrong. */
  readonly limits: ReferenceLimits | undefined;
  readonly issues: readonly Issue[];
  readonly positions: Positions;
  readonly places: DescriptorPlaces;
  /** Files and directories whose change calls for another load. */
  readonly watched: readonly string[];
}

export async function loadReferenceLimits(options: ReferenceLoadOptions): Promise<ReferenceLoad> {
  const { directory, fs } = options;
  const { files, directories, failures } = await findFiles(fs, directory);
  const load = new Load(options);
  for (const { path, message } of failures) load.unreadable(path, message);
  const texts = await inParallel(files, async (file) => ({ file, text: await readTextFile(fs, file, MAX_FILE_BYTES) }));
  for (const { file, text } of texts) {
    if (text.ok) load.read(file, text.value);
    else load.unreadable(file, text.problem.message);
  }
  if (files.length === 0 && failures.length === 0) load.unreadable(directory, 'there is no file of limits in it');
  return load.end([directory, ...directories, ...files]);
}

interface OpenDomain {
  readonly descriptors: ReferenceDescriptor[];
  readonly siblings: Siblings;
  readonly first: { readonly reader: NodeReader };
}

class Load {
  readonly #options: ReferenceLoadOptions;
  readonly #issues: Issue[] = [];
  readonly #sources = new Map<string, SourceText>();
  readonly #texts: { readonly name: string; readonly text: string }[] = [];
  readonly #domains = new Map<string, OpenDomain>();
  readonly #places: DescriptorPlaces = new Map();

  constructor(options: ReferenceLoadOptions) {
    this.#options = options;
  }

  unreadable(file: string, message: string): void {
    const position = { file, line: 1, column: 1, length: 1 };
    this.#issues.push({
      code: 'CH1001',
      severity: 'error',
      message: `${shownPath(file, this.#options.cwd)} cannot be read: ${message}`,
      path: [],
      position,
    });
  }

  read(file: string, text: string): void {
    const source = createSourceText(file, text);
    this.#sources.set(file, source);
    this.#texts.push({ name: file, text });
    const { root, problems } = parseYaml(text);
    this.#problems(source, problems);
    if (root === undefined) {
      if (problems.length === 0) this.#issues.push(emptyFile(source));
      return;
    }
    const composed = composeValue(root);
    // What YAML 1.1 reads otherwise is read so here, too (reference-node-reader.ts).
    this.#problems(
      source,
      composed.problems.filter(({ code }) => code !== 'CH1009'),
    );
    const reader = new NodeReader(root, source);
    const map = reader.map(composed.value, []);
    if (map !== undefined) this.#root(map, reader, file);
    else if (composed.value === null) this.#issues.push(emptyFile(source));
    this.#issues.push(...reader.issues);
  }

  end(watched: readonly string[]): ReferenceLoad {
    const isGood = this.#issues.every(({ severity }) => severity !== 'error');
    const domains = [...this.#domains].map(([domain, { descriptors }]) => ({ domain, descriptors }));
    const files = this.#texts;
    const revision = contentHash({ root: `${this.#options.directory}/.`, files, variables: [] }).slice(0, 12);
    const line = (file: string, number: number) => this.#sources.get(file)?.line(number);
    return {
      limits: isGood ? { revision, domains } : undefined,
      issues: this.#issues,
      positions: { find: () => undefined, line, holdNoSecrets: true },
      places: this.#places,
      watched: [...new Set(watched)],
    };
  }

  #root(map: PlainMap, reader: NodeReader, file: string): void {
    reader.checkKeys(map, [], { known: ['domain', 'descriptors'], elsewhere: ALL_KEYS });
    const name = reader.text(map.domain, ['domain']);
    if (name === '')
      reader.report(['domain'], {
        code: 'CH1103',
        message: 'the file names no domain',
        at: 'key',
        help: 'write what the filter of Envoy has as domain',
      });
    const before = this.#domains.get(name);
    if (before !== undefined && name !== '' && !this.#options.mergeDomains) {
      const related = { message: 'first here', position: before.first.reader.position(['domain']) };
      const help = '--merge-domains joins the descriptors of such files';
      reader.report(['domain'], { code: 'CH1006', message: `the domain "${name}" is there twice`, label: 'here again', help, related });
    }
    const domain: OpenDomain = before ?? { descriptors: [], siblings: new Map(), first: { reader } };
    this.#domains.set(name, domain);
    const descriptors = new DescriptorReader(reader, { name: shownPath(file, this.#options.cwd), places: this.#places });
    domain.descriptors.push(
      ...descriptors.read(map.descriptors, ['descriptors'], this.#options.mergeDomains ? domain.siblings : new Map()),
    );
  }

  #problems(source: SourceText, problems: readonly TextProblem[]): void {
    for (const { start, end, related, ...problem } of problems) {
      const others = related && [{ message: related.message, path: [], position: source.position(related.start, related.end) }];
      this.#issues.push({
        ...problem,
        path: [],
        position: source.position(start, end),
        ...(others === undefined ? {} : { related: others }),
      });
    }
  }
}

function emptyFile(source: SourceText): Issue {
  const help = 'write domain: and descriptors:, or take the file away';
  return { code: 'CH1015', severity: 'error', message: 'the file holds no limits', path: [], position: source.position(0, 1), help };
}
