// How Redis is reached (ratelimit R408), as ioredis wants it. Pure: it reads no file and makes no connection.
import type { RedisOptions } from 'ioredis';
import type { Secret } from '../../lib/secret.ts';

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  /** Name that the certificate must bear. Default: the host. */
  readonly serverName?: string;
}

export interface RedisSettings {
  readonly endpoint:
    | ({ readonly kind: 'single' } & RedisAddress)
    | { readonly kind: 'socket'; readonly path: string }
    | { readonly kind: 'sentinel'; readonly name: string; readonly hosts: readonly RedisAddress[]; readonly password?: Secret }
    | { readonly kind: 'cluster'; readonly hosts: readonly RedisAddress[] };
  /** Default 0; a Cluster has no other. */
  readonly db?: number;
  readonly username?: string;
  readonly password?: Secret;
  readonly tls?: RedisTls;
}

/** What a client is made with. Replies stay as they are. */
export type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

const CONNECT_TIMEOUT_MS = 1_000;
/** A connection that owes an answer for so long is thought dead, whatever the system says (a half-open one says nothing). */
const SILENT_MS = 1_500;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/** Options of one connection, but for where it goes. Nothing is queued, resent or repeated: a re-sent INCRBY counts twice (R408). */
export function connectionOptions(settings: RedisSettings, random: () => number): ClientOptions {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: true,
    enableReadyCheck: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENT_MS,
    keepAlive: 10_000,
    disableClientInfo: true,
    protocol: 2,
    retryStrategy: (times) => retryMs(times, random()),
    ...(settings.db === undefined ? {} : { db: settings.db }),
    ...credentialOptions(settings),
  };
}

/** Who we are: what may be changed while a connection lives (R1008). */
export function credentialOptions({ endpoint, username, password, tls }: RedisSettings): ClientOptions {
  const sentinelPassword = endpoint.kind === 'sentinel' ? endpoint.password : undefined;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    ...(endpoint.kind !== 'sentinel' || tls === undefined ? {} : { sentinelTLS: tlsOptions(tls) }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword: sentinelPassword.reveal() }),
  };
}

/** Where a connection goes that is not to a node of a Cluster. */
export function endpointOptions(settings: RedisSettings, random: () => number): ClientOptions {
  const { endpoint } = settings;
  switch (endpoint.kind) {
    case 'single':
      return { host: endpoint.host, port: endpoint.port };
    case 'socket':
      return { path: endpoint.path };
    case 'sentinel':
      return {
        name: endpoint.name,
        sentinels: [...endpoint.hosts],
        failoverDetector: true,
        sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
        sentinelRetryStrategy: (times) => retryMs(times, random()),
        enableTLSForSentinelMode: settings.tls !== undefined,
      };
    case 'cluster':
      return {};
  }
}

/** From 50 ms on, doubled each time, with jitter. */
function retryMs(times: number, random: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 10)) * (0.5 + random / 2);
}

function tlsOptions({ ca, cert, key, serverName }: RedisTls): NonNullable<RedisOptions['tls']> {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: key.reveal() }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
