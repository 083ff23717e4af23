// What the keys of descriptors are here: parts of requests, or constants of routes. Keys that Envoy's actions fix are known; others are named by
// who imports (`--map`).

export type KeyMeaning =
  /** A part of the key of a limit. `isSure`: by `--map`, or because Envoy gives the key no other meaning. */
  | { readonly kind: 'part'; readonly part: string; readonly isSure: boolean }
  /** The same text in every request of a route: routes with different ones name different limits. */
  | { readonly kind: 'constant'; readonly isSure: boolean };

/** What `--map KEY=constant` says. */
export const CONSTANT = 'constant';

const KNOWN: ReadonlyMap<string, KeyMeaning> = new Map<string, KeyMeaning>([
  ['remote_address', { kind: 'part', part: 'client.ip', isSure: true }],
  ['destination_cluster', { kind: 'part', part: 'service', isSure: true }],
  // Actions whose texts are written in Envoy's configuration.
  ['generic_key', { kind: 'constant', isSure: true }],
  ['header_match', { kind: 'constant', isSure: true }],
  ['query_match', { kind: 'constant', isSure: true }],
  ['remote_address_match', { kind: 'constant', isSure: true }],
  // The cluster that an Envoy is itself started with: one for each gateway.
  ['source_cluster', { kind: 'constant', isSure: true }],
  ...(['path', ':path'] as const).map((key) => [key, { kind: 'part', part: 'path', isSure: false }] as const),
  ...(['method', ':method', 'http_method'] as const).map((key) => [key, { kind: 'part', part: 'method', isSure: false }] as const),
  ...([':authority', 'authority', 'host'] as const).map((key) => [key, { kind: 'part', part: 'header.host', isSure: false }] as const),
]);
const MASKED = 'masked_remote_address';
const NETWORK = /^\d{1,3}(?:\.\d{1,3}){3}\/(\d{1,2})$/;

/** By `--map` first; undefined where nothing is known. `values`: those that the files have for the key. */
export function keyMeaning(key: string, values: Iterable<string>, map: ReadonlyMap<string, string>): KeyMeaning | undefined {
  const mapped = map.get(key);
  if (mapped === CONSTANT) return { kind: 'constant', isSure: true };
  if (mapped !== undefined) return { kind: 'part', part: mapped, isSure: true };
  if (key !== MASKED) return KNOWN.get(key);
  const bits = new Set([...values].flatMap((value) => NETWORK.exec(value)?.[1] ?? []));
  const [only] = bits;
  return only === undefined || bits.size > 1 ? undefined : { kind: 'part', part: `client.net/${only}`, isSure: false };
}

/** What to write for a key that nothing is known of. */
export function mappingHint(key: string): string {
  if (key === MASKED) return `--map ${key}=client.net/24`;
  const header = key.toLowerCase().replaceAll('_', '-');
  return /^[a-z0-9-]+$/.test(header) ? `--map ${key}=header.${header.startsWith('x-') ? '' : 'x-'}${header}` : `--map '${key}=header.NAME'`;
}

/** Whether requests may lack it: Envoy then sends no such descriptor. */
export function mayLack(part: string): boolean {
  return /^(?:header|query|jwt|apiKey|grpc)\./.test(part) && part !== 'header.host';
}
