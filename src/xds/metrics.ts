// What the xDS server counts (T11). Implemented by the telemetry; labels are bounded: never a node or a resource.
import type { CacheListener } from '../lib/cache-listener.ts';
import type { Variant } from './subscription.ts';

export interface XdsLabels {
  readonly gateway: string;
  readonly variant: Variant;
  /** Short type name such as `Cluster`; `other` for types we do not know. */
  readonly type: string;
}

export interface XdsMetrics {
  streamOpened(variant: Variant): void;
  streamClosed(variant: Variant): void;
  request(labels: XdsLabels): void;
  response(labels: XdsLabels, bytes: number): void;
  /** `seconds` from the write of the response to its ACK. */
  ack(labels: XdsLabels, seconds: number): void;
  nack(labels: XdsLabels): void;
  /** A response stayed unanswered until newer data was allowed to overtake it (O2). */
  ackTimedOut(labels: XdsLabels): void;
  /** A stage of make-before-break went on without what it waited for (X76). */
  gateTimedOut(gateway: string, waitedFor: string): void;
  /** A stream was ended with an error, such as `INVALID_ARGUMENT` for bytes that are no request. */
  streamFailed(variant: Variant, status: string): void;
  /** A client asked so fast that its stream was not read for a while (X98). */
  readingPaused(variant: Variant): void;
  /** A response that cannot be cut is larger than its client may take (X95). */
  oversized(labels: XdsLabels): void;
  /** Responses that streams share; built where missed, reused where hit (T5). */
  readonly frames: CacheListener;
  /** Sets of names that streams share (S10). */
  readonly names: CacheListener;
  /** Bytes that are handed to the transport and not written yet, over all streams. */
  writerBytes(bytes: number): void;
}
