// Host names as the machine knows them (D20): the hosts file, the DNS servers with their TTLs, then the system's own search.
import { isIP } from 'node:net';
import type { IpFamily } from '../model/discovery-source.ts';
import type { Addresses, NameLookup, SrvRecord } from './ports.ts';

/** The hosts file and the system tell no TTL. */
export const TTL_UNKNOWN_MS = 5_000;

interface TtlRecord {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** What is needed of Node's `dns`. */
export interface NameServers {
  resolve4(name: string, options: { readonly ttl: true }): Promise<readonly TtlRecord[]>;
  resolve6(name: string, options: { readonly ttl: true }): Promise<readonly TtlRecord[]>;
  resolveSrv(
    name: string,
  ): Promise<readonly { readonly name: string; readonly port: number; readonly priority: number; readonly weight: number }[]>;
}

export interface SystemNamesOptions {
  readonly servers: () => NameServers;
  /** `getaddrinfo`: search domains and other name services. */
  readonly search: (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  /** The text of the hosts file. */
  readonly readHosts: () => Promise<string>;
}

export function createSystemNames(options: SystemNamesOptions): NameLookup {
  const searchInTurn = inTurn(options.search, MOST_SEARCHES);
  return {
    addresses: async (host, family) => {
      if (isIP(host) !== 0) return { ips: [host], ttlMs: Number.MAX_SAFE_INTEGER };
      const written = chosen(family, addressesIn(await options.readHosts().catch(() => ''), host));
      if (written.length > 0) return { ips: written, ttlMs: TTL_UNKNOWN_MS };
      const answered = await askServers(options.servers(), host, family);
      if (answered.ips.length > 0) return answered;
      const found = await searchInTurn(host).catch(asNothing);
      return { ips: chosen(family, byFamily(found.map(({ address }) => address))), ttlMs: TTL_UNKNOWN_MS };
    },
    services: async (name) => {
      const records = await options.servers().resolveSrv(name).catch(asNothing);
      return records.map(({ name: host, port, priority, weight }): SrvRecord => ({ host, port, priority, weight }));
    },
  };
}

/** Each search takes one of the few threads that files are read on too. */
const MOST_SEARCHES = 2;

interface ByFamily {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

function chosen(family: IpFamily, { v4, v6 }: ByFamily): readonly string[] {
  switch (family) {
    case 'v4':
      return v4;
    case 'v6':
      return v6;
    case 'both':
      return [...v4, ...v6];
    case 'preferV4':
      return v4.length > 0 ? v4 : v6;
  }
}

function byFamily(ips: readonly string[]): ByFamily {
  return { v4: ips.filter((ip) => isIP(ip) === 4), v6: ips.filter((ip) => isIP(ip) === 6) };
}

/** `10.0.0.1 orders orders.internal # comment`. */
function addressesIn(hosts: string, name: string): ByFamily {
  const ips = hosts.split('\n').flatMap((line) => {
    const [ip = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    return names.some((each) => each.toLowerCase() === name) ? [ip] : [];
  });
  return byFamily(ips);
}

async function askServers(servers: NameServers, host: string, family: IpFamily): Promise<Addresses> {
  const [v4, v6] = await Promise.all([
    family === 'v6' ? [] : servers.resolve4(host, { ttl: true }).catch(asNothing),
    // Where IPv4 is preferred, an IPv6 answer that fails matters only if there is no IPv4 one.
    family === 'v4' ? [] : servers.resolve6(host, { ttl: true }).catch(family === 'preferV4' ? asFailure : asNothing),
  ]);
  if (v6 instanceof Error && v4.length === 0) throw v6;
  const records = [...v4, ...(v6 instanceof Error ? [] : v6)];
  const ips = chosen(family, byFamily(records.map(({ address }) => address)));
  const ttls = records.filter(({ address }) => ips.includes(address)).map(({ ttl }) => ttl * 1_000);
  return { ips, ttlMs: ttls.length === 0 ? TTL_UNKNOWN_MS : Math.min(...ttls) };
}

/** The name does not exist, or has no such record; a machine without a name server is asked by the system's search alone. */
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']);

function asNothing(error: unknown): readonly never[] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && NOTHING_THERE.has(code)) return [];
  throw error;
}

function asFailure(error: unknown): readonly never[] | Error {
  try {
    return asNothing(error);
  } catch {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** At most so many calls at once; the others wait. */
function inTurn<Input, Output>(call: (input: Input) => Promise<Output>, most: number): (input: Input) => Promise<Output> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (input) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await call(input);
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
