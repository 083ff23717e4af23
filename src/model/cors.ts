// CORS: which web pages may call a route from a browser, and with what. The route's own words replace the default of the gateway whole.
import type { CorsConfig, CorsPolicyConfig } from '../config/schema/cors.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { reportRegex } from './conditions.ts';
import { errorAt, type Report, warningAt } from './issue.ts';
import { matchesText } from './regex.ts';

export interface CorsPolicy {
  /** Sorted; texts are whole origins in lower case. */
  readonly origins: readonly CorsOrigin[];
  /** Sorted, upper case; empty: those that browsers always allow. */
  readonly methods: readonly string[];
  /** Sorted, lower case; `*` means all. */
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeMs?: number;
  readonly privateNetwork: boolean;
}

export type CorsOrigin =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly value: string }
  /** `https://*.example.com`: any depth below. */
  | { readonly kind: 'wildcard'; readonly value: string }
  | { readonly kind: 'regex'; readonly value: string };

export interface CorsPlace {
  /** Path of the route. */
  readonly path: ConfigPath;
  readonly general: CorsConfig | undefined;
}

/** Undefined: no page may call. */
export function resolveCors(own: CorsConfig | undefined, { path, general }: CorsPlace, report: Report): CorsPolicy | undefined {
  const config = own ?? general;
  if (config === undefined || config === 'none') {
    return undefined;
  }
  const at = own === undefined ? ['defaults', 'cors'] : [...path, 'cors'];
  const origins = config.origins.map((origin, index) => resolveOrigin(origin, [...at, 'origins', index], report));
  reportCredentials(config, { origins, path: at }, report);
  return {
    origins: uniqueOrigins(origins),
    methods: [...new Set(config.methods)].sort(),
    headers: sortedNames(config.headers),
    exposeHeaders: sortedNames(config.exposeHeaders),
    credentials: config.credentials === true,
    ...(config.maxAge === undefined ? {} : { maxAgeMs: config.maxAge }),
    privateNetwork: config.privateNetwork === true,
  };
}

function resolveOrigin(origin: CorsPolicyConfig['origins'][number], path: ConfigPath, report: Report): CorsOrigin {
  if (typeof origin !== 'string') {
    reportRegex(origin.regex, [...path, 'regex'], report);
    // Envoy asks each condition whether it takes the text `*`, and means any origin by that.
    return matchesText(origin.regex, '*') ? { kind: 'any' } : { kind: 'regex', value: origin.regex };
  }
  if (origin === '*') {
    return { kind: 'any' };
  }
  return { kind: origin.includes('*') ? 'wildcard' : 'exact', value: origin };
}

function uniqueOrigins(origins: readonly CorsOrigin[]): readonly CorsOrigin[] {
  const byText = new Map(origins.map((origin) => [JSON.stringify(origin), origin]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, origin]) => origin);
}

function sortedNames(names: readonly string[] | undefined): readonly string[] {
  return [...new Set(names?.map((name) => name.toLowerCase()))].sort();
}

interface Policy {
  readonly origins: readonly CorsOrigin[];
  readonly path: ConfigPath;
}

/** Envoy answers with the origin of the page, so any page could act as the user. Browsers take `*` literally beside credentials. */
function reportCredentials(config: CorsPolicyConfig, { origins, path }: Policy, report: Report): void {
  if (config.credentials !== true) {
    return;
  }
  const any = origins.findIndex(({ kind }) => kind === 'any');
  if (any !== -1) {
    report(
      errorAt([...path, 'origins', any], 'CH2419', {
        message: 'every web page could call with the credentials of its visitors',
        help: 'name the pages that may, or leave credentials out',
        related: [{ message: 'credentials are allowed here', path: [...path, 'credentials'], at: 'key' }],
      }),
    );
  }
  for (const key of ['headers', 'exposeHeaders'] as const) {
    const index = config[key]?.indexOf('*') ?? -1;
    if (index !== -1) {
      const message = `beside credentials, browsers take * in ${key} for a header of that name`;
      report(warningAt([...path, key, index], 'CH2420', { message, help: 'name the headers' }));
    }
  }
}
