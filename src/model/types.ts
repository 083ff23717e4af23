// What the user meant: defaulted, cross-referenced, deeply readonly. Knows neither YAML nor Envoy. Times are milliseconds.
// `path` leads back into the merged configuration, from where positions come; it never influences a resource byte (C15).
import type { ConfigPath } from '../lib/issue.ts';
import type { Secret } from '../lib/secret.ts';
import type { AuthModel, RouteAuth } from './auth/types.ts';
import type { TrustedCa } from './ca-source.ts';
import type { HeaderMatch, QueryMatch } from './condition.ts';
import type { CorsPolicy } from './cors.ts';
import type { RolloutSettings } from './delivery-settings.ts';
import type { Discovery } from './discovery-source.ts';
import type { Fault } from './fault.ts';
import type { LimitsModel } from './limits/types.ts';
import type { OutlierDetection } from './outlier-detection.ts';
import type { PathHandling } from './path-handling.ts';
import type { Runtime } from './runtime.ts';

export type { TrustedCa } from './ca-source.ts';
export type { OutlierDetection } from './outlier-detection.ts';
export type { PathHandling } from './path-handling.ts';

export interface Model {
  /** Equals Envoy's node.cluster. */
  readonly gateway: string;
  /** Sorted by name. */
  readonly listeners: readonly Listener[];
  /** Sorted by name; only `like`-resolved, defaulted services. */
  readonly services: readonly Service[];
  /** Sorted by name. Precedence (C1) is decided by the compiler. */
  readonly routes: readonly Route[];
  /** Top-level `certificates`, sorted by name. */
  readonly certificates: readonly Certificate[];
  readonly accessLog?: AccessLog;
  readonly runtime?: Runtime;
  /** Who may call what; absent: the file has no auth section at all. */
  readonly auth?: AuthModel;
  /** How often who may call; absent: the file has no limits. */
  readonly limits?: LimitsModel;
  /** How revisions reach the nodes; absent: `DEFAULT_ROLLOUT`. */
  readonly rollout?: RolloutSettings;
  /** Much may be removed at once (D18). */
  readonly allowLargeRemoval?: true;
}

export interface AccessLog {
  readonly path: ConfigPath;
  /** `/dev/stdout`, `/dev/stderr` or a file path on Envoy's machine. */
  readonly file: string;
}

// ---- listeners -------------------------------------------------------------------------------------------------------

export interface Listener {
  readonly name: string;
  readonly path: ConfigPath;
  readonly address: string;
  readonly port: number;
  readonly tls?: ListenerTls;
  /** Answers every request with a redirect to this scheme and serves no routes. */
  readonly redirect?: { readonly scheme: 'http' | 'https'; readonly port?: number; readonly code: RedirectCode };
  /** X-Forwarded-For entries from the right that are our own proxies. 0: the peer address is the client. */
  readonly trustedHops: number;
  readonly paths: PathHandling;
  /** What happens to requests with a `_` in the name of a header; absent: they are answered 400. */
  readonly underscores?: 'drop' | 'keep';
  /** Proxies fetch the routes of a host when the first request for it comes (VHDS). */
  readonly onDemandHosts?: true;
}

export type TlsVersion = '1.2' | '1.3';

export interface ListenerTls {
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly alpn: readonly string[];
  /** At least one; Envoy chooses by SNI, the first is used when none fits. */
  readonly certificates: readonly Certificate[];
  readonly clientAuth?: { readonly ca: TrustedCa; readonly mode: 'require' | 'optional' };
}

export interface Certificate {
  /** Name of a top-level certificate; for one written inside a listener: `<listener>/<primary name of the leaf>/<key type>`. */
  readonly name: string;
  readonly path: ConfigPath;
  /** Normalised PEM, leaf first (B1, B2). */
  readonly chain: string;
  readonly key: Secret;
  /** Milliseconds since the epoch, the earliest of the chain. */
  readonly notAfterMs: number;
}

// ---- services --------------------------------------------------------------------------------------------------------

export type Protocol = 'http1' | 'h2' | 'grpc' | 'auto';

export interface Service {
  readonly name: string;
  readonly path: ConfigPath;
  /** In the user's order without meaning; the compiler sorts. May be empty: a service without endpoints answers 503 (B20). */
  readonly endpoints: readonly Endpoint[];
  /** Endpoints are found while the gateway runs: host names among `endpoints`, or lists from elsewhere (D19). */
  readonly discovery?: Discovery;
  readonly protocol: Protocol;
  readonly loadBalancer: LoadBalancer;
  readonly circuitBreaker: CircuitBreaker;
  readonly outlierDetection?: OutlierDetection;
  readonly healthCheck?: HealthCheck;
  readonly connectTimeoutMs: number;
  readonly tls?: UpstreamTls;
}

export type EndpointAddress =
  | { readonly kind: 'ip'; readonly ip: string; readonly port: number }
  | { readonly kind: 'dns'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface Endpoint {
  readonly path: ConfigPath;
  readonly address: EndpointAddress;
  /** 1 and up; default 1. */
  readonly weight: number;
  /** 0 is tried first; default 0. */
  readonly priority: number;
  readonly zone?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The host name that an IP address was found by. */
  readonly hostname?: string;
}

export type LoadBalancer =
  | { readonly kind: 'roundRobin' }
  | { readonly kind: 'leastRequest'; readonly choices: number }
  | { readonly kind: 'random' }
  | { readonly kind: 'maglev'; readonly by: HashKey; readonly tableSize: number }
  | { readonly kind: 'ringHash'; readonly by: HashKey; readonly minRingSize: number; readonly maxRingSize: number };

/** What a consistent hash hashes; routes to the service carry it. */
export type HashKey =
  | { readonly kind: 'clientIp' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string; readonly ttlMs?: number; readonly cookiePath?: string };

export interface CircuitBreaker {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  /** Ignored by Envoy where `retryBudget` is set. */
  readonly maxRetries: number;
  readonly retryBudget?: { readonly percent: number; readonly minConcurrency: number };
}

export interface HealthCheck {
  readonly path: ConfigPath;
  readonly check:
    | {
        readonly kind: 'http';
        readonly requestPath: string;
        readonly host?: string;
        readonly expectedStatuses: readonly { readonly from: number; readonly to: number }[];
      }
    | { readonly kind: 'tcp' }
    | { readonly kind: 'grpc'; readonly service?: string; readonly authority?: string };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

export interface UpstreamTls {
  readonly path: ConfigPath;
  readonly ca: TrustedCa;
  /** SNI and the name the certificate must carry. Default: the endpoints' common DNS name; absent: no SNI, chain checked only. */
  readonly sni?: string;
  /** Names of which the server certificate must carry one (exact SAN). Default: [sni]. */
  readonly subjectAltNames: readonly string[];
  /** Name of a top-level certificate. */
  readonly clientCertificate?: string;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}

// ---- routes ----------------------------------------------------------------------------------------------------------

export interface Route {
  readonly name: string;
  readonly path: ConfigPath;
  /** Names of listeners, sorted; never empty. */
  readonly listeners: readonly string[];
  /** Lower case, sorted; `*` alone means any; `*.example.com` any depth below. Never empty. */
  readonly hostnames: readonly string[];
  /** OR between items. Never empty: a route without `matches` has one that matches everything. */
  readonly matches: readonly RouteMatch[];
  /** Wins over everything but the host (C1). Default 0; higher first. */
  readonly priority: number;
  readonly action: RouteAction;
  readonly requestHeaders: HeaderChanges;
  readonly responseHeaders: HeaderChanges;
  readonly cors?: CorsPolicy;
  readonly fault?: Fault;
  /** Absent: public, because the gateway has no auth or nothing is forwarded. */
  readonly auth?: RouteAuth;
  /** Names of limits, in the order written, each once; absent: none. */
  readonly limits?: readonly string[];
}

/** AND between the conditions. */
export interface RouteMatch {
  readonly path: ConfigPath;
  readonly pathMatch?: PathMatch;
  /** Upper case, sorted; empty: any. */
  readonly methods: readonly string[];
  readonly headers: readonly HeaderMatch[];
  readonly query: readonly QueryMatch[];
  /** True for matches written as `grpc:`; only gRPC requests (content-type application/grpc…) match. */
  readonly grpcOnly: boolean;
  /** Takes the preflight requests of another match (preflight.ts); nobody wrote it. */
  readonly isPreflight?: true;
}

export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  /** Whole segments; `/` matches all. Never ends in `/` except for `/`. */
  | { readonly kind: 'prefix'; readonly value: string }
  /** `/orders/{id}/items/{item}`: each `{name}` is one segment; a last `{name=**}` is the rest. */
  | { readonly kind: 'template'; readonly value: string }
  /** RE2, whole path. */
  | { readonly kind: 'regex'; readonly value: string };

export type RouteAction = ForwardAction | RedirectAction | RespondAction;

export interface ForwardAction {
  readonly kind: 'forward';
  /** At least one; weights are 0 and up with a positive sum. */
  readonly backends: readonly WeightedBackend[];
  readonly mirrors: readonly { readonly service: string; readonly percent: number }[];
  readonly rewrite?: Rewrite;
  readonly timeoutMs: number | 'none';
  /** Longest silence of a stream; Envoy's default (5 min) where absent. */
  readonly idleTimeoutMs?: number | 'none';
  readonly retry?: Retry;
}

export interface WeightedBackend {
  readonly path: ConfigPath;
  readonly service: string;
  readonly weight: number;
}

export interface Rewrite {
  readonly host?: string;
  /** The service's own host name is sent as Host/:authority. */
  readonly hostFromService: boolean;
  readonly pathRewrite?:
    | { readonly kind: 'prefix'; readonly value: string }
    | { readonly kind: 'full'; readonly value: string }
    | { readonly kind: 'template'; readonly value: string }
    | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string };
}

export interface Retry {
  readonly attempts: number;
  readonly retryOn: readonly string[];
  readonly retriableStatusCodes: readonly number[];
  readonly perTryTimeoutMs?: number;
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
}

export type RedirectCode = 301 | 302 | 303 | 307 | 308;

export interface RedirectAction {
  readonly kind: 'redirect';
  readonly code: RedirectCode;
  readonly scheme?: 'http' | 'https';
  readonly host?: string;
  readonly port?: number;
  readonly pathRewrite?: { readonly kind: 'prefix' | 'full'; readonly value: string };
  readonly stripQuery: boolean;
}

export interface RespondAction {
  readonly kind: 'respond';
  readonly status: number;
  readonly body?: string;
  /** In place of `body`: with Envoy's %COMMANDS%. Nobody writes it. */
  readonly format?: string;
  readonly contentType?: string;
}

export interface HeaderChanges {
  /** Lower-case name → value; replaces. Keys sorted. */
  readonly set: Readonly<Record<string, string>>;
  /** Appends. Keys sorted. */
  readonly add: Readonly<Record<string, string>>;
  /** Sorted. */
  readonly remove: readonly string[];
}
