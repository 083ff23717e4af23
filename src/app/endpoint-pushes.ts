// Pushes of endpoints as the admin API sees them: which services take them, what a list must look like, what is pushed now.
import type { Discovery } from '../discovery/discovery.ts';
import type { PushedList, PushKey } from '../discovery/push-board.ts';
import type { Result } from '../lib/result.ts';
import type { Endpoint } from '../model/types.ts';
import { parseEndpointList } from './endpoint-list.ts';

/** A service whose endpoints are pushed. */
export interface PushedService extends PushKey {
  /** A push holds so long unless it says otherwise. */
  readonly ttlMs?: number;
  /** SHA-256 in hex of the token that a write must show. */
  readonly tokenHash?: string;
}

export interface EndpointPushes {
  /** Services of this name that take pushes, of one gateway or of all. */
  find(service: string, gateway?: string): readonly PushedService[];
  /** Checked like `endpoints` of a service. */
  parse(value: unknown): Result<readonly Endpoint[], string>;
  get(key: PushKey): PushedList | undefined;
  /** `ttlMs` absent: until the next push. Takes effect at once; resolves when it will survive a kill (D25). */
  put(key: PushKey, list: { readonly endpoints: readonly Endpoint[]; readonly ttlMs?: number }): Promise<PushedList>;
  /** Likewise. False where nothing was pushed. */
  delete(key: PushKey): Promise<boolean>;
}

export interface EndpointPushesOptions {
  readonly discovery: Pick<Discovery, 'pushes' | 'newest'>;
  readonly gateways: () => readonly string[];
  readonly nowMs: () => number;
  /** After each write, which is done when this is. */
  readonly onWrite: (key: PushKey, list: PushedList | undefined) => Promise<void>;
}

export function createEndpointPushes({ discovery, gateways, nowMs, onWrite }: EndpointPushesOptions): EndpointPushes {
  return {
    find: (service, gateway) =>
      gateways()
        .filter((name) => gateway === undefined || name === gateway)
        .flatMap((name) => pushedServices(discovery, name).filter((each) => each.service === service)),
    parse: parseEndpointList,
    get: (key) => discovery.pushes.get(key),
    put: async (key, { endpoints, ttlMs }) => {
      const pushedAtMs = nowMs();
      const list = { endpoints, pushedAtMs, ...(ttlMs === undefined ? {} : { untilMs: pushedAtMs + ttlMs }) };
      discovery.pushes.put(key, list);
      await onWrite(key, list);
      return list;
    },
    delete: async (key) => {
      const isGone = discovery.pushes.delete(key);
      if (isGone) await onWrite(key, undefined);
      return isGone;
    },
  };
}

function pushedServices(discovery: Pick<Discovery, 'newest'>, gateway: string): readonly PushedService[] {
  return discovery.newest(gateway).flatMap(({ owner, source }) => {
    if (source.kind !== 'push') return [];
    const { ttlMs, tokenHash } = source;
    return [
      {
        gateway,
        service: owner.name,
        ...(ttlMs === undefined ? {} : { ttlMs }),
        ...(tokenHash === undefined ? {} : { tokenHash }),
      },
    ];
  });
}
