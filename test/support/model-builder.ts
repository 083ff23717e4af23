// Models made by hand: each function gives a complete value with plain defaults, of which a test overrides what it is about.
import { Secret } from '../../src/lib/secret.ts';
import type {
  Certificate,
  Endpoint,
  ForwardAction,
  Listener,
  ListenerTls,
  Model,
  PathMatch,
  RedirectAction,
  Route,
  RouteMatch,
  Service,
  UpstreamTls,
} from '../../src/model/types.ts';

/** Lists are sorted by name, as `resolve` does. */
export function aModel(parts: Partial<Model> = {}): Model {
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return {
    gateway: 'edge',
    ...parts,
    listeners: (parts.listeners ?? [aListener()]).toSorted(byName),
    services: (parts.services ?? []).toSorted(byName),
    routes: (parts.routes ?? []).toSorted(byName),
    certificates: (parts.certificates ?? []).toSorted(byName),
  };
}

export function aListener(parts: Partial<Listener> = {}): Listener {
  const name = parts.name ?? 'http';
  return {
    name,
    path: ['listeners', name],
    address: '127.0.0.1',
    port: 10_000,
    trustedHops: 0,
    paths: { escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' },
    ...parts,
  };
}

export function aListenerTls(parts: Partial<ListenerTls> = {}): ListenerTls {
  return { minVersion: '1.2', maxVersion: '1.3', alpn: ['h2', 'http/1.1'], certificates: [aCertificate()], ...parts };
}

export function aCertificate(name = 'shop', chain = 'a chain', key = 'a key'): Certificate {
  return { name, path: ['certificates', name], chain, key: new Secret(key), notAfterMs: 4_000_000_000_000 };
}

export function aService(name: string, parts: Partial<Service> = {}): Service {
  return {
    name,
    path: ['services', name],
    endpoints: [anEndpoint('10.0.0.1:8080')],
    protocol: 'http1',
    loadBalancer: { kind: 'roundRobin' },
    circuitBreaker: { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3 },
    connectTimeoutMs: 5000,
    ...parts,
  };
}

/** `10.0.0.1:80`, `[::1]:80`, `orders.internal:80` or `unix:/run/orders.sock`. */
export function anEndpoint(address: string, parts: Partial<Endpoint> = {}): Endpoint {
  return { path: ['services', 'any', 'endpoints', 0], address: parseAddress(address), weight: 1, priority: 0, metadata: {}, ...parts };
}

function parseAddress(text: string): Endpoint['address'] {
  if (text.startsWith('unix:')) {
    return { kind: 'unix', path: text.slice('unix:'.length) };
  }
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  return /^[\d.]+$|:/.test(host) ? { kind: 'ip', ip: host, port } : { kind: 'dns', host, port };
}

export function anUpstreamTls(parts: Partial<UpstreamTls> = {}): UpstreamTls {
  return {
    path: ['services', 'any', 'tls'],
    ca: { kind: 'system' },
    sni: 'orders.internal',
    subjectAltNames: ['orders.internal'],
    minVersion: '1.2',
    maxVersion: '1.3',
    ...parts,
  };
}

/** A route from everything on listener `http` to the service of its own name. */
export function aRoute(name: string, parts: Partial<Route> = {}): Route {
  return {
    name,
    path: ['routes', name],
    listeners: ['http'],
    hostnames: ['*'],
    matches: [aMatch()],
    priority: 0,
    action: forwardTo(name),
    requestHeaders: { set: {}, add: {}, remove: [] },
    responseHeaders: { set: {}, add: {}, remove: [] },
    ...parts,
  };
}

/** The path is written `=/exact`, `/prefix`, `/template/{id}` or `~regex`. */
export function aMatch(path?: string, parts: Partial<RouteMatch> = {}): RouteMatch {
  return {
    path: ['matches', path ?? 'any'],
    ...(path === undefined ? {} : { pathMatch: aPath(path) }),
    methods: [],
    headers: [],
    query: [],
    grpcOnly: false,
    ...parts,
  };
}

export function aPath(text: string): PathMatch {
  if (text.startsWith('=')) {
    return { kind: 'exact', value: text.slice(1) };
  }
  if (text.startsWith('~')) {
    return { kind: 'regex', value: text.slice(1) };
  }
  return { kind: text.includes('{') ? 'template' : 'prefix', value: text };
}

/** Weights beside the names make a split: `forwardTo({'orders-v1': 90, 'orders-v2': 10})`. */
export function forwardTo(backends: string | Readonly<Record<string, number>>, parts: Partial<ForwardAction> = {}): ForwardAction {
  const weights = typeof backends === 'string' ? { [backends]: 1 } : backends;
  return {
    kind: 'forward',
    backends: Object.entries(weights).map(([service, weight]) => ({ path: ['backends', service], service, weight })),
    mirrors: [],
    timeoutMs: 15_000,
    ...parts,
  };
}

export function redirectTo(parts: Partial<RedirectAction> = {}): RedirectAction {
  return { kind: 'redirect', code: 301, stripQuery: false, ...parts };
}
