// The options of the gRPC server (T1): limits, and how a client that vanished is noticed.
import type { ServerOptions } from '@grpc/grpc-js';

/** A client is pinged so often while it has a stream, and gone if it does not answer for so long. */
export interface Keepalive {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

export interface ChannelSettings {
  /** Connections end after about so long (T7). Default: never. */
  readonly maxConnectionAgeMs?: number;
  /** Default 30 s, and 60 s: a busy Envoy answers late. */
  readonly keepalive?: Keepalive;
}

const MAX_REQUEST_BYTES = 64 * 1024 * 1024;
/** Separate streams: one for each subscription. */
const MAX_STREAMS = 10_000;

export function channelOptions({ maxConnectionAgeMs, keepalive }: ChannelSettings): ServerOptions {
  return {
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': keepalive?.everyMs ?? 30_000,
    'grpc.keepalive_timeout_ms': keepalive?.timeoutMs ?? 60_000,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.enable_channelz': 0,
    ...(maxConnectionAgeMs === undefined ? {} : { 'grpc.max_connection_age_ms': maxConnectionAgeMs }),
  };
}
