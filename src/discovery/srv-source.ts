// Endpoints from SRV records. Node tells no TTL of them, so they are asked every 5 s; their hosts are looked up by TTL like any name.
import type { Endpoint } from '../model/types.ts';
import { type ListSource, reasonOf, type SourceListener } from './list-source.ts';
import type { DiscoveryPorts, SrvRecord } from './ports.ts';

export const SRV_INTERVAL_MS = 5_000;
const JITTER = 0.1;

export function startSrvSource(
  name: string,
  { names, clock }: Pick<DiscoveryPorts, 'names' | 'clock'>,
  listener: SourceListener,
): ListSource {
  let isClosed = false;
  let cancel: () => void = () => undefined;
  const ask = async (): Promise<void> => {
    try {
      const records = await names.services(name);
      if (!isClosed) listener.answered(endpointsOf(records));
    } catch (error) {
      if (!isClosed) listener.failed(reasonOf(error));
    }
    if (!isClosed) cancel = clock.after(SRV_INTERVAL_MS * (1 + JITTER * clock.random()), () => void ask());
  };
  void ask();
  return {
    close: () => {
      isClosed = true;
      cancel();
    },
  };
}

/** Envoy's priorities count from 0 without gaps; a weight of 0 is the smallest one there is. */
function endpointsOf(records: readonly SrvRecord[]): readonly Endpoint[] {
  const ranks = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return records.map(({ host, port, priority, weight }) => ({
    path: [],
    address: { kind: 'dns', host: host.toLowerCase().replace(/\.$/, ''), port },
    weight: Math.max(1, weight),
    priority: ranks.indexOf(priority),
    metadata: {},
  }));
}
