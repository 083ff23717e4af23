// The time fields of a RouteAction. `timeout` is the time for the whole call, whoever the caller is.
import type { ForwardAction } from '../model/types.ts';
import { duration } from '../proto/duration.ts';
import type { RouteAction } from '../proto/generated/envoy/config/route/v3/RouteAction.ts';

/** Envoy's own bound on the silence of a stream, set on the listeners. */
export const STREAM_IDLE_TIMEOUT_MS = 300_000;

/**
 * For gRPC the time is also a maximum stream duration (G13): only so is the caller's `grpc-timeout` honoured, capped by the route's, and
 * answered with DEADLINE_EXCEEDED instead of UNAVAILABLE. Not for other calls: Envoy ignores `timeout` where `max_stream_duration`
 * stands, and would cut WebSockets by it.
 */
export function compileTimeouts(action: ForwardAction, isGrpc: boolean): Partial<RouteAction> {
  const timeout = duration(action.timeoutMs === 'none' ? 0 : action.timeoutMs);
  const idleMs = idleTimeoutMs(action);
  return {
    timeout,
    ...(isGrpc ? { max_stream_duration: { max_stream_duration: timeout, grpc_timeout_header_max: timeout } } : {}),
    ...(idleMs === undefined ? {} : { idle_timeout: duration(idleMs) }),
  };
}

/** A timeout above Envoy's idle timeout raises that too, else a slow answer would be cut before its time. */
function idleTimeoutMs({ timeoutMs, idleTimeoutMs: idleMs }: ForwardAction): number | undefined {
  if (idleMs !== undefined) {
    return idleMs === 'none' ? 0 : idleMs;
  }
  return timeoutMs !== 'none' && timeoutMs > STREAM_IDLE_TIMEOUT_MS ? timeoutMs : undefined;
}
