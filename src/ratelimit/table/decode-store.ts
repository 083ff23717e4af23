// Where the counters of a gateway are kept, as its table says. Secrets are named as companions hold them: `<gateway>/<SDS name>`.
import type { RateLimitStoreOutput } from '../../proto/generated/chancery/policy/v1/RateLimitStore.ts';
import type { RedisAddressOutput } from '../../proto/generated/chancery/policy/v1/RedisAddress.ts';
import type { RedisStoreOutput } from '../../proto/generated/chancery/policy/v1/RedisStore.ts';
import type { RedisTlsOutput } from '../../proto/generated/chancery/policy/v1/RedisTls.ts';
import type { RedisAddress } from '../redis/redis-settings.ts';
import { each, positive, required, TableProblem } from './table-problem.ts';

export type StoreSettings = { readonly keySecretName?: string } & (
  | { readonly kind: 'memory'; readonly snapshotFile?: string }
  | ({ readonly kind: 'redis' } & NamedRedis)
);

/** As `RedisSettings`, with names in place of secrets. */
export interface NamedRedis {
  readonly endpoint:
    | ({ readonly kind: 'single' } & RedisAddress)
    | { readonly kind: 'socket'; readonly path: string }
    | { readonly kind: 'sentinel'; readonly name: string; readonly hosts: readonly RedisAddress[]; readonly passwordName?: string }
    | { readonly kind: 'cluster'; readonly hosts: readonly RedisAddress[] };
  readonly db: number;
  readonly username?: string;
  readonly passwordName?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly keyName?: string; readonly serverName?: string };
  readonly timeoutMs: number;
  readonly prefix: string;
}

export function decodeStore(message: RateLimitStoreOutput | null | undefined, gateway: string): StoreSettings {
  if (!message) throw new TableProblem('store', 'is missing');
  const keySecret = message.key_secret_name ? { keySecretName: `${gateway}/${message.key_secret_name}` } : {};
  switch (message.kind) {
    case 'memory': {
      const snapshotFile = message.memory?.snapshot_file || undefined;
      return { kind: 'memory', ...keySecret, ...(snapshotFile === undefined ? {} : { snapshotFile }) };
    }
    case 'redis':
      // Instances that hash with different secrets would count apart (R410).
      if (!message.key_secret_name) throw new TableProblem('store.key_secret_name', 'is missing');
      return { kind: 'redis', ...keySecret, ...decodeRedis(message.redis ?? {}, gateway) };
    case undefined:
      throw new TableProblem('store', 'is of a kind that is not known here');
    default:
      return message.kind satisfies never;
  }
}

function decodeRedis(message: RedisStoreOutput, gateway: string): NamedRedis {
  const field = 'store.redis';
  return {
    endpoint: decodeEndpoint(message, gateway, `${field}.endpoint`),
    db: message.db ?? 0,
    ...(message.username ? { username: message.username } : {}),
    ...(message.password_name ? { passwordName: `${gateway}/${message.password_name}` } : {}),
    ...(message.tls ? { tls: decodeTls(message.tls, gateway) } : {}),
    timeoutMs: positive(message.timeout_ms, `${field}.timeout_ms`),
    prefix: required(message.prefix, `${field}.prefix`),
  };
}

function decodeEndpoint(message: RedisStoreOutput, gateway: string, field: string): NamedRedis['endpoint'] {
  switch (message.endpoint) {
    case 'single':
      return { kind: 'single', ...decodeAddress(message.single ?? {}, field) };
    case 'socket':
      return { kind: 'socket', path: required(message.socket, field) };
    case 'sentinel': {
      const { name, hosts, password_name } = message.sentinel ?? {};
      return {
        kind: 'sentinel',
        name: required(name, `${field}.name`),
        hosts: decodeHosts(hosts, field),
        ...(password_name ? { passwordName: `${gateway}/${password_name}` } : {}),
      };
    }
    case 'cluster':
      return { kind: 'cluster', hosts: decodeHosts(message.cluster?.hosts, field) };
    case undefined:
      throw new TableProblem(field, 'is of a kind that is not known here');
    default:
      return message.endpoint satisfies never;
  }
}

function decodeHosts(hosts: readonly RedisAddressOutput[] | undefined, field: string): readonly RedisAddress[] {
  if (hosts === undefined || hosts.length === 0) throw new TableProblem(`${field}.hosts`, 'is empty');
  return each(hosts, decodeAddress, `${field}.hosts`);
}

function decodeAddress({ host, port }: RedisAddressOutput, field: string): RedisAddress {
  return { host: required(host, `${field}.host`), port: positive(port, `${field}.port`) };
}

function decodeTls({ ca, cert, key_name, server_name }: RedisTlsOutput, gateway: string): NonNullable<NamedRedis['tls']> {
  return {
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key_name ? { keyName: `${gateway}/${key_name}` } : {}),
    ...(server_name ? { serverName: server_name } : {}),
  };
}
