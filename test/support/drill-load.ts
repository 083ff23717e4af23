// The load of a drill: HTTP/1.1 over kept connections and over new ones, and gRPC, to several proxies at once. Nothing may fail; what did is
// reported with the proxy's own word on it, its access log line.
import type { Envoy } from './envoy.ts';
import { grpcRequest } from './grpc-call.ts';
import type { ConnectionTarget, HttpRequest } from './http-client.ts';
import { type Load, type LoadFailure, type LoadOptions, startLoad } from './load.ts';

export interface LoadedProxy {
  readonly name: string;
  readonly envoy: Pick<Envoy, 'accessLog'>;
  readonly port: number;
  /** Where it listens for another port of the file. */
  readonly portOf?: (ofFile: number) => number;
}

export interface DrillLoadOptions {
  readonly proxies: readonly LoadedProxy[];
  /** Path prefix of the HTTP requests; the number of the request follows. Default `/orders/`. */
  readonly path?: string;
  /** Path of the gRPC calls. Default `/shop.v1.Orders/Get`; null: none are made. */
  readonly grpc?: string | null;
  /** Without TLS, as above. Default true. */
  readonly plain?: boolean;
  /** Further load on every proxy, under its name. */
  readonly more?: Readonly<Record<string, DrillLoadKind>>;
}

export interface DrillLoadKind extends Pick<LoadOptions, 'request' | 'perSecond' | 'connections'> {
  /** The port is one of the file; default: that of the other load. */
  readonly target: Omit<ConnectionTarget, 'port'> & { readonly port?: number };
}

export interface DrillFailure extends LoadFailure {
  readonly proxy: string;
  readonly kind: string;
  /** What Envoy wrote of the request; undefined where it wrote none. */
  readonly accessLog: Readonly<Record<string, unknown>> | undefined;
}

export interface DrillLoadReport {
  readonly sent: number;
  readonly failures: readonly DrillFailure[];
  /** Names of the upstreams that answered, sorted. */
  readonly reached: string;
}

export interface DrillLoad {
  /** Waits until every kind of load at every proxy has had so many answers more. */
  more(count: number): Promise<void>;
  stop(): Promise<DrillLoadReport>;
}

/** Answers may be slow on a busy machine, which is no failure; none at all is one. */
const TIMEOUT_MS = 30_000;
const MOST_UNDER_WAY = 30;

interface Running {
  readonly proxy: LoadedProxy;
  readonly kind: string;
  readonly load: Load;
}

/** 150 requests a second to each proxy. */
export async function startDrillLoad(options: DrillLoadOptions): Promise<DrillLoad> {
  const running = await Promise.all(options.proxies.flatMap((proxy) => loadsOf(proxy, options)));
  return {
    more: async (count) => void (await Promise.all(running.map(({ load }) => load.more(count)))),
    stop: async () => {
      const reports = await Promise.all(running.map(async (each) => ({ ...each, report: await each.load.stop() })));
      return {
        sent: reports.reduce((sum, { report }) => sum + report.sent, 0),
        failures: reports.flatMap(({ proxy, kind, report }) =>
          report.failures.map((failure) => ({ ...failure, proxy: proxy.name, kind, accessLog: logLine(proxy, kind, failure.n) })),
        ),
        reached: [...new Set(reports.flatMap(({ report }) => [...report.byUpstream.keys()]))].sort().join(),
      };
    },
  };
}

const TOLD = [
  'time',
  'path',
  'status',
  'grpc_status',
  'flags',
  'code_details',
  'route',
  'upstream_cluster',
  'upstream_host',
  'upstream_failure',
];

/** A failure as a person wants to read it. */
export function describeFailure({ proxy, kind, n, atMs, tookMs, problem, accessLog }: DrillFailure): string {
  const log = accessLog === undefined ? 'no line in the access log' : JSON.stringify(accessLog, TOLD);
  return `${proxy}, ${kind} ${n}, at ${atMs} ms, after ${tookMs} ms: ${problem}\n    ${log}`;
}

function loadsOf(proxy: LoadedProxy, options: DrillLoadOptions): Promise<Running>[] {
  const kinds = { ...(options.plain === false ? {} : plainLoad(options)), ...options.more };
  return Object.entries(kinds).map(async ([kind, options]) => {
    const tagged = (n: number): HttpRequest => tag(options.request(n), `${kind} ${n}`);
    const port = options.target.port === undefined ? proxy.port : (proxy.portOf?.(options.target.port) ?? options.target.port);
    const target = { ...options.target, port };
    return {
      proxy,
      kind,
      load: await startLoad({ ...options, target, request: tagged, lateAfterMs: TIMEOUT_MS, mostUnderWay: MOST_UNDER_WAY }),
    };
  });
}

function plainLoad({ path = '/orders/', grpc = '/shop.v1.Orders/Get' }: DrillLoadOptions): Readonly<Record<string, DrillLoadKind>> {
  const http = (n: number): HttpRequest => ({ path: `${path}${n}` });
  return {
    kept: { target: {}, request: http, perSecond: 60 },
    fresh: { target: {}, request: http, perSecond: 40, connections: 0 },
    ...(grpc === null ? {} : { grpc: { target: { http: '2' }, request: () => grpcRequest(grpc, Buffer.from('x')), perSecond: 50 } }),
  };
}

/** The user agent carries which request it was into the access log. */
function tag(request: HttpRequest, agent: string): HttpRequest {
  return { timeoutMs: TIMEOUT_MS, ...request, headers: { ...request.headers, 'user-agent': agent } };
}

function logLine({ envoy }: LoadedProxy, kind: string, n: number): DrillFailure['accessLog'] {
  return envoy.accessLog().findLast(({ user_agent: agent }) => agent === `${kind} ${n}`);
}
