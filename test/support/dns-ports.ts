// The real ports of discovery, but every name is asked of one DNS server of the test: no hosts file, no search.
import { Resolver } from 'node:dns/promises';
import { createDiscoveryPorts } from '../../src/app/discovery-ports.ts';
import type { DiscoveryPorts } from '../../src/discovery/ports.ts';
import { createSystemNames } from '../../src/discovery/system-names.ts';
import type { DnsServer } from './dns-server.ts';

export function dnsPorts(server: DnsServer): DiscoveryPorts {
  const resolver = new Resolver({ timeout: 300, tries: 1 });
  resolver.setServers([server.address]);
  const names = createSystemNames({
    servers: () => resolver,
    search: async (name) => Promise.reject(Object.assign(new Error(`${name} is nowhere`), { code: 'ENOTFOUND' })),
    readHosts: async () => '',
  });
  return { ...createDiscoveryPorts({ nowMs: Date.now, random: Math.random }), names };
}
