// `rateLimitService:` → where the limiter is and where it keeps its counters. Off the machine it must know who asks: an open port would let
// anybody use up the limits of others.
import type { RateLimitServiceConfig } from '../../config/schema/rate-limit-service.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { companionTls, isLocalCompanion } from '../auth/companion.ts';
import type { KeyPlace } from '../auth/jwt-keys.ts';
import { errorAt, type Report } from '../issue.ts';
import * as defaults from './defaults.ts';
import { resolveRedis } from './redis-store.ts';
import type { LimitService, LimitStore } from './types.ts';

const PATH: ConfigPath = ['rateLimitService'];
const LEAST_SECRET_BYTES = 16;

export function resolveLimitService(config: RateLimitServiceConfig | undefined, trust: KeyPlace['trust'], report: Report): LimitService {
  const tls = config?.tls === undefined ? undefined : companionTls(config.tls, { path: [...PATH, 'tls'], trust }, report);
  const store = resolveStore(config ?? {}, trust, report);
  const service: LimitService = {
    path: PATH,
    timeoutMs: config?.timeout ?? defaults.SERVICE_TIMEOUT_MS,
    deniedStatus: config?.deniedStatus ?? defaults.DENIED_STATUS,
    store,
    ...(config?.keySecret === undefined ? {} : { keySecret: config.keySecret }),
    ...(config?.endpoints === undefined ? {} : { endpoints: config.endpoints }),
    ...(tls === undefined ? {} : { tls }),
  };
  checkEndpoints(service, report);
  checkKeySecret(service, report);
  return service;
}

function checkEndpoints({ endpoints = [], tls, store }: LimitService, report: Report): void {
  const remote = endpoints.findIndex((endpoint) => !isLocalCompanion(endpoint));
  if (remote !== -1 && tls?.certificate === undefined) {
    report(
      errorAt([...PATH, 'endpoints', remote], 'CH2919', {
        message: 'a limiter on another machine must know who asks it: whoever can ask uses up the limits of others',
        help: 'write tls: {ca: "${file:…}", cert: "${file:…}", key: "${file:…}"} beside endpoints',
      }),
    );
  }
  // R603.
  if (store.kind === 'memory' && endpoints.length > 1) {
    report(
      errorAt([...PATH, 'endpoints', 1], 'CH2921', {
        message: 'two limiters with counters in memory would each admit the whole rate',
        help: 'write store: redis, or leave one endpoint',
      }),
    );
  }
}

/** R410. */
function checkKeySecret({ keySecret, store }: LimitService, report: Report): void {
  if (keySecret === undefined && store.kind === 'redis') {
    report(
      errorAt([...PATH, 'store'], 'CH2913', {
        message: 'with redis all instances need one secret that hides what is counted by',
        help: 'write keySecret: "${file:limits.key}"; head -c 32 /dev/urandom | base64 > limits.key makes one',
      }),
    );
  }
  if (keySecret !== undefined && Buffer.byteLength(keySecret.reveal()) < LEAST_SECRET_BYTES) {
    report(
      errorAt([...PATH, 'keySecret'], 'CH2913', {
        message: `the secret is shorter than ${LEAST_SECRET_BYTES} bytes`,
        help: 'head -c 32 /dev/urandom | base64 > limits.key makes one',
      }),
    );
  }
}

function resolveStore(config: RateLimitServiceConfig, trust: KeyPlace['trust'], report: Report): LimitStore {
  const { store = 'memory', redis, snapshotFile } = config;
  const misplaced = (key: string, message: string, help: string): void =>
    report(errorAt([...PATH, key], 'CH2914', { message, at: 'key', help }));
  if (store === 'memory') {
    if (redis !== undefined)
      misplaced('redis', 'counters are in memory, so nobody would ask this Redis', 'write store: redis, or remove it');
    return { kind: 'memory', ...(snapshotFile === undefined ? {} : { snapshotFile }) };
  }
  if (snapshotFile !== undefined) misplaced('snapshotFile', 'Redis keeps its counters itself', 'remove it');
  if (redis === undefined) {
    report(
      errorAt([...PATH, 'store'], 'CH2914', {
        message: 'nothing says where the Redis is',
        help: 'write redis: {url: "redis://host:6379"}',
      }),
    );
    return { kind: 'memory' };
  }
  return { kind: 'redis', ...resolveRedis(redis, { path: [...PATH, 'redis'], trust }, report) };
}
