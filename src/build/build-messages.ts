// What the serving thread and the build thread say to each other. Types only; everything is plain data. Private keys are in it as bytes of
// resources and nowhere else.

import type { SourceTexts } from '../delivery/revision-store.ts';
import type { AskedRequest } from '../explain/explained.ts';
import type { SnapshotParcel } from '../snapshot/parcel.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { Build, ExplainOutcome, GoodBuild } from './build.ts';
import type { BuildRefusal } from './build-refusal.ts';
import type { DiscoveryParcel } from './discovery-parcel.ts';

export type BuildRequest =
  /** `id` names the build if it is good; `since` as in `Builder.build`. */
  | { readonly kind: 'build'; readonly id: number; readonly file: string; readonly since?: number }
  | { readonly kind: 'refuse'; readonly id: number; readonly file: string; readonly build: number; readonly refusal: BuildRefusal }
  | { readonly kind: 'texts'; readonly id: number; readonly file: string; readonly files: readonly string[] }
  | {
      readonly kind: 'place';
      readonly id: number;
      readonly file: string;
      readonly build: number;
      readonly typeUrl: TypeUrl;
      readonly name: string;
    }
  | { readonly kind: 'explain'; readonly id: number; readonly file: string; readonly build: number; readonly asked: AskedRequest };

/** A good build, its snapshot and its services under discovery in the form that travels. */
export type SentBuild = Omit<Build, 'good'> & { readonly good?: SentGood };

type SentGood = Omit<GoodBuild, 'snapshot' | 'discovery'> & { readonly parcel: SnapshotParcel; readonly discoveryParcel: DiscoveryParcel };

/** `id` is that of the request. */
export type BuildAnswer =
  | { readonly kind: 'built'; readonly id: number; readonly build: SentBuild }
  | { readonly kind: 'place'; readonly id: number; readonly place?: string }
  | { readonly kind: 'texts'; readonly id: number; readonly texts?: SourceTexts }
  | { readonly kind: 'explain'; readonly id: number; readonly outcome?: ExplainOutcome }
  /** A fault of ours: the request threw. */
  | { readonly kind: 'failed'; readonly id: number; readonly error: Error };

/** The end of a channel that the build thread has. */
export interface BuildPort {
  postMessage(answer: BuildAnswer, transfer: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (request: BuildRequest) => void): unknown;
}

/** The thread as the serving thread sees it. */
export interface BuildThread {
  postMessage(request: BuildRequest): void;
  on(event: 'message', listener: (answer: BuildAnswer) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}
