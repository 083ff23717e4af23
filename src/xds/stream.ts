// One gRPC stream of one client: reads requests, writes responses one at a time (T4), keeps its timer, reports what it sees. What is
// to be sent is decided by its session; nothing is ever queued here, so a client that does not read costs no memory (X96).
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { ChanceryError } from '../lib/errors.ts';
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import { Alarm } from './alarm.ts';
import type { ClientStream } from './client-status-service.ts';
import type { Retirement } from './connection-ages.ts';
import { FirstPush } from './first-push.ts';
import { audienceOf, type ClientNode, clientNode, gatewayOf } from './node.ts';
import type { StreamProgress } from './node-progress.ts';
import { type RequestReader, requestReader } from './read-request.ts';
import type { DiscoveryRequest } from './request.ts';
import { RequestRate } from './request-rate.ts';
import { Session } from './session.ts';
import type { SessionOutcome } from './session-options.ts';
import type { StreamSnapshot } from './status.ts';
import type { StreamContext, StreamMethod } from './stream-context.ts';
import { StreamReport } from './stream-report.ts';
import type { Plan } from './subscription.ts';

/** Types that one client may ask for, far above what exists. */
const MAX_TYPES = 64;
const BREAK_MS = 50;

export class XdsStream {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #method: StreamMethod;
  readonly #context: StreamContext;
  readonly #read: RequestReader;
  readonly #openedAtMs: number;
  readonly #report: StreamReport;
  readonly #alarm: Alarm;
  #node: ClientNode | undefined;
  #session: Session | undefined;
  #progress: StreamProgress | undefined;
  readonly #rate: RequestRate;
  #lastSequence = 0;
  #isWriting = false;
  #isClosed = false;
  #isEnding = false;
  #freeBudget: (() => void) | undefined;
  readonly #firstPush: FirstPush;
  #retirement: Retirement | undefined;
  readonly #closers: (() => void)[] = [];

  constructor(call: ServerDuplexStream<Buffer, Buffer>, method: StreamMethod, context: StreamContext) {
    this.#call = call;
    this.#method = method;
    this.#context = context;
    this.#read = requestReader(context.api, method.variant, context.intern.known);
    this.#openedAtMs = context.nowMs();
    this.#rate = new RequestRate(context.requestRate);
    this.#report = new StreamReport(context, method.variant);
    this.#alarm = new Alarm(context, () => context.queue.mark(this));
    this.#firstPush = new FirstPush(context.admission, () => context.queue.mark(this));
    context.metrics.streamOpened(method.variant);
    this.#age(call.getPeer());
    this.#closers.push(context.admission.enter(() => this.#listen()));
    call.on('end', () => this.#onEnd());
    for (const event of ['cancelled', 'close', 'error']) call.on(event, () => this.#release());
  }

  /** Calls `run` when the stream has ended, for whatever reason. */
  whenClosed(run: () => void): void {
    this.#closers.push(run);
  }

  /** Undefined until the first message. */
  get gateway(): string | undefined {
    return this.#node && gatewayOf(this.#node);
  }

  isOf({ gateway, id }: { readonly gateway: string; readonly id: string }): boolean {
    return this.#node?.id === id && this.#node.cluster === gateway;
  }

  /** There may be a newer target. */
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

  /** Ends with status OK from then on, as soon as it has answered its client and nothing is under way (D24, X12). */
  retire(retirement: Retirement): void {
    this.#retirement = retirement;
    this.#context.queue.mark(this);
  }

  snapshot(): StreamSnapshot | undefined {
    if (this.#node === undefined || this.#session === undefined) return undefined;
    return { node: this.#node, openedAtMs: this.#openedAtMs, status: this.#session.status() };
  }

  client(): ClientStream | undefined {
    return this.#node && this.#session && { node: this.#node, subscriptions: this.#session.subscriptions() };
  }

  /** Of a companion it matters whether it says that it goes; a stream that breaks ends too, a moment before it says that it broke. */
  #onEnd(): void {
    if (this.#node?.companion === undefined || this.#isEnding) return this.end();
    this.#context.after(BREAK_MS, () => {
      if (this.#progress !== undefined && !this.#isClosed) this.#context.nodes.leaves(this.#progress);
      this.end();
    });
  }

  #age(peer: string): void {
    const { retirement, closed } = this.#context.ages.opened(peer);
    this.#retirement = retirement;
    this.#closers.push(closed);
  }

  #listen(): void {
    this.#call.on('data', (bytes: Buffer) => this.#guard(() => this.#receive(bytes)));
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#pauseReading();
    const { node, request } = this.#read(bytes);
    if (this.#session === undefined && !this.#identify(node)) return;
    const session = this.#session;
    const typeUrl = session && this.#typeOf(request, session);
    if (session === undefined || typeUrl === undefined) return;
    this.#aim(session);
    const outcome = session.receive({ ...request, typeUrl }, this.#context.nowMs());
    this.#report.request(typeUrl);
    this.#tell(outcome, request);
    this.#context.queue.mark(this);
  }

  /** X98: what is not read waits at the client. */
  #pauseReading(): void {
    const waitMs = this.#rate.count(this.#context.nowMs());
    if (waitMs === 0) return;
    this.#call.pause();
    this.#report.readingPaused();
    this.#context.after(waitMs, () => {
      if (!this.#isClosed) this.#call.resume();
    });
  }

  /** The first message must say who asks (X4); later ones may, and change nothing (X3). */
  #identify(said: NodeOutput | undefined): boolean {
    if (said === undefined) {
      this.#fail(status.INVALID_ARGUMENT, 'the first message of a stream must hold the node: its id, and the gateway as its cluster');
      return false;
    }
    const node = clientNode(said);
    const denial = this.#context.access.permit(this.#call, node);
    if (denial !== undefined) {
      this.#fail(denial.code, denial.details);
      return false;
    }
    this.#node = node;
    this.#session = new Session({
      variant: this.#method.variant,
      isAggregated: this.#method.typeUrl === undefined,
      node,
      timing: this.#context.timing,
      intern: this.#context.intern,
      recentlyDropped: () => this.#context.history.droppedOf(audienceOf(node)),
      onGateTimedOut: (waitedFor) => this.#report.gateTimedOut(waitedFor),
      onAnswerOverdue: ({ typeUrl }) => this.#report.answerOverdue(typeUrl),
    });
    this.#report.opened(node);
    this.#progress = progressOf(node, this.#session);
    this.#context.nodes.joined(this.#progress);
    if (this.#context.targetFor(node) === undefined) this.#context.onWithoutTarget(node);
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

  /** Nothing is answered before there is a target (X85); one that is lost again changes nothing (X86). */
  #aim(session: Session): boolean {
    const target = this.#node && this.#context.targetFor(this.#node);
    if (target === undefined || target === session.target) return session.target !== undefined;
    this.#context.history.note(target);
    session.setTarget(target, this.#context.nowMs(), this.#context.waitsFor(target.gateway));
    return true;
  }

  #pump(): void {
    const session = this.#session;
    if (session === undefined || this.#isClosed || this.#isEnding || this.#isWriting || !this.#aim(session)) return;
    const plan = session.next(this.#context.nowMs());
    if (plan !== undefined) this.#send(session, plan);
    else this.#firstPush.rest(!session.isAwaitingAnswer);
    this.#alarm.set(session.nextDeadlineMs());
    if (this.#progress !== undefined) this.#context.nodes.looked(this.#progress);
    this.#retireIfDue(session);
  }

  #send(session: Session, plan: Plan): void {
    const frame = this.#context.frames.frame(plan, this.#lastSequence);
    if (!this.#firstPush.mayWrite(frame.bytes.length, session.isSentAgain(plan))) return;
    const free = this.#context.budget.reserve(frame.bytes.length, () => this.#context.queue.mark(this));
    if (free === undefined) return;
    session.sent(plan, frame.nonce, this.#context.nowMs());
    this.#lastSequence = frame.sequence;
    this.#freeBudget = free;
    this.#isWriting = true;
    this.#report.response(plan, frame.bytes.length);
    this.#call.write(frame.bytes, (error?: Error | null) => this.#onWritten(error));
  }

  #onWritten(error: Error | null | undefined): void {
    this.#isWriting = false;
    this.#firstPush.progressed();
    this.#freeBudget?.();
    this.#freeBudget = undefined;
    if (error !== null && error !== undefined) this.#release();
    else this.#context.queue.mark(this);
  }

  #retireIfDue(session: Session): void {
    const retirement = this.#retirement;
    // Never before the first response: clients count that as a failure (X12).
    if (retirement === undefined || this.#lastSequence === 0 || this.#isWriting) return;
    const nowMs = this.#context.nowMs();
    const isDue = nowMs >= retirement.byMs || (nowMs >= retirement.atMs && session.isAtRest);
    if (isDue) this.end();
    else this.#alarm.set(nowMs < retirement.atMs ? retirement.atMs : retirement.byMs);
  }

  #tell({ event, settled, target }: SessionOutcome, { error }: DiscoveryRequest): void {
    if (settled === undefined) return;
    this.#firstPush.progressed();
    if (event === 'ack') this.#report.accepted(settled);
    if (event === 'nack') this.#report.refused(settled, error?.message ?? '', target);
  }

  /** A mistake of one client, or of ours, ends that stream only (T2). */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const isClients = error instanceof ChanceryError && error.code === 'ERR_DECODE';
      if (!isClients) this.#report.failed(error);
      this.#fail(isClients ? status.INVALID_ARGUMENT : status.INTERNAL, isClients ? error.message : 'internal error');
    }
  }

  #fail(code: status, details: string): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#context.metrics.streamFailed(this.#method.variant, status[code]);
    // grpc-js takes the status of a stream from its error event.
    this.#call.emit('error', Object.assign(new Error(details), { code, details }));
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#alarm.cancel();
    this.#freeBudget?.();
    this.#firstPush.rest(true);
    if (this.#session?.target !== undefined) this.#context.history.note(this.#session.target);
    if (this.#progress !== undefined) this.#context.nodes.left(this.#progress);
    this.#session = undefined;
    this.#context.queue.remove(this);
    this.#context.metrics.streamClosed(this.#method.variant);
    for (const close of this.#closers) close();
  }
}

function progressOf(node: ClientNode, session: Session): StreamProgress {
  return {
    node,
    target: () => session.target,
    reached: () => session.reached(),
    asksFor: (typeUrl) => session.asksFor(typeUrl),
  };
}
