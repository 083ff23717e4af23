// What people are shown of one service under discovery. Shows no headers and no tokens (C7).
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { DiscoverySource } from '../model/discovery-source.ts';
import { addressKey } from './endpoint-set.ts';
import { withoutQuery } from './http-source.ts';
import type { ServiceWatch } from './service-watch.ts';

export interface ServiceStatus {
  readonly service: string;
  readonly source: DiscoverySource['kind'];
  /** What is looked at: names, a file, a URL without its query. */
  readonly from: string;
  /** `waiting`: nothing is known yet. `kept`: none is found, the last ones stay for a while (D18). */
  readonly state: 'waiting' | 'found' | 'kept' | 'none';
  /** Addresses in use, and those on their way out. */
  readonly endpoints: readonly string[];
  readonly draining: readonly string[];
  /** Addresses that came and went too often and stay as they are for a while (D21). */
  readonly held: readonly string[];
  readonly answeredAt?: string;
  readonly keptSince?: string;
  /** What the source fails with now. */
  readonly error?: string;
}

export interface ServiceCounts {
  readonly name: string;
  readonly endpoints: number;
  readonly draining: number;
  readonly held: number;
  readonly isKept: boolean;
}

export function countsOf({ name, flow: { told, held, keptSinceMs } }: ServiceWatch): ServiceCounts {
  const draining = told?.endpoints.filter(({ isDraining }) => isDraining === true).length ?? 0;
  return { name, endpoints: (told?.endpoints.length ?? 0) - draining, draining, held: held.length, isKept: keptSinceMs !== undefined };
}

export function serviceStatus(service: DiscoveredService, watch: ServiceWatch): ServiceStatus {
  const { told, held, keptSinceMs } = watch.flow;
  const { answeredAtMs, error } = watch;
  const endpoints = told?.endpoints.filter(({ isDraining }) => isDraining !== true) ?? [];
  const draining = told?.endpoints.filter(({ isDraining }) => isDraining === true) ?? [];
  return {
    service: service.owner.name,
    source: service.source.kind,
    from: describeSource(service),
    state: told === undefined ? 'waiting' : keptSinceMs !== undefined ? 'kept' : endpoints.length === 0 ? 'none' : 'found',
    endpoints: endpoints.map(addressKey),
    draining: draining.map(addressKey),
    held,
    ...(answeredAtMs === undefined ? {} : { answeredAt: new Date(answeredAtMs).toISOString() }),
    ...(keptSinceMs === undefined ? {} : { keptSince: new Date(keptSinceMs).toISOString() }),
    ...(error === undefined ? {} : { error }),
  };
}

function describeSource({ source, endpoints }: DiscoveredService): string {
  switch (source.kind) {
    case 'dns':
      return endpoints.map(addressKey).join(', ');
    case 'srv':
      return source.name;
    case 'file':
      return source.file;
    case 'http':
      return withoutQuery(source.url);
    case 'push':
      return 'admin API';
  }
}
