// What comes of building one gateway's files, as plain data that crosses threads, and who makes it: the seam between the configuration and
// the serving thread (P8). Types only; no model, no compilation, no positions.

import type { ListenerDrain } from '../compiler/drains.ts';
import type { JwtTemplate } from '../compiler/filters/jwt-keys.ts';
import type { SourceTexts } from '../delivery/revision-store.ts';
import type { AskedRequest, Explained } from '../explain/explained.ts';
import type { Result } from '../lib/result.ts';
import type { DeliverySettings } from '../model/delivery-settings.ts';
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { BuildRefusal } from './build-refusal.ts';
import type { ProblemView } from './gateway-status.ts';
import type { ModelChanges } from './model-changes.ts';

/** Text for people: without colours, and with. */
export interface ShownText {
  readonly plain: string;
  readonly colored: string;
}

/** One problem with its printed form: place, line and caret. */
export interface BuildProblem {
  readonly view: ProblemView;
  readonly diagnostic: ShownText;
}

export interface Build {
  /** Of all steps that ran: errors first, the first hundred. */
  readonly problems: readonly BuildProblem[];
  /** How many there are in all. */
  readonly problemCounts: { readonly errors: number; readonly warnings: number };
  /** Equal for equal problems of the same things, wherever they stand. */
  readonly problemsKey: string;
  /** `problems` in the order of files and lines, and a line that counts them; empty without any. */
  readonly text: ShownText;
  /** Files and directories whose change may change the result; known on failure too. */
  readonly files: readonly string[];
  readonly contentHash: string;
  /** Whether it came as far as the compiler: 1, else 0. */
  readonly compiles: number;
  /** Absent when there is any error. */
  readonly good?: GoodBuild;
}

/** Names a good build to the builder that made it. */
export interface BuildName {
  readonly id: number;
}

export interface GoodBuild extends BuildName {
  readonly gateway: string;
  /** Resources, views and the whole are the same objects as in the good build before where nothing changed. */
  readonly snapshot: Snapshot;
  readonly counts: { readonly listeners: number; readonly routes: number; readonly services: number };
  /** Earliest expiry of each certificate chain, in milliseconds since the epoch, by certificate name. */
  readonly certificates: Readonly<Record<string, number>>;
  /** Against the build that was named as `since`; absent where there is none, or it is forgotten. */
  readonly changes?: ModelChanges;
  /** Listeners that lose connections by these changes, and why (B15); absent where `changes` is. */
  readonly drains?: readonly ListenerDrain[];
  /** How it reaches the nodes. */
  readonly delivery: DeliverySettings;
  /** The jwt_authn filter before its keys are known; absent where no policy is compiled to it. */
  readonly jwt?: JwtTemplate;
  /** Services whose endpoints are found while it runs. */
  readonly discovery: readonly DiscoveredService[];
}

/** What a good build makes of a request, or what is wrong with the question (O4). */
export type ExplainOutcome = Result<Explained, string>;

/** Builds one gateway's files. One call at a time. */
export interface Builder {
  /**
   * Reads the files as they are now. Places are known of `since` and of this build afterwards; earlier ones are forgotten. Never rejects for
   * what the user wrote.
   */
  build(since?: BuildName): Promise<Build>;
  /** A build that was just made, refused by what is known beyond its files. */
  refuse(good: BuildName, refusal: BuildRefusal): Promise<Build>;
  /** These files of a build as they are now, secrets masked; undefined where none is configuration. */
  textsOf(files: readonly string[]): Promise<SourceTexts | undefined>;
  /** `file:line` of what a resource was made from; undefined where that is not known, or not known any more. */
  placeOf(good: BuildName, typeUrl: TypeUrl, name: string): Promise<string | undefined>;
  /** Values of the request are not repeated. Undefined where the build is not known any more. */
  explain(good: BuildName, asked: AskedRequest): Promise<ExplainOutcome | undefined>;
}

/** Where builds are made: in this thread or in another. */
export interface Builds {
  /** One for each root file, which remembers what did not change. */
  builderOf(file: string): Builder;
  /** Ends what runs; calls under way reject. */
  stop(): Promise<void>;
}

/** `onFault` is told of faults of the thread that were mended by starting it anew. */
export type CreateBuilds = (onFault: (error: unknown) => void) => Builds;
