// Makes plain data of what the pipeline gives: problems as text with their places, and of the model what the serving thread needs to know.
import { hash } from 'node:crypto';
import { type FormatOptions, formatIssues, formatSingleIssue } from '../config/diagnostics.ts';
import type { Positions } from '../config/source.ts';
import type { Issue } from '../lib/issue.ts';
import { deliveryOf } from '../model/delivery-of.ts';
import type { Model } from '../model/types.ts';
import type { Build, BuildProblem, GoodBuild, ShownText } from './build.ts';
import { certificatesOf } from './certificate-expiry.ts';
import { withWholeFiles } from './discovered-files.ts';
import { countProblems, problemView, shownIssues } from './gateway-problems.ts';
import { listenerDrains } from './listener-drains.ts';
import { modelChanges } from './model-changes.ts';
import type { DetailedBuild, DetailedGood } from './pipeline.ts';

export interface PlainBuildOptions {
  /** Of the good build, where there is one. */
  readonly id: number;
  /** What its changes are told against. */
  readonly since: Model | undefined;
  /** File names below it are printed relative to it. */
  readonly cwd: string;
}

export function plainBuild(detailed: DetailedBuild, { id, since, cwd }: PlainBuildOptions): Build {
  const { issues, positions, files, contentHash, compiles, good } = detailed;
  const shown = shownIssues(issues);
  return {
    problems: shown.map((issue) => buildProblem(issue, positions, cwd)),
    problemCounts: countProblems(issues),
    problemsKey: problemsKey(issues),
    text: inBoth((color) => `${formatIssues(shown, positions, { color, cwd })}${moreLine(issues.length - shown.length)}`),
    files,
    contentHash,
    compiles,
    ...(good === undefined ? {} : { good: plainGood(good, id, { since, positions }) }),
  };
}

interface GoodContext {
  readonly since: Model | undefined;
  readonly positions: Positions;
}

function plainGood({ model, compilation, snapshot }: DetailedGood, id: number, { since, positions }: GoodContext): GoodBuild {
  const { gateway, listeners, routes, services } = model;
  return {
    id,
    gateway,
    snapshot,
    counts: { listeners: listeners.length, routes: routes.length, services: services.length },
    certificates: Object.fromEntries([...certificatesOf(model)].map(([name, { notAfterMs }]) => [name, notAfterMs])),
    ...(since === undefined ? {} : { changes: modelChanges(since, model), drains: listenerDrains(since, model) }),
    delivery: deliveryOf(model),
    ...(compilation.jwt === undefined ? {} : { jwt: compilation.jwt }),
    discovery: withWholeFiles(compilation.discovery, services, positions),
  };
}

function buildProblem(issue: Issue, positions: Positions, cwd: string): BuildProblem {
  return { view: problemView(issue, positions), diagnostic: inBoth((color) => formatSingleIssue(issue, positions, { color, cwd })) };
}

function inBoth(format: (color: FormatOptions['color']) => string): ShownText {
  return { plain: format(false), colored: format(true) };
}

function moreLine(rest: number): string {
  return rest > 0 ? `and ${rest} problems more; \`chancery validate\` prints all\n` : '';
}

function problemsKey(issues: readonly Issue[]): string {
  const told = issues.map(({ code, message, path, position }) => [code, message, position === undefined ? path : position]);
  return hash('sha256', JSON.stringify(told));
}
