// What happens to the configuration of one gateway file, for the log, the metrics and those who watch. Types only.
import type { Build, GoodBuild } from '../build/build.ts';
import type { KeptSnapshot } from '../delivery/revision-store.ts';
import type { Snapshot } from '../snapshot/types.ts';

/** What came of one build, or of the start. */
export type GatewayEvent =
  | {
      readonly kind: 'accepted';
      readonly good: GoodBuild;
      readonly build: Build;
      /** What was served before, of this run. */
      readonly before?: GoodBuild;
      readonly previousSnapshot?: Snapshot;
      /** When the build began. */
      readonly startedAtMs: number;
      readonly atMs: number;
      readonly durationMs: number;
    }
  /** Good, and the same resources as are served already (C15). */
  | { readonly kind: 'unchanged'; readonly good: GoodBuild; readonly build: Build; readonly atMs: number; readonly durationMs: number }
  | { readonly kind: 'refused'; readonly build: Build; readonly durationMs: number; readonly isServing: boolean }
  /** The files are broken at start, or take long to read; what an earlier run kept is served (D17, X85). */
  | { readonly kind: 'restored'; readonly kept: KeptSnapshot; readonly isLate: boolean }
  | { readonly kind: 'state-damaged'; readonly file: string; readonly reason: string }
  | { readonly kind: 'state-unwritable'; readonly error: unknown }
  /** A fault of ours or of the machine, not of the configuration. */
  | { readonly kind: 'failed'; readonly error: unknown };
