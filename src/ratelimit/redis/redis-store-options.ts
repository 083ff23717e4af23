// What a Redis store is given, and what follows from it: which connections there are, and where each goes.
import type { Redis } from 'ioredis';
import type { StoreClock } from '../store/store-clock.ts';
import type { StoreListener } from '../store/store-listener.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import type { InvalidationsOptions } from './invalidations.ts';
import type { RedisNode } from './redis-node.ts';
import { type RedisNodes, SingleNode } from './redis-nodes.ts';
import { type ClientOptions, connectionOptions, endpointOptions, type RedisSettings } from './redis-settings.ts';

export interface RedisStoreOptions {
  readonly settings: RedisSettings;
  /** Makes a client; it connects when it is told to. */
  readonly connect: (options: ClientOptions) => Redis;
  readonly clock: StoreClock;
  readonly listener: StoreListener;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** What counters' names are made with: only a fingerprint of it is kept (R410). */
  readonly keySecret: Uint8Array;
  /** Unique among all workers of this Redis. */
  readonly worker: string;
  /** Default `crl`. */
  readonly prefix?: string;
  /** How long a batch may take. Default 25. */
  readonly timeoutMs?: number;
  /** Version of the time zone data. Default: this Node's. */
  readonly timeZones?: string;
  /** R807: the event loop lags; the newest are not sent. */
  readonly isOverloaded?: () => boolean;
}

/** The connections that decide. */
export function nodesOf({ settings, random }: RedisStoreOptions, createNode: (place: ClientOptions) => RedisNode): RedisNodes {
  const { endpoint } = settings;
  if (endpoint.kind === 'cluster') return new ClusterNodes({ hosts: endpoint.hosts, createNode });
  return new SingleNode(createNode(endpointOptions(settings, random)));
}

/** A Cluster tells what is published to all of its nodes. */
export function hearingOptions({ settings, random }: RedisStoreOptions): Pick<InvalidationsOptions, 'options' | 'hosts'> {
  const hosts = settings.endpoint.kind === 'cluster' ? settings.endpoint.hosts : [];
  return { options: { ...connectionOptions(settings, random), ...endpointOptions(settings, random), ...hosts[0] }, hosts };
}
