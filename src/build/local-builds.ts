// Builds in the thread that asks: what the build thread runs, and tests in process. Remembers what places are asked of later.

import { policyForm } from '../compiler/auth/form.ts';
import type { SourceTexts } from '../delivery/revision-store.ts';
import { type AskedRequest, explained } from '../explain/explained.ts';
import { shownPath } from '../lib/shown-path.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { Build, Builder, BuildName, Builds, ExplainOutcome } from './build.ts';
import type { BuildRefusal } from './build-refusal.ts';
import { createPipeline, type DetailedBuild, type Pipeline, type PipelineOptions } from './pipeline.ts';
import { plainBuild } from './plain-build.ts';
import { refusedBuild } from './refused-build.ts';
import { resourcePaths } from './resource-paths.ts';
import { sourceTexts } from './source-texts.ts';

export interface LocalBuildsOptions extends Pick<PipelineOptions, 'env' | 'api' | 'nowMs'> {
  /** File names below it are printed relative to it. */
  readonly cwd: string;
}

export function createLocalBuilds({ cwd, ...options }: LocalBuildsOptions): Builds {
  return {
    builderOf: (file) => new LocalBuilder(createPipeline({ ...options, file, isServing: true }), { cwd, nowMs: options.nowMs }),
    stop: async () => undefined,
  };
}

class LocalBuilder implements Builder {
  readonly #pipeline: Pipeline;
  readonly #options: Pick<LocalBuildsOptions, 'cwd' | 'nowMs'>;
  /** Good builds of which places are asked, by id; the newest last. */
  readonly #kept = new Map<number, DetailedBuild>();
  #lastId = 0;

  constructor(pipeline: Pipeline, options: Pick<LocalBuildsOptions, 'cwd' | 'nowMs'>) {
    this.#pipeline = pipeline;
    this.#options = options;
  }

  async build(since?: BuildName): Promise<Build> {
    const before = since && this.#kept.get(since.id);
    const detailed = await this.#pipeline.build();
    this.#kept.clear();
    if (since !== undefined && before !== undefined) this.#kept.set(since.id, before);
    this.#lastId += 1;
    if (detailed.good !== undefined) this.#kept.set(this.#lastId, detailed);
    return plainBuild(detailed, { id: this.#lastId, since: before?.good?.model, cwd: this.#options.cwd });
  }

  async refuse({ id }: BuildName, refusal: BuildRefusal): Promise<Build> {
    const detailed = this.#kept.get(id);
    if (detailed === undefined) throw new Error('only a build that was just made can be refused');
    return plainBuild(refusedBuild(detailed, refusal), { id, since: undefined, cwd: this.#options.cwd });
  }

  textsOf(files: readonly string[]): Promise<SourceTexts | undefined> {
    return sourceTexts(files);
  }

  async placeOf({ id }: BuildName, typeUrl: TypeUrl, name: string): Promise<string | undefined> {
    const { good, positions } = this.#kept.get(id) ?? {};
    const path = good && resourcePaths(good.compilation).get(`${typeUrl} ${name}`);
    const place = path && positions?.find(path);
    return place === undefined ? undefined : `${place.file}:${place.line}`;
  }

  async explain({ id }: BuildName, asked: AskedRequest): Promise<ExplainOutcome | undefined> {
    const { good, positions } = this.#kept.get(id) ?? {};
    if (good === undefined || positions === undefined) return undefined;
    const { cwd, nowMs } = this.#options;
    return explained(good.model, asked, {
      nowMs: nowMs(),
      formOf: policyForm,
      hidesValues: true,
      placeOf: (path) => {
        const place = positions.find(path, 'key');
        return place === undefined ? undefined : `${shownPath(place.file, cwd)}:${place.line}`;
      },
    });
  }
}
