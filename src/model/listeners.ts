// Listeners, defaulted and checked, each for itself and against the others: an address and port once, certificates known, no redirect in a
// circle. Which routes they serve is decided in routes.ts (C17).
import ipaddr from 'ipaddr.js';
import type { ListenerConfig } from '../config/schema/listener.ts';
import type { ConfigPath } from '../lib/issue.ts';
import * as defaults from './defaults.ts';
import { errorAt, type Report } from './issue.ts';
import type { ListenerTlsResolver } from './listener-tls.ts';
import type { Listener, ListenerTls, PathHandling } from './types.ts';

export type ListenersConfig = Readonly<Record<string, ListenerConfig>>;

export interface ListenerTools {
  /** Asked for each TLS listener. */
  readonly resolveTls: ListenerTlsResolver;
  /** What holds where a listener does not say how paths are handled. */
  readonly paths: PathHandling;
}

export interface ListenerPass {
  /** Listeners that can serve, sorted by name. Unchanged ones are the same objects as before. */
  resolve(config: ListenersConfig, tools: ListenerTools, report: Report): readonly Listener[];
}

export function createListenerPass(): ListenerPass {
  const kept = new WeakMap<ListenerConfig, { readonly listener: Listener; readonly paths: PathHandling }>();
  return {
    resolve(config, { resolveTls, paths }, report) {
      const listeners = Object.entries(config).flatMap(([name, entry]) => {
        const tls = entry.tls === undefined ? undefined : resolveTls(name, entry.tls);
        reportCircle(entry, ['listeners', name], report);
        if (entry.tls !== undefined && tls === undefined) {
          return [];
        }
        const old = kept.get(entry);
        const isSame = old?.listener.name === name && old.paths === paths && isSameTls(old.listener.tls, tls);
        const listener = isSame ? old.listener : makeListener({ name, entry, tls, paths });
        kept.set(entry, { listener, paths });
        return [listener];
      });
      reportSharedAddresses(listeners, report);
      return listeners.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

interface ListenerParts {
  readonly name: string;
  readonly entry: ListenerConfig;
  readonly tls: ListenerTls | undefined;
  readonly paths: PathHandling;
}

function makeListener({ name, entry, tls, paths }: ListenerParts): Listener {
  return {
    name,
    path: ['listeners', name],
    address: canonicalAddress(entry.address ?? defaults.LISTENER_ADDRESS),
    port: entry.port,
    ...(tls === undefined ? {} : { tls }),
    ...(entry.redirect === undefined ? {} : { redirect: { ...entry.redirect, code: entry.redirect.code ?? defaults.REDIRECT_CODE } }),
    trustedHops: entry.clientIp?.trustedHops ?? defaults.TRUSTED_HOPS,
    paths: resolvePaths(entry, paths),
    ...resolveUnderscores(entry),
    ...(entry.onDemandHosts === true ? { onDemandHosts: true } : {}),
  };
}

/** For one and the same entry: only what comes from elsewhere can differ. */
function isSameTls(a: ListenerTls | undefined, b: ListenerTls | undefined): boolean {
  if (a === undefined || b === undefined) {
    return a === b;
  }
  const isSameList =
    a.certificates.length === b.certificates.length && a.certificates.every((each, index) => each === b.certificates[index]);
  return isSameList && a.clientAuth?.ca === b.clientAuth?.ca;
}

function resolvePaths({ paths }: ListenerConfig, general: PathHandling): PathHandling {
  return {
    escapedSlashes: paths?.escapedSlashes ?? general.escapedSlashes,
    mergeSlashes: paths?.mergeSlashes ?? general.mergeSlashes,
    parameters: paths?.parameters ?? general.parameters,
  };
}

function resolveUnderscores({ headers }: ListenerConfig): Pick<Listener, 'underscores'> {
  const underscores = headers?.underscores ?? defaults.UNDERSCORES;
  return underscores === 'reject' ? {} : { underscores };
}

/** One spelling for one address, so that `::0` and `::` are seen as equal. */
export function canonicalAddress(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.parse(address).toString() : address;
}

/** A redirect to the scheme and port that the request came by never ends. */
function reportCircle(entry: ListenerConfig, path: ConfigPath, report: Report): void {
  const { redirect } = entry;
  const ownScheme = entry.tls === undefined ? 'http' : 'https';
  if (redirect === undefined || redirect.scheme !== ownScheme || (redirect.port !== undefined && redirect.port !== entry.port)) {
    return;
  }
  const other = ownScheme === 'http' ? 'https' : 'http';
  report(
    errorAt([...path, 'redirect', 'scheme'], 'CH2202', {
      message: `the redirect leads back to this listener, which itself speaks ${ownScheme}`,
      label: 'clients would go in a circle',
      help: `write scheme: ${other}, or the port of another listener`,
    }),
  );
}

/** Envoy refuses the second listener of an address. */
function reportSharedAddresses(listeners: readonly Listener[], report: Report): void {
  const first = new Map<string, Listener>();
  for (const listener of listeners) {
    const place = `${listener.address} port ${listener.port}`;
    const other = first.get(place);
    if (other === undefined) {
      first.set(place, listener);
      continue;
    }
    report(
      errorAt([...listener.path, 'port'], 'CH2201', {
        message: `listeners "${other.name}" and "${listener.name}" both listen on ${place}`,
        help: 'give one of them another port; one listener can serve many hosts and certificates',
        related: [{ message: `"${other.name}" is here`, path: [...other.path, 'port'] }],
      }),
    );
  }
}
