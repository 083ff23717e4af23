// The xDS server: gRPC services over the targets of all gateways, aggregated and separate, state of the world and delta. It opens and
// ends streams and wakes them when targets change; what a stream is sent is decided elsewhere.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type Access, OPEN_ACCESS } from '../grpc/access.ts';
import { endedWithin } from '../grpc/ended-within.ts';
import { ChanceryError } from '../lib/errors.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { channelOptions, type Keepalive } from './channel-options.ts';
import type { ClientStream } from './client-status-service.ts';
import { createConnectionAges } from './connection-ages.ts';
import { createDroppedHistory, type DroppedHistory } from './dropped-history.ts';
import { createFrames } from './frames.ts';
import { loggedAccess } from './logged-access.ts';
import type { XdsMetrics } from './metrics.ts';
import { createNameInterner } from './name-map.ts';
import { clientNode } from './node.ts';
import { createNodeProgress, NO_PROGRESS } from './node-progress.ts';
import type { ProgressListener, TrafficListener } from './progress.ts';
import { createPumpQueue } from './pump-queue.ts';
import type { RequestRateOptions } from './request-rate.ts';
import { addServices, type ServicesOptions } from './services.ts';
import type { SessionTiming, TargetWaits } from './session-options.ts';
import { type NodeStatus, nodeStatuses } from './status.ts';
import { XdsStream } from './stream.ts';
import type { StreamContext } from './stream-context.ts';
import { StreamEndings } from './stream-endings.ts';
import type { DescribeResource } from './stream-report.ts';
import type { TargetSource } from './targets.ts';
import { createWaitingNodes } from './waiting-nodes.ts';
import { WriteBudget } from './write-budget.ts';

export interface XdsServerOptions extends ServicesOptions {
  /** Who may do what. Default: everybody everything, for loopback. */
  readonly access?: Access;
  /** TLS. Default: plain text. */
  readonly credentials?: ServerCredentials;
  /** Told how the nodes get on. */
  readonly progress?: ProgressListener;
  /** Told of every response and ACK. */
  readonly traffic?: TrafficListener;
  readonly metrics: XdsMetrics;
  /** `control_plane.identifier`: tells replicas apart, stable for one (X15). */
  readonly identifier: string;
  readonly nowMs: () => number;
  /** A text that no other process gives; begins every nonce. */
  readonly random: () => string;
  /** What targets dropped, where more than the streams of this server are to know it. Default: one of its own. */
  readonly history?: DroppedHistory;
  /** Default `DEFAULT_TIMING`. */
  readonly timing?: Partial<SessionTiming>;
  /** How fast one stream may ask (X98). */
  readonly requestRate?: RequestRateOptions;
  /** Calls `run` after `ms` and returns what cancels it. Default: a timer that keeps no process alive. */
  readonly after?: (ms: number, run: () => void) => () => void;
  readonly describeResource?: DescribeResource;
  /** How many clients come in at once (T9, D26). */
  readonly admission?: Omit<AdmissionOptions, 'nowMs' | 'after'>;
  /** From this age on clients are asked to connect anew, so that they spread over replicas (T7, D24). Default: never. */
  readonly maxConnectionAgeMs?: number;
  /** Default: that of T1. */
  readonly keepalive?: Keepalive;
}

export interface XdsServer {
  /** Listens and gives the port, which differs from the one asked for only if that was 0. Rejects with ERR_PORT_IN_USE. */
  listen(address: Address): Promise<number>;
  /** The open streams whose node is known; of one node, where `of` is given. */
  clients(of?: { readonly gateway: string; readonly id: string }): readonly ClientStream[];
  /** The nodes of all open streams, sorted by gateway and id. */
  nodes(): readonly NodeStatus[];
  /**
   * Takes no new streams and ends all with OK: at once, or one after the other over at most `spreadMs` (default 0), each when nothing is
   * under way (T8, D24). Then cuts what is left after `graceMs` (default 1,000).
   */
  close(options?: { readonly graceMs?: number; readonly spreadMs?: number }): Promise<void>;
}

export const DEFAULT_TIMING: SessionTiming = {
  gateMs: 5_000,
  targetMs: 10_000,
  resumeMs: 20_000,
  lingerMs: 30_000,
  separateDelayMs: 1_000,
  childrenDelayMs: 500,
  ackMs: 60_000,
};

export function createXdsServer(options: XdsServerOptions): XdsServer {
  const streams = new Set<XdsStream>();
  const context = streamContext(options);
  const endings = new StreamEndings(streams, context);
  const server = new Server(channelOptions(options));
  const clients: XdsServer['clients'] = (of) =>
    [...streams].flatMap((stream) => (of === undefined || stream.isOf(of) ? (stream.client() ?? []) : []));
  const services = addServices(server, options, {
    access: context.access,
    open: (call, method) => {
      const stream = new XdsStream(call, method, context);
      streams.add(stream);
      stream.whenClosed(() => {
        streams.delete(stream);
        endings.onClosed();
      });
    },
    clients: () => clients(),
  });
  const unsubscribe = followTargets(options.targets, streams, context);
  return {
    listen: (address) => listen(server, address, options.credentials ?? ServerCredentials.createInsecure()),
    clients,
    nodes: () => nodeStatuses([...streams].flatMap((stream) => stream.snapshot() ?? [])),
    close: async ({ graceMs = 1_000, spreadMs = 0 } = {}) => {
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      services.end();
      await endings.endWithin(spreadMs);
      unsubscribe();
      for (const stream of streams) stream.end();
      await endedWithin(closed, { server, after: context.after, graceMs });
      context.budget.close();
      context.admission.close();
    },
  };
}

/** Gives the function that ends it. */
function followTargets(targets: TargetSource, streams: ReadonlySet<XdsStream>, context: StreamContext): () => void {
  for (const gateway of targets.gateways()) noteNewcomers(gateway, context);
  return targets.subscribe((gateway) => {
    noteNewcomers(gateway, context);
    context.frames.clear();
    for (const stream of streams) if (stream.gateway === gateway) stream.retarget();
  });
}

/** What a node would get that comes now, whether or not one does: another server may have given it to one before (D25). */
function noteNewcomers(gateway: string, { history, targetFor }: StreamContext): void {
  const target = targetFor(clientNode({ cluster: gateway }));
  if (target !== undefined) history.note(target);
}

function streamContext(options: XdsServerOptions): StreamContext {
  const { api, logger, metrics, nowMs, targets, progress } = options;
  const after = options.after ?? afterMs;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const salt = options.random();
  return {
    api,
    access: options.access === undefined ? OPEN_ACCESS : loggedAccess(options.access, logger),
    admission: new Admission({ ...options.admission, nowMs, after }),
    ages: createConnectionAges({ maxAgeMs: options.maxConnectionAgeMs, salt, nowMs }),
    logger,
    metrics,
    nowMs,
    after,
    timing,
    requestRate: options.requestRate,
    progress: progress ?? {},
    traffic: options.traffic,
    nodes: progress === undefined ? NO_PROGRESS : createNodeProgress(progress, nowMs),
    history: options.history ?? createDroppedHistory({ keepMs: LINGERS_REMEMBERED * timing.lingerMs, nowMs }),
    frames: createFrames({
      prefix: salt,
      identifier: options.identifier,
      cache: metrics.frames,
    }),
    intern: createNameInterner({ cache: metrics.names }),
    queue: createPumpQueue(nowMs),
    budget: new WriteBudget({ nowMs, after, onChange: (bytes) => metrics.writerBytes(bytes) }),
    targetFor: (node) => targets.targetFor(node),
    waitsFor: (gateway) => waitsFor(targets, gateway),
    onWithoutTarget: createWaitingNodes({ logger, targets, after }),
    describeResource: options.describeResource,
  };
}

/** A client that was away for longer than this many lingers has lost its claim on what was dropped. */
export const LINGERS_REMEMBERED = 10;

function waitsFor(targets: TargetSource, gateway: string): TargetWaits {
  const lingerMs = targets.lingerMsOf?.(gateway);
  const warmUpMs = targets.warmUpMsOf?.(gateway);
  return { ...(lingerMs === undefined ? {} : { lingerMs }), ...(warmUpMs === undefined ? {} : { warmUpMs }) };
}

function afterMs(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

interface Address {
  readonly host: string;
  readonly port: number;
}

function listen(server: Server, { host, port }: Address, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new ChanceryError('ERR_PORT_IN_USE', `xDS cannot listen on ${address}: ${error.message}`, {
            cause: error,
            remedy: 'choose another --xds-port',
          }),
        );
    });
  });
}
