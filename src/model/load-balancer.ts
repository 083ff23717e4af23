// Load balancers and what consistent hashing hashes, with Envoy's own conditions on table and ring sizes.
import type { HashKeyConfig, LoadBalancerConfig } from '../config/schema/load-balancer.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report } from './issue.ts';
import type { HashKey, LoadBalancer } from './types.ts';

export function resolveLoadBalancer(config: LoadBalancerConfig | undefined, path: ConfigPath, report: Report): LoadBalancer {
  if (config === undefined || config === 'roundRobin') {
    return { kind: 'roundRobin' };
  }
  if (config === 'random') {
    return { kind: 'random' };
  }
  const detailed = typeof config === 'string' ? { [config]: {} } : config;
  if (detailed.maglev !== undefined) {
    return resolveMaglev(detailed.maglev, [...path, 'maglev'], report);
  }
  if (detailed.ringHash !== undefined) {
    return resolveRing(detailed.ringHash, [...path, 'ringHash'], report);
  }
  return { kind: 'leastRequest', choices: detailed.leastRequest?.choices ?? defaults.LEAST_REQUEST_CHOICES };
}

type DetailedConfig = Exclude<LoadBalancerConfig, string>;

function resolveMaglev(config: NonNullable<DetailedConfig['maglev']>, path: ConfigPath, report: Report): LoadBalancer {
  const tableSize = config.tableSize ?? defaults.MAGLEV_TABLE_SIZE;
  if (!isPrime(tableSize)) {
    const help = `the next prime number is ${nextPrime(tableSize)}`;
    report(
      errorAt([...path, 'tableSize'], 'CH2605', {
        message: `the size of a Maglev table must be a prime number; ${tableSize} is none`,
        help,
      }),
    );
  }
  return { kind: 'maglev', by: resolveHashKey(config.by), tableSize };
}

function resolveRing(config: NonNullable<DetailedConfig['ringHash']>, path: ConfigPath, report: Report): LoadBalancer {
  const minRingSize = config.minRingSize ?? Math.min(defaults.RING_SIZES.min, config.maxRingSize ?? defaults.RING_SIZES.min);
  const maxRingSize = config.maxRingSize ?? defaults.RING_SIZES.max;
  if (minRingSize > maxRingSize) {
    report(
      errorAt([...path, 'minRingSize'], 'CH2606', {
        message: `minRingSize ${minRingSize} is above maxRingSize ${maxRingSize}`,
        help: 'raise maxRingSize, or lower minRingSize',
        related: [{ message: 'maxRingSize is here', path: [...path, 'maxRingSize'] }],
      }),
    );
  }
  return { kind: 'ringHash', by: resolveHashKey(config.by), minRingSize, maxRingSize };
}

function resolveHashKey(config: HashKeyConfig | undefined): HashKey {
  if (config === undefined || config === 'clientIp') {
    return { kind: 'clientIp' };
  }
  if (config.header !== undefined) {
    return { kind: 'header', name: config.header.toLowerCase() };
  }
  if (config.query !== undefined) {
    return { kind: 'query', name: config.query };
  }
  if (typeof config.cookie === 'object') {
    const { name, ttl, path } = config.cookie;
    return { kind: 'cookie', name, ...(ttl === undefined ? {} : { ttlMs: ttl }), ...(path === undefined ? {} : { cookiePath: path }) };
  }
  return config.cookie === undefined ? { kind: 'clientIp' } : { kind: 'cookie', name: config.cookie };
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) {
    if (number % divisor === 0) {
      return false;
    }
  }
  return number > 1;
}

function nextPrime(number: number): number {
  let candidate = number;
  while (!isPrime(candidate)) {
    candidate += 1;
  }
  return candidate;
}
