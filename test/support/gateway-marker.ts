// The marker route that test gateways carry: it answers with the number of the edit, so that an edit is known to be live when every listener's
// marker says so, on the worker thread itself.
import { parse, stringify } from 'yaml';
import { type ConnectionTarget, request, type TlsOptions } from './http-client.ts';

const MARKER_HOST = 'live.marker.test';

/** How to reach TLS listeners that need more than a plain handshake, by name of the listener. */
export type Probes = Readonly<Record<string, TlsOptions>>;

type Yaml = Readonly<Record<string, unknown>>;

interface ListenerYaml {
  readonly port: number;
  readonly tls?: { readonly clientAuth?: { readonly mode?: string } };
  readonly redirect?: unknown;
}

/** A configuration read once, because asking whether it is live reads it again and again. */
export interface MarkedConfig {
  /** Name of a listener → its port; in the order of the file. */
  readonly ports: ReadonlyMap<string, number>;
  /** The file's text: the configuration with version, gateway and the marker route. */
  readonly text: string;
  /** True when every listener answers with this edit's number; `portOf` tells where a port of the file is listened on. */
  isLive(portOf?: (ofFile: number) => number): Promise<boolean>;
}

export function markConfig(config: string, marker: number, probes: Probes): MarkedConfig {
  const yaml = parse(config) as Yaml;
  const listeners = Object.entries(yaml.listeners as Record<string, ListenerYaml>);
  const probed = listeners.flatMap((listener) => probeOf(listener, probes));
  const body = `edit ${marker}`;
  const route = { name: 'live-marker', listeners: probed.map(([name]) => name), hostnames: [MARKER_HOST], respond: { status: 200, body } };
  const routes = [...((yaml.routes ?? []) as unknown[]), ...(probed.length > 0 ? [route] : [])];
  return {
    ports: new Map(listeners.map(([name, { port }]) => [name, port])),
    text: stringify({ version: 'v1', gateway: 'test', ...yaml, routes }),
    isLive: async (portOf = (port) => port) => {
      for (const [, target] of probed) {
        const response = await request({ ...target, port: portOf(target.port), host: MARKER_HOST, timeoutMs: 1_000 });
        if (response.text() !== body) return false;
      }
      return true;
    },
  };
}

/** How to ask a listener for the marker; none where it serves no routes, or wants a certificate that the test did not give. */
function probeOf(
  [name, { port, tls, redirect }]: readonly [string, ListenerYaml],
  probes: Probes,
): readonly (readonly [string, ConnectionTarget])[] {
  const probe = probes[name];
  const needsCertificate = tls?.clientAuth !== undefined && tls.clientAuth.mode !== 'optional';
  if (redirect !== undefined || (needsCertificate && probe === undefined)) return [];
  return [[name, { port, ...(tls === undefined ? {} : { tls: probe ?? {} }) }]];
}
