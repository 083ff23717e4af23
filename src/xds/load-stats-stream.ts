// One stream of the load-reporting service (R28, R29): says what to report and how often, and passes on what is reported. A client that
// reports nothing is left alone.
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Access } from '../grpc/access.ts';
import { ChanceryError } from '../lib/errors.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { NodeOutput } from '../proto/generated/envoy/config/core/v3/Node.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { TypeView } from '../snapshot/types.ts';
import { withoutIdleClusters } from './idle-clusters.ts';
import type { LoadReports, ReportingNode } from './load-reports.ts';
import { type ClientNode, clientNode, gatewayOf } from './node.ts';
import { readClusterStats } from './read-load-stats.ts';
import type { TargetSource } from './targets.ts';

export interface LoadStatsContext {
  readonly api: EnvoyApi;
  readonly access: Access;
  readonly targets: Pick<TargetSource, 'targetFor'>;
  readonly loadReports: Pick<LoadReports, 'record' | 'forget'>;
  /** How often a client of a gateway with so many clusters is told to report. */
  readonly intervalMs: (clusters: number) => number;
}

export type LoadStatsCall = ServerDuplexStream<Buffer, Buffer>;

/** Of one report, far above what a gateway has. */
const MAX_SERVICES = 20_000;

const SENDS_ALL = 'envoy.lrs.supports_send_all_clusters';

/** Serves the call to its end; `onClosed` is told once. Reports of gateways that are not served are passed over: anybody may name one. */
export class LoadStatsStream {
  readonly #call: LoadStatsCall;
  readonly #context: LoadStatsContext;
  readonly #onClosed: (stream: LoadStatsStream) => void;
  #node: ClientNode | undefined;
  #sendsAll = false;
  /** The newest answer: another one is sent only if it differs, for it restarts the client's timers. */
  #told: string | undefined;
  #isClosed = false;

  constructor(call: LoadStatsCall, context: LoadStatsContext, onClosed: (stream: LoadStatsStream) => void) {
    this.#call = call;
    this.#context = context;
    this.#onClosed = onClosed;
    call.on('data', (bytes: Buffer) => this.#receive(bytes));
    call.on('end', () => this.end());
    for (const event of ['cancelled', 'close', 'error']) call.on(event, () => this.#release());
  }

  /** Ends with status OK. */
  end(): void {
    if (this.#isClosed) return;
    this.#call.end();
    this.#release();
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosed) return;
    try {
      const message = this.#context.api.decode('envoy.service.load_stats.v3.LoadStatsRequest', withoutIdleClusters(bytes));
      const node = this.#node ?? this.#identify(message.node);
      if (node === undefined) return;
      if (this.#told !== undefined && this.#context.targets.targetFor(node) !== undefined) {
        const reports = (message.cluster_stats ?? []).slice(0, MAX_SERVICES).map(readClusterStats);
        this.#context.loadReports.record(reporting(node), reports);
      }
      this.#tell(node);
    } catch (error) {
      const isClients = error instanceof ChanceryError && error.code === 'ERR_DECODE';
      this.#fail(isClients ? status.INVALID_ARGUMENT : status.INTERNAL, isClients ? error.message : 'internal error');
    }
  }

  #identify(said: NodeOutput | null | undefined): ClientNode | undefined {
    if (said === undefined || said === null) {
      this.#fail(status.INVALID_ARGUMENT, 'the first message of a stream must hold the node: its id, and the gateway as its cluster');
      return undefined;
    }
    const node = clientNode(said);
    const denial = this.#context.access.permit(this.#call, node);
    if (denial !== undefined) {
      this.#fail(denial.code, denial.details);
      return undefined;
    }
    this.#sendsAll = said.client_features?.includes(SENDS_ALL) ?? false;
    this.#node = node;
    return node;
  }

  #tell(node: ClientNode): void {
    const view = this.#context.targets.targetFor(node)?.views.get(TYPE_URLS.Cluster);
    const intervalMs = this.#context.intervalMs(view?.resources.size ?? 0);
    const text = `${intervalMs} ${this.#sendsAll ? '' : view?.version}`;
    if (text === this.#told) return;
    const answer = {
      ...(this.#sendsAll ? { send_all_clusters: true } : { clusters: clustersOf(view) }),
      load_reporting_interval: { seconds: Math.floor(intervalMs / 1_000), nanos: (intervalMs % 1_000) * 1e6 },
    };
    this.#told = text;
    this.#call.write(this.#context.api.encode('envoy.service.load_stats.v3.LoadStatsResponse', answer));
  }

  #fail(code: status, details: string): void {
    if (this.#isClosed) return;
    // grpc-js takes the status of a stream from its error event.
    this.#call.emit('error', Object.assign(new Error(details), { code, details }));
  }

  #release(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#node !== undefined) this.#context.loadReports.forget(reporting(this.#node));
    this.#onClosed(this);
  }
}

/** The empty name stands first because some gRPC clients skip the first one (R28). */
function clustersOf(view: TypeView | undefined): readonly string[] {
  return ['', ...(view?.resources.keys() ?? [])];
}

function reporting(node: ClientNode): ReportingNode {
  return { gateway: gatewayOf(node), id: node.id };
}
