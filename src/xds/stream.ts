// One gRPC stream of one client: reads requests, writes responses one at a time (T4), keeps its timer, reports what it sees. What is
// to be sent is decided by its session; nothing is ever queued here, so a client that does not read costs no memory (X96).
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { ChanceryError } from '../lib/errors.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DroppedHistory } from './dropped-history.ts';
import type { Frames } from './frames.ts';
import type { XdsLabels, XdsMetrics } from './metrics.ts';
import type { InternNames } from './name-map.ts';
import { type ClientNode, clientNode, gatewayOf } from './node.ts';
import type { PumpQueue } from './pump-queue.ts';
import { type RequestReader, requestReader } from './read-request.ts';
import { namesMeant } from './rejected.ts';
import type { DiscoveryRequest, RequestOutcome } from './request.ts';
import { Session, type SessionTiming } from './session.ts';
import type { StreamSnapshot } from './status.ts';
import type { InFlight, Plan, Variant } from './subscription.ts';
import { typeRules } from './type-rules.ts';
import type { WriteBudget } from './write-budget.ts';

/** What all streams of a server share. */
export interface StreamContext {
  readonly api: EnvoyApi;
  readonly logger: Logger;
  readonly metrics: XdsMetrics;
  readonly frames: Frames;
  readonly intern: InternNames;
  readonly history: DroppedHistory;
  readonly queue: PumpQueue;
  readonly budget: WriteBudget;
  readonly timing: SessionTiming;
  readonly nowMs: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly snapshotOf: (gateway: string) => Snapshot | undefined;
  readonly onWithoutSnapshot: (node: ClientNode) => void;
  readonly onClosed: (stream: XdsStream) => void;
  readonly describeResource: ((typeUrl: TypeUrl, name: string, gateway: string) => string | undefined) | undefined;
}

export interface StreamMethod {
  readonly variant: Variant;
  /** Of a separate service; undefined on an aggregated stream. */
  readonly typeUrl: TypeUrl | undefined;
}

/** Types that one client may ask for, far above what exists. */
const MAX_TYPES = 64;
const MAX_REASON = 2_000;
/** Above this many clusters in one state-of-the-world response Envoy's main thread suffers (T12). */
const MANY_RESOURCES = 2_000;

export class XdsStream {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #method: StreamMethod;
  readonly #context: StreamContext;
  readonly #read: RequestReader;
  readonly #openedAtMs: number;
  #node: ClientNode | undefined;
  #session: Session | undefined;
  #lastSequence = 0;
  #isWriting = false;
  #isClosed = false;
  #isEnding = false;
  #hasWarned = false;
  #freeBudget: (() => void) | undefined;
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(call: ServerDuplexStream<Buffer, Buffer>, method: StreamMethod, context: StreamContext) {
    this.#call = call;
    this.#method = method;
    this.#context = context;
    this.#read = requestReader(context.api, method.variant);
    this.#openedAtMs = context.nowMs();
    context.metrics.streamOpened(method.variant);
    call.on('data', (bytes: Buffer) => this.#guard(() => this.#receive(bytes)));
    call.on('end', () => this.end());
    call.on('cancelled', () => this.#release());
    call.on('close', () => this.#release());
    call.on('error', () => this.#release());
  }

  /** Undefined until the first message. */
  get gateway(): string | undefined {
    return this.#node && gatewayOf(this.#node);
  }

  /** There may be a newer snapshot. */
  retarget(): void {
    this.#context.queue.mark(this);
  }

  /** Sends what is to be sent now; called by the queue. */
  pump(): void {
    this.#guard(() => this.#pump());
  }

  /** Ends with status OK once what is being written is written. */
  end(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    this.#call.end();
    this.#release();
  }

  snapshot(): StreamSnapshot | undefined {
    if (this.#node === undefined || this.#session === undefined) return undefined;
    return { node: this.#node, openedAtMs: this.#openedAtMs, status: this.#session.status() };
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosed || this.#isEnding) return;
    const { node, request } = this.#read(bytes);
    if (this.#session === undefined && !this.#identify(node)) return;
    const session = this.#session;
    const typeUrl = session && this.#typeOf(request, session);
    if (session === undefined || typeUrl === undefined) return;
    this.#aim(session);
    const outcome = session.receive({ ...request, typeUrl }, this.#context.nowMs());
    this.#context.metrics.request(this.#labels(typeUrl));
    this.#report(outcome, request);
    this.#context.queue.mark(this);
  }

  /** The first message must say who asks (X4); later ones may, and change nothing (X3). */
  #identify(said: NodeOutput | undefined): boolean {
    if (said === undefined) {
      this.#fail(status.INVALID_ARGUMENT, 'the first message of a stream must hold the node: its id, and the gateway as its cluster');
      return false;
    }
    const node = clientNode(said);
    this.#node = node;
    this.#session = new Session({
      variant: this.#method.variant,
      isAggregated: this.#method.typeUrl === undefined,
      node,
      timing: this.#context.timing,
      intern: this.#context.intern,
      recentlyDropped: () => this.#context.history.droppedOf(gatewayOf(node)),
      onGateTimedOut: (waitedFor) => this.#onGateTimedOut(waitedFor),
      onAnswerOverdue: ({ typeUrl }) => this.#onAnswerOverdue(typeUrl),
    });
    this.#context.logger.debug({ event: 'xds.stream_opened', ...this.#who(), variant: this.#method.variant }, 'stream opened');
    if (this.#context.snapshotOf(gatewayOf(node)) === undefined) this.#context.onWithoutSnapshot(node);
    return true;
  }

  /** X7, X8. */
  #typeOf(request: DiscoveryRequest, session: Session): TypeUrl | undefined {
    const own = this.#method.typeUrl;
    const typeUrl = request.typeUrl === '' ? own : request.typeUrl;
    if (typeUrl === undefined) this.#fail(status.INVALID_ARGUMENT, 'type_url is required on an aggregated stream');
    else if (own !== undefined && typeUrl !== own) this.#fail(status.INVALID_ARGUMENT, `this service serves ${own}, not ${typeUrl}`);
    else if (session.typeCount >= MAX_TYPES && session.status().types[typeUrl] === undefined) {
      this.#fail(status.INVALID_ARGUMENT, `more than ${MAX_TYPES} resource types on one stream`);
    } else return typeUrl;
    return undefined;
  }

  /** Nothing is answered before there is a snapshot (X85). */
  #aim(session: Session): boolean {
    const snapshot = this.gateway === undefined ? undefined : this.#context.snapshotOf(this.gateway);
    if (snapshot !== undefined) session.setTarget(snapshot, this.#context.nowMs());
    return snapshot !== undefined;
  }

  #pump(): void {
    const session = this.#session;
    if (session === undefined || this.#isClosed || this.#isEnding || this.#isWriting || !this.#aim(session)) return;
    const plan = session.next(this.#context.nowMs());
    if (plan !== undefined) this.#send(session, plan);
    this.#setTimer(session);
  }

  #send(session: Session, plan: Plan): void {
    const frame = this.#context.frames.frame(plan, this.#lastSequence);
    const free = this.#context.budget.reserve(frame.bytes.length, () => this.#context.queue.mark(this));
    if (free === undefined) return;
    session.sent(plan, frame.nonce, this.#context.nowMs());
    this.#lastSequence = frame.sequence;
    this.#freeBudget = free;
    this.#isWriting = true;
    this.#warnOfSize(plan);
    this.#context.metrics.response(this.#labels(plan.view.typeUrl), frame.bytes.length);
    this.#call.write(frame.bytes, (error?: Error | null) => this.#onWritten(error));
  }

  #onWritten(error: Error | null | undefined): void {
    this.#isWriting = false;
    this.#freeBudget?.();
    this.#freeBudget = undefined;
    if (error !== null && error !== undefined) this.#release();
    else this.#context.queue.mark(this);
  }

  #setTimer(session: Session): void {
    const atMs = session.nextDeadlineMs();
    // A timer that fires too early costs one look; one per change of the deadline would cost more.
    if (atMs === undefined || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.#timer?.cancel();
    const cancel = this.#context.after(Math.max(1, atMs - this.#context.nowMs()), () => {
      this.#timer = undefined;
      this.#context.queue.mark(this);
    });
    this.#timer = { atMs, cancel };
  }

  #report({ event, settled }: RequestOutcome, request: DiscoveryRequest): void {
    if (settled === undefined) return;
    const labels = this.#labels(settled.plan.view.typeUrl);
    if (event === 'ack') this.#context.metrics.ack(labels, (this.#context.nowMs() - settled.sentAtMs) / 1000);
    if (event !== 'nack') return;
    this.#context.metrics.nack(labels);
    this.#logRefusal(settled, request.error?.message ?? '');
  }

  #logRefusal({ plan, nonce }: InFlight, message: string): void {
    const { typeUrl, version } = plan.view;
    const resources = namesMeant(plan.changed, message).slice(0, 10);
    const sources = resources.flatMap((name) => this.#context.describeResource?.(typeUrl, name, this.gateway ?? '') ?? []);
    const fields = { ...this.#who(), type_url: typeUrl, nonce, version, resources, reason: message.slice(0, MAX_REASON) };
    const source = sources.length === 0 ? {} : { source: sources.join(', ') };
    this.#context.logger.warn({ event: 'xds.nack', ...fields, ...source }, `a node refused a ${typeRules(typeUrl).label} response`);
  }

  #warnOfSize(plan: Plan): void {
    if (this.#hasWarned || plan.variant === 'delta' || plan.entries.length <= MANY_RESOURCES) return;
    this.#hasWarned = true;
    const fields = { event: 'xds.large_sotw', ...this.#who(), type_url: plan.view.typeUrl, resources: plan.entries.length };
    this.#context.logger.warn(fields, 'a client takes all resources anew at each change; let its bootstrap use DELTA_GRPC');
  }

  #onGateTimedOut(waitedFor: string): void {
    this.#context.metrics.gateTimedOut(this.gateway ?? '', waitedFor);
    this.#context.logger.warn(
      { event: 'xds.gate_timed_out', ...this.#who(), waited_for: waitedFor },
      `went on without an answer about ${waitedFor}`,
    );
  }

  #onAnswerOverdue(typeUrl: TypeUrl): void {
    this.#context.metrics.ackTimedOut(this.#labels(typeUrl));
    this.#context.logger.warn({ event: 'xds.ack_timed_out', ...this.#who(), type_url: typeUrl }, 'a response stays unanswered');
  }

  #who(): { readonly gateway: string; readonly node_id: string } {
    return { gateway: this.gateway ?? '', node_id: this.#node?.id ?? '' };
  }

  #labels(typeUrl: TypeUrl): XdsLabels {
    return { gateway: this.gateway ?? '', variant: this.#method.variant, type: typeRules(typeUrl).label };
  }

  /** A mistake of one client, or of ours, ends that stream only (T2). */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const isClients = error instanceof ChanceryError && error.code === 'ERR_DECODE';
      if (!isClients) this.#context.logger.error({ event: 'xds.stream_failed', ...this.#who(), err: error }, 'a stream failed');
      this.#fail(isClients ? status.INVALID_ARGUMENT : status.INTERNAL, isClients ? error.message : 'internal error');
    }
  }

  #fail(code: status, details: string): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    // grpc-js takes the status of a stream from its error event.
    this.#call.emit('error', Object.assign(new Error(details), { code, details }));
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#freeBudget?.();
    this.#session = undefined;
    this.#context.queue.remove(this);
    this.#context.metrics.streamClosed(this.#method.variant);
    this.#context.onClosed(this);
  }
}
