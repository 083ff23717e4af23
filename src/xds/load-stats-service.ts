// The load-reporting service: opens a stream for each call and ends all of them.
import type { Denial } from './access.ts';
import { type LoadStatsCall, type LoadStatsContext, LoadStatsStream } from './load-stats-stream.ts';

export const LOAD_STATS_SERVICE = 'envoy.service.load_stats.v3.LoadReportingService';

/** Envoy's own advice for the interval is seconds to minutes (R28). */
export const DEFAULT_LOAD_INTERVAL_MS = 10_000;

export interface LoadStatsService {
  readonly methods: { readonly StreamLoadStats: (call: LoadStatsCall) => void };
  end(): void;
}

export function createLoadStatsService(context: LoadStatsContext): LoadStatsService {
  const streams = new Set<LoadStatsStream>();
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

/** Ends a stream that never began. */
export function refuse(call: Pick<LoadStatsCall, 'emit'>, { code, details }: Denial): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}
