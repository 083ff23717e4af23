// The marker route that test gateways carry: it answers with the number of the edit, so that an edit is known to be live when every listener's
// marker says so, on the worker thread itself.
import { parse, stringify } from 'yaml';
import { type ConnectionTarget, request, type TlsOptions } from './http-client.ts';

const MARKER_HOST = 'live.marker.test';

/** How to reach TLS listeners that need more than a plain handshake, by name of the listener. */
export type Probes = Readonly<Record<string, TlsOptions>>;

export type Yaml = Readonly<Record<string, unknown>>;

export interface ListenerYaml {
  readonly port: number;
  readonly tls?: { readonly clientAuth?: { readonly mode?: string } };
  readonly redirect?: unknown;
}

export function listenersOf(config: string): Readonly<Record<string, ListenerYaml>> {
  return (parse(config) as Yaml).listeners as Record<string, ListenerYaml>;
}

/** The file's text: `config` with version, gateway and the marker route. */
export function withMarker(config: string, marker: number, probes: Probes): string {
  const yaml = parse(config) as Yaml;
  const listeners = probed(config, probes).map(([name]) => name);
  const route = { name: 'live-marker', listeners, hostnames: [MARKER_HOST], respond: { status: 200, body: `edit ${marker}` } };
  const routes = [...((yaml.routes ?? []) as unknown[]), ...(listeners.length > 0 ? [route] : [])];
  return stringify({ version: 'v1', gateway: 'test', ...yaml, routes });
}

/** True when every listener of `config` answers with that marker. */
export async function isLive(config: string, marker: number, probes: Probes): Promise<boolean> {
  for (const [, target] of probed(config, probes)) {
    const response = await request({ ...target, host: MARKER_HOST, timeoutMs: 1_000 });
    if (response.text() !== `edit ${marker}`) return false;
  }
  return true;
}

/** Listeners that serve routes and that the marker can be asked on. */
function probed(config: string, probes: Probes): readonly (readonly [string, ConnectionTarget])[] {
  return Object.entries(listenersOf(config)).flatMap(([name, { port, tls, redirect }]) => {
    const probe = probes[name];
    const needsCertificate = tls?.clientAuth !== undefined && tls.clientAuth.mode !== 'optional';
    if (redirect !== undefined || (needsCertificate && probe === undefined)) return [];
    return [[name, { port, ...(tls === undefined ? {} : { tls: probe ?? {} }) }] as const];
  });
}
