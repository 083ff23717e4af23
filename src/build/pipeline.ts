// From the files of one gateway to its snapshot, step by step: load, resolve, compile, build. Publishes nothing and watches nothing.
// Each step keeps what did not change since the build before (architecture.md: incremental by identity).

import { type Compiler, createCompiler } from '../compiler/compile.ts';
import { nameOfService } from '../compiler/names.ts';
import type { Compilation, CompiledResource } from '../compiler/types.ts';
import { createConfigLoader } from '../config/load.ts';
import type { Positions } from '../config/source.ts';
import type { ConfigPath, Issue } from '../lib/issue.ts';
import { sourceKey } from '../model/discovered-service.ts';
import { createResolver } from '../model/resolve.ts';
import type { ResolveContext } from '../model/resolve-context.ts';
import type { Model } from '../model/types.ts';
import { type EnvoyApi, formatProtoPath } from '../proto/api.ts';
import { policyVersion } from '../proto/policy-version.ts';
import { tableRevision } from '../proto/table-revision.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import { buildSnapshot, type ResourceInput, type SnapshotProblem } from '../snapshot/build.ts';
import { findMissingReferences } from '../snapshot/consistency.ts';
import type { Snapshot } from '../snapshot/types.ts';
import { certificateWarnings } from './certificate-expiry.ts';
import { enforcementProblems } from './enforcement-problems.ts';
import type { PipelineIssueCode } from './issue-codes.ts';
import { mistakesInSoundRest } from './sound-rest.ts';

export interface PipelineOptions {
  /** Root file of the gateway. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly api: EnvoyApi;
  readonly nowMs: () => number;
  /** The result will be served: a bad certificate is then a warning, and its last good form is used (B3-B5). Default: false, as in `validate`. */
  readonly isServing?: boolean;
}

/** With all that the steps gave; stays in the thread that made it: `build.ts` is the plain form of it. */
export interface DetailedBuild {
  /** Errors and warnings of all steps that ran. */
  readonly issues: readonly Issue[];
  readonly positions: Positions;
  /** Files and directories whose change may change the result; known on failure too. */
  readonly files: readonly string[];
  readonly contentHash: string;
  /** Whether it came as far as the compiler: 1, else 0. */
  readonly compiles: number;
  /** Absent when there is any error. */
  readonly good?: DetailedGood;
}

export interface DetailedGood {
  readonly model: Model;
  readonly compilation: Compilation;
  readonly snapshot: Snapshot;
}

export interface Pipeline {
  /** Reads the files as they are now. One build at a time. */
  build(): Promise<DetailedBuild>;
}

type Step = { readonly issues: readonly Issue[]; readonly good?: DetailedGood };

export function createPipeline(options: PipelineOptions): Pipeline {
  const loader = createConfigLoader({ file: options.file, env: options.env });
  const resolver = createResolver();
  const compiler = compilerOver(options.api);
  let previous: Snapshot | undefined;
  let previousModel: Model | undefined;

  const compileModel = (model: Model): Step => {
    const compilation = compiler.compile(model);
    const sources = sourcesOf(compilation);
    const resources = compilation.resources.map((resource) => resourceInput(resource, sources));
    const outcome = buildSnapshot({ gateway: model.gateway, resources }, options.api, previous);
    const issues = [
      ...outcome.problems.map((problem) => refusedResource(compilation, problem)),
      ...findMissingReferences(resources).map(({ typeUrl, name, from }) =>
        pipelineIssue(
          'CH3003',
          pathOf(compilation, from),
          `${shortType(from.typeUrl)} ${from.name} refers to ${shortType(typeUrl)} ${name}, which does not exist`,
        ),
      ),
    ];
    if (outcome.snapshot === undefined || issues.length > 0) return { issues };
    previous = outcome.snapshot;
    previousModel = model;
    return { issues, good: { model, compilation, snapshot: outcome.snapshot } };
  };

  return {
    build: async () => {
      const { issues, config, sound, positions, files, contentHash } = await loader.load();
      const context = resolveContext(options, previousModel);
      const resolved = config === undefined ? { issues: mistakesInSoundRest(sound, context) } : resolver.resolve(config, context);
      const unenforced = resolved.model === undefined ? [] : enforcementProblems(resolved.model);
      const known = [...issues, ...resolved.issues, ...unenforced];
      if (resolved.model === undefined || unenforced.length > 0) return { issues: known, positions, files, contentHash, compiles: 0 };
      const compiled = compileModel(resolved.model);
      const expiring = certificateWarnings(resolved.model, options.nowMs());
      return { ...compiled, issues: [...known, ...compiled.issues, ...expiring], positions, files, contentHash, compiles: 1 };
    },
  };
}

function compilerOver(api: EnvoyApi): Compiler {
  return createCompiler({ versionOf: (policy) => policyVersion(api, policy), revisionOf: (table) => tableRevision(api, table) });
}

function resolveContext({ nowMs, isServing }: PipelineOptions, previous: Model | undefined): ResolveContext {
  const serving = previous === undefined ? {} : { previous };
  return { nowMs: nowMs(), ...(isServing === true ? { serving } : {}) };
}

/** Where endpoints come from is a part of the revision, although no resource says it: an assignment is empty before its source has answered. */
function sourcesOf({ discovery }: Compilation): ReadonlyMap<string, string> {
  return new Map(discovery.map((service) => [nameOfService(service.owner.name), sourceKey(service)]));
}

function resourceInput({ kind, name, message }: CompiledResource, sources: ReadonlyMap<string, string>): ResourceInput {
  const variant = kind === 'ClusterLoadAssignment' ? sources.get(name) : undefined;
  return { typeUrl: TYPE_URLS[kind], name, message, ...(variant === undefined ? {} : { variant }) };
}

/** O5: what Envoy would refuse is told at the line it was made from. */
function refusedResource(compilation: Compilation, problem: SnapshotProblem): Issue {
  const field = formatProtoPath(problem.path);
  const what = `${shortType(problem.typeUrl)} ${problem.name}`;
  const message = `Envoy would refuse ${what}: ${field === '' ? 'it' : field} ${problem.message}`;
  return pipelineIssue('CH3001', pathOf(compilation, problem), message);
}

function pathOf(
  { resources, sourceMap }: Compilation,
  { typeUrl, name, path }: Pick<SnapshotProblem, 'typeUrl' | 'name' | 'path'>,
): ConfigPath {
  const resource = resources.find((candidate) => candidate.name === name && TYPE_URLS[candidate.kind] === typeUrl);
  if (resource === undefined) return [];
  return sourceMap.find(resource.kind, name, path) ?? resource.path;
}

function pipelineIssue(code: PipelineIssueCode, path: ConfigPath, message: string): Issue {
  return { code, severity: 'error', path, message };
}

function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
