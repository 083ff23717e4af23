// What the streams of a server share, and what tells them apart by their method. Types only.

import type { Access } from '../grpc/access.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { Admission } from './admission.ts';
import type { ConnectionAges } from './connection-ages.ts';
import type { DroppedHistory } from './dropped-history.ts';
import type { Frames } from './frames.ts';
import type { InternNames } from './name-map.ts';
import type { ClientNode } from './node.ts';
import type { NodeProgress } from './node-progress.ts';
import type { PumpQueue } from './pump-queue.ts';
import type { RequestRateOptions } from './request-rate.ts';
import type { SessionTiming, TargetWaits } from './session-options.ts';
import type { StreamReportOptions } from './stream-report.ts';
import type { Variant } from './subscription.ts';
import type { WriteBudget } from './write-budget.ts';

/** What all streams of a server share. */
export interface StreamContext extends StreamReportOptions {
  readonly api: EnvoyApi;
  readonly access: Access;
  readonly admission: Admission;
  readonly ages: ConnectionAges;
  readonly frames: Frames;
  readonly intern: InternNames;
  readonly history: DroppedHistory;
  readonly queue: PumpQueue;
  readonly budget: WriteBudget;
  readonly nodes: NodeProgress;
  readonly timing: SessionTiming;
  readonly requestRate: RequestRateOptions | undefined;
  readonly targetFor: (node: ClientNode) => Snapshot | undefined;
  readonly waitsFor: (gateway: string) => TargetWaits;
  readonly onWithoutTarget: (node: ClientNode) => void;
}

export interface StreamMethod {
  readonly variant: Variant;
  /** Of a separate service; undefined on an aggregated stream. */
  readonly typeUrl: TypeUrl | undefined;
}
