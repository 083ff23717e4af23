// Which listeners a route is served by: those that it names, or by default every TLS listener that serves routes, or all (C17).
import type { ListenerConfig } from '../config/schema/listener.ts';
import type { RouteConfig } from '../config/schema/route.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { nearest } from '../lib/nearest.ts';
import { errorAt, type Report } from './issue.ts';

/** What routes must know of a listener. */
export interface ListenerFacts {
  readonly name: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly redirects: boolean;
}

export function listenerFacts(listeners: Readonly<Record<string, ListenerConfig>>): readonly ListenerFacts[] {
  return Object.entries(listeners)
    .map(([name, { port, tls, redirect }]) => ({ name, port, isTls: tls !== undefined, redirects: redirect !== undefined }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export interface KnownListeners {
  /** Sorted by name. */
  readonly listeners: readonly ListenerFacts[];
  /** Names of listeners that have errors which are told already. */
  readonly brokenListeners: readonly string[];
}

/** C17. */
export function defaultListeners(listeners: readonly ListenerFacts[]): readonly ListenerFacts[] {
  const serving = listeners.filter((listener) => !listener.redirects);
  const tls = serving.filter((listener) => listener.isTls);
  return tls.length > 0 ? tls : serving;
}

/** Sorted by name; unknown and redirecting ones are told and left out. */
export function resolveRouteListeners(
  names: RouteConfig['listeners'],
  { path, listeners, brokenListeners }: { readonly path: ConfigPath } & KnownListeners,
  report: Report,
): readonly ListenerFacts[] {
  if (names === undefined) {
    return defaultListeners(listeners);
  }
  const found = names.map((name, index) => {
    const listener = listeners.find((candidate) => candidate.name === name);
    if (listener === undefined) {
      if (brokenListeners.includes(name)) {
        return undefined;
      }
      reportUnknownListener(name, { path: [...path, 'listeners', index], listeners }, report);
      return undefined;
    }
    if (listener.redirects) {
      reportRedirecting(name, [...path, 'listeners', index], report);
      return undefined;
    }
    return listener;
  });
  return listeners.filter((listener) => found.includes(listener));
}

function reportUnknownListener(
  name: string,
  { path, listeners }: { readonly path: ConfigPath; readonly listeners: readonly ListenerFacts[] },
  report: Report,
): void {
  const names = listeners.map((listener) => listener.name);
  const meant = nearest(name, names);
  const known = names.length === 0 ? 'define it under listeners' : `listeners are ${names.join(', ')}`;
  report(
    errorAt(path, 'CH2101', {
      message: `unknown listener "${name}"`,
      label: 'not defined in any included file',
      help: meant === undefined ? known : `did you mean "${meant}"?`,
      ...(meant === undefined ? {} : { related: [{ message: `"${meant}" is here`, path: ['listeners', meant], at: 'key' }] }),
    }),
  );
}

function reportRedirecting(name: string, path: ConfigPath, report: Report): void {
  report(
    errorAt(path, 'CH2102', {
      message: `listener "${name}" redirects every request and serves no routes`,
      help: 'take it out here, or remove its redirect',
      related: [{ message: 'the redirect is here', path: ['listeners', name, 'redirect'], at: 'key' }],
    }),
  );
}
