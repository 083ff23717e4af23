// Real Redis servers for tests: one, one behind Sentinel, a Cluster. Each keeps nothing on disk and ends with its test; only its own pid is signalled.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../scripts/lib/redis.mjs';
import { type Child, startChild } from './child.ts';
import { REPOSITORY } from './envoy-binary.ts';
import { eventually } from './eventually.ts';
import { freePort, freePorts } from './free-port.ts';

export interface RedisServer {
  readonly port: number;
  readonly child: Child;
  /** A client for the test's own questions; ended with the server. */
  readonly client: Redis;
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Directives and values, as on its command line. */
  readonly args?: readonly string[];
  readonly password?: string;
}

/** Starts one server and waits until it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(path.join(tmpdir(), 'chancery-redis-'));
  const secret = options.password === undefined ? [] : ['--requirepass', options.password];
  const common = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = startChild(findRedisServer(REPOSITORY), [...common, ...secret, ...(options.args ?? [])]);
  await child.waitFor(/Ready to accept connections/);
  const client = new Redis({ host: '127.0.0.1', port, ...(options.password === undefined ? {} : { password: options.password }) });
  client.on('error', () => undefined);
  return {
    port,
    child,
    client,
    stop: async () => {
      client.disconnect();
      if (child.isRunning()) child.signal('SIGCONT');
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisSentinel {
  readonly name: string;
  readonly sentinelPort: number;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** What Sentinel wrote: why it did or did not fail over. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * A master, a replica that Sentinel knows to be fit, and one Sentinel that alone may decide; it thinks a master down after half a second. On a
 * machine that stood still for 2 s it does nothing for 30 s (TILT): who waits for a failover waits longer than that.
 */
export async function startSentinel(): Promise<RedisSentinel> {
  const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  await eventually(async () => (await replica.client.info('replication')).includes('master_link_status:up'), { what: 'replication' });
  const folder = await mkdtemp(path.join(tmpdir(), 'chancery-sentinel-'));
  const file = path.join(folder, 'sentinel.conf');
  const sentinelPort = await freePort();
  const name = 'limits';
  await writeFile(
    file,
    `port ${sentinelPort}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor ${name} 127.0.0.1 ${master.port} 1\n` +
      `sentinel down-after-milliseconds ${name} 500\nsentinel failover-timeout ${name} 1000\n`,
  );
  const child = startChild(findRedisServer(REPOSITORY), [file, '--sentinel']);
  const client = new Redis({ host: '127.0.0.1', port: sentinelPort, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  // Until it has read the replica's own word: one of which it knows nothing is not chosen, and the next try is seconds later.
  await eventually(async () => String(await client.call('SENTINEL', 'REPLICAS', name)).includes('master-link-status,ok'), {
    what: 'a replica that Sentinel knows',
  });
  return {
    name,
    sentinelPort,
    master,
    replica,
    log: child.stdout,
    stop: async () => {
      client.disconnect();
      await child.stop();
      await Promise.all([master.stop(), replica.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Masters without replicas that have the slots in equal parts. */
export async function startCluster(size = 3): Promise<RedisCluster> {
  const buses = await freePorts(size);
  const args = (bus: number): string[] => ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000'];
  const nodes = await Promise.all(buses.map((bus) => startRedis({ args: args(bus) })));
  const [first] = nodes;
  await Promise.all(
    nodes.map(async ({ client }, at) => {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', Math.ceil((16_384 * at) / size), Math.ceil((16_384 * (at + 1)) / size) - 1);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
    }),
  );
  for (const [at, node] of nodes.entries()) if (at > 0) await first?.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, buses[at] ?? 0);
  const isWhole = async ({ client }: RedisServer): Promise<boolean> => {
    const info = String(await client.call('CLUSTER', 'INFO'));
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`) && info.includes('cluster_slots_ok:16384');
  };
  await eventually(async () => (await Promise.all(nodes.map(isWhole))).every(Boolean), {
    what: 'a Cluster that is whole',
    timeoutMs: 20_000,
  });
  return {
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}
