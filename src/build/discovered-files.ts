// Files that services read their endpoints from: relative to the file of the configuration that names them (C6).
import path from 'node:path';
import type { Positions } from '../config/source.ts';
import type { DiscoveredService } from '../model/discovered-service.ts';
import type { Service } from '../model/types.ts';

const made = new WeakMap<DiscoveredService, { readonly file: string; readonly whole: DiscoveredService }>();

/** The same services, their files named in full. Unchanged ones are the same objects as before. */
export function withWholeFiles(
  discovery: readonly DiscoveredService[],
  services: readonly Service[],
  positions: Pick<Positions, 'find'>,
): readonly DiscoveredService[] {
  if (discovery.every(({ source }) => source.kind !== 'file')) return discovery;
  const places = new Map(services.map((service) => [service.name, service.discovery?.path ?? service.path]));
  return discovery.map((service) => {
    const { source, owner } = service;
    if (source.kind !== 'file') return service;
    const place = positions.find([...(places.get(owner.name) ?? []), 'file']);
    return wholeFile(service, path.resolve(place === undefined ? '.' : path.dirname(place.file), source.file));
  });
}

function wholeFile(service: DiscoveredService, file: string): DiscoveredService {
  const before = made.get(service);
  if (before?.file === file) return before.whole;
  const whole: DiscoveredService = { ...service, source: { kind: 'file', file } };
  made.set(service, { file, whole });
  return whole;
}
