// What one stream tells the log, the metrics and the progress of its node. Sends nothing and decides nothing.
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { XdsLabels, XdsMetrics } from './metrics.ts';
import { type ClientNode, gatewayOf } from './node.ts';
import type { Exchange, ProgressListener, TrafficListener } from './progress.ts';
import { namesMeant } from './rejected.ts';
import type { InFlight, Plan, Variant } from './subscription.ts';
import { typeRules } from './type-rules.ts';

/** `file:line` where a resource of a gateway was written, for the log of refusals. */
export type DescribeResource = (typeUrl: TypeUrl, name: string, gateway: string) => Promise<string | undefined> | string | undefined;

export interface StreamReportOptions {
  readonly logger: Logger;
  readonly metrics: XdsMetrics;
  readonly nowMs: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly describeResource: DescribeResource | undefined;
  readonly progress: ProgressListener;
  readonly traffic?: TrafficListener | undefined;
}

const MAX_REASON = 2_000;
const MAX_RESOURCES = 10;
/** Longest wait of a log line for the places of its resources. */
const DESCRIBE_MS = 2_000;
/** Responses are cut by the bytes of their resources; what comes around those is a little more. */
const OVERHEAD = 1.1;
/** Above this many clusters in one state-of-the-world response Envoy's main thread suffers (T12). */
const MANY_RESOURCES = 2_000;

export class StreamReport {
  readonly #options: StreamReportOptions;
  readonly #variant: Variant;
  #node: ClientNode | undefined;
  #hasWarnedOfSize = false;
  #hasWarnedOfBytes = false;
  #hasWarnedOfRate = false;

  constructor(options: StreamReportOptions, variant: Variant) {
    this.#options = options;
    this.#variant = variant;
  }

  opened(node: ClientNode): void {
    this.#node = node;
    this.#options.logger.debug({ event: 'xds.stream_opened', ...this.#who(), variant: this.#variant }, 'stream opened');
  }

  request(typeUrl: TypeUrl): void {
    this.#options.metrics.request(this.#labels(typeUrl));
  }

  response(plan: Plan, bytes: number): void {
    this.#options.metrics.response(this.#labels(plan.view.typeUrl), bytes);
    this.#warnOfSize(plan);
    if (bytes > OVERHEAD * plan.limits.maxResponseBytes) this.#oversized(plan, bytes);
    if (this.#options.traffic !== undefined) this.#options.traffic.sent({ ...this.#exchange(plan), bytes });
  }

  accepted({ plan, sentAtMs }: InFlight): void {
    const durationMs = this.#options.nowMs() - sentAtMs;
    this.#options.metrics.ack(this.#labels(plan.view.typeUrl), durationMs / 1_000);
    if (this.#options.traffic !== undefined) this.#options.traffic.accepted({ ...this.#exchange(plan), durationMs });
    this.#tellOfCompanion();
  }

  /** `target`: what the response was sent for. */
  refused({ plan, nonce }: InFlight, message: string, target: Snapshot | undefined): void {
    const { typeUrl, version, resources } = plan.view;
    const names = namesMeant(plan.changed, message);
    this.#options.metrics.nack(this.#labels(typeUrl));
    const fields = { ...this.#who(), type_url: typeUrl, nonce, version, resources: names.slice(0, MAX_RESOURCES) };
    void this.#logRefusal({ ...fields, reason: message.slice(0, MAX_REASON) });
    this.#tellOfCompanion();
    if (this.#node === undefined || target === undefined) return;
    this.#options.progress.refused?.({
      node: this.#node,
      target,
      typeUrl,
      resources: names.map((name) => ({ name, version: resources.get(name)?.version ?? '' })),
      message,
      atMs: this.#options.nowMs(),
    });
  }

  #tellOfCompanion(): void {
    const node = this.#node;
    if (node?.companion !== undefined) this.#options.progress.companionAnswered?.(node, this.#options.nowMs());
  }

  /** `names`: clusters that were waited for, if that is known. */
  gateTimedOut({ waitedFor, names }: { readonly waitedFor: string; readonly names: readonly string[] }): void {
    this.#options.metrics.gateTimedOut(this.#gateway(), waitedFor);
    const resources = names.length === 0 ? {} : { resources: names.slice(0, MAX_RESOURCES) };
    const fields = { event: 'xds.gate_timed_out', ...this.#who(), waited_for: waitedFor, ...resources };
    this.#options.logger.warn(fields, `went on without an answer about ${waitedFor}`);
  }

  answerOverdue(typeUrl: TypeUrl): void {
    this.#options.metrics.ackTimedOut(this.#labels(typeUrl));
    this.#options.logger.warn({ event: 'xds.ack_timed_out', ...this.#who(), type_url: typeUrl }, 'a response stays unanswered');
  }

  /** The client asks faster than it may (X98). */
  readingPaused(): void {
    this.#options.metrics.readingPaused(this.#variant);
    if (this.#hasWarnedOfRate) return;
    this.#hasWarnedOfRate = true;
    this.#options.logger.warn({ event: 'xds.reading_paused', ...this.#who() }, 'a client asks faster than it is read');
  }

  /** A fault of ours. */
  failed(error: unknown): void {
    this.#options.logger.error({ event: 'xds.stream_failed', ...this.#who(), err: error }, 'a stream failed');
  }

  async #logRefusal(
    fields: Readonly<Record<string, unknown>> & { readonly type_url: TypeUrl; readonly resources: readonly string[] },
  ): Promise<void> {
    const label = typeRules(fields.type_url).label;
    const sources = await this.#places(fields.type_url, fields.resources);
    const source = sources.length === 0 ? {} : { source: sources.join(', ') };
    this.#options.logger.warn({ event: 'xds.nack', ...fields, ...source }, `a node refused a ${label} response`);
  }

  /** Those that are found in time. */
  async #places(typeUrl: TypeUrl, names: readonly string[]): Promise<readonly string[]> {
    const { describeResource, after } = this.#options;
    if (describeResource === undefined) return [];
    let cancel = (): void => {};
    const patience = new Promise<undefined>((resolve) => {
      cancel = after(DESCRIBE_MS, () => resolve(undefined));
    });
    const places = names.map(async (name) => {
      try {
        return await Promise.race([describeResource(typeUrl, name, this.#gateway()), patience]);
      } catch {
        return undefined;
      }
    });
    const found = await Promise.all(places);
    cancel();
    return found.filter((place) => place !== undefined);
  }

  #warnOfSize(plan: Plan): void {
    if (this.#hasWarnedOfSize || plan.variant === 'delta' || plan.entries.length <= MANY_RESOURCES) return;
    this.#hasWarnedOfSize = true;
    const fields = { event: 'xds.large_sotw', ...this.#who(), type_url: plan.view.typeUrl, resources: plan.entries.length };
    this.#options.logger.warn(fields, 'a client takes all resources anew at each change; let its bootstrap use DELTA_GRPC');
  }

  /** State of the world of a full-state type, or one resource: these cannot be cut (X95). */
  #oversized({ view, limits }: Plan, bytes: number): void {
    this.#options.metrics.oversized(this.#labels(view.typeUrl));
    if (this.#hasWarnedOfBytes) return;
    this.#hasWarnedOfBytes = true;
    const fields = { event: 'xds.oversized_response', ...this.#who(), type_url: view.typeUrl, bytes, limit: limits.maxResponseBytes };
    this.#options.logger.warn(fields, 'a response is larger than the client may take, and cannot be sent in parts');
  }

  #exchange({ view, changed, removed }: Plan): Exchange {
    const { label } = typeRules(view.typeUrl);
    return {
      gateway: this.#gateway(),
      nodeId: this.#node?.id ?? '',
      type: label,
      version: view.version,
      changes: changed.length + removed.length,
    };
  }

  #who(): { readonly gateway: string; readonly node_id: string } {
    return { gateway: this.#gateway(), node_id: this.#node?.id ?? '' };
  }

  #labels(typeUrl: TypeUrl): XdsLabels {
    return { gateway: this.#gateway(), variant: this.#variant, type: typeRules(typeUrl).label };
  }

  #gateway(): string {
    return this.#node === undefined ? '' : gatewayOf(this.#node);
  }
}
