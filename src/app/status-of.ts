// The status of one gateway file, from what is served and what the newest build said.
import type { Build, GoodBuild } from '../build/build.ts';
import type { GatewayStatus } from '../build/gateway-status.ts';
import type { Snapshot } from '../snapshot/types.ts';

export interface Served {
  readonly snapshot: Snapshot;
  readonly acceptedAtMs: number;
  /** Absent for what an earlier run kept. */
  readonly good?: GoodBuild;
}

export function statusOf(file: string, served: Served | undefined, newest: Build | undefined): GatewayStatus {
  const isCurrent = newest?.good !== undefined;
  const good = served?.good;
  return {
    ...(served === undefined ? {} : { gateway: served.snapshot.gateway }),
    file,
    serving: served === undefined ? 'nothing' : isCurrent ? 'current' : 'last-good',
    isRestored: served !== undefined && served.good === undefined,
    ...(served === undefined ? {} : { version: served.snapshot.version, acceptedAt: new Date(served.acceptedAtMs).toISOString() }),
    ...(good === undefined ? {} : { counts: good.counts }),
    certificates: good?.certificates ?? {},
    problems: newest?.problems.map(({ view }) => view) ?? [],
    problemCounts: newest?.problemCounts ?? { errors: 0, warnings: 0 },
  };
}
