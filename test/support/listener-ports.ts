// Gives the listeners of one Envoy ports of its own, so that several Envoys of one gateway run side by side on one machine.
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { mapDelimited } from './wire-fields.ts';
import type { AlterResource } from './xds-relay.ts';

export interface ListenerPorts {
  readonly alter: AlterResource;
  /** Where the Envoy listens for a port of the file. */
  port(ofFile: number): number;
}

const LISTENER_ADDRESS = 2;
const SOCKET_ADDRESS = 1;
const TYPE = 'envoy.config.core.v3.SocketAddress';

/** Takes one of the ports whenever a new one of the file is seen. */
export function withListenerPorts(own: readonly number[]): ListenerPorts {
  const api = loadEnvoyApi();
  const taken = new Map<number, number>();
  const port = (ofFile: number): number => {
    const known = taken.get(ofFile) ?? own[taken.size];
    if (known === undefined) throw new Error(`${own.length} ports are not enough for the listeners`);
    taken.set(ofFile, known);
    return known;
  };
  const moved = (socketAddress: Buffer): Buffer => {
    const address = api.decode(TYPE, socketAddress) as { readonly address: string; readonly port_value?: number };
    return api.encode(TYPE, { address: address.address, port_value: port(address.port_value ?? 0) });
  };
  return {
    port,
    alter: (kind, _name, bytes) =>
      kind === 'Listener' ? mapDelimited(bytes, LISTENER_ADDRESS, (address) => mapDelimited(address, SOCKET_ADDRESS, moved)) : bytes,
  };
}
