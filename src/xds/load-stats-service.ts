// The load-reporting service: opens a stream for each call and ends all of them.

import { refuse } from '../grpc/refuse.ts';
import { type LoadStatsCall, type LoadStatsContext, LoadStatsStream } from './load-stats-stream.ts';

export const LOAD_STATS_SERVICE = 'envoy.service.load_stats.v3.LoadReportingService';

/** Envoy's own advice for the interval is seconds to minutes (R28). */
export const DEFAULT_LOAD_INTERVAL_MS = 10_000;

export interface LoadStatsOptions extends Omit<LoadStatsContext, 'intervalMs'> {
  readonly intervalMs: number;
}

export interface LoadStatsService {
  readonly methods: { readonly StreamLoadStats: (call: LoadStatsCall) => void };
  end(): void;
}

/** Of all clients together: each report names every cluster, whether it had load or not. */
const CLUSTERS_PER_SECOND = 100_000;
const MAX_INTERVAL_MS = 5 * 60_000;

/** `intervalMs`: how often a client reports, as long as that is not too much for all of them together. */
export function createLoadStatsService(options: LoadStatsOptions): LoadStatsService {
  const streams = new Set<LoadStatsStream>();
  const context: LoadStatsContext = { ...options, intervalMs: (clusters) => bearableMs(options.intervalMs, clusters * streams.size) };
  return {
    methods: {
      StreamLoadStats: (call) => {
        const denial = context.access.admit(call);
        if (denial === undefined) streams.add(new LoadStatsStream(call, context, (stream) => streams.delete(stream)));
        else refuse(call, denial);
      },
    },
    end: () => {
      for (const stream of streams) stream.end();
    },
  };
}

/** Doubled until it is bearable: in steps, so that one client more or less does not restart the timers of all. */
function bearableMs(intervalMs: number, clusters: number): number {
  let bearable = intervalMs;
  while (bearable < MAX_INTERVAL_MS && (clusters / bearable) * 1_000 > CLUSTERS_PER_SECOND) bearable *= 2;
  return bearable;
}
