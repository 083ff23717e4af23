// `introspection:` → providers. A question must fit into the time that Envoy waits for the companion (authz G11).
import type { IntrospectionConfig } from '../../config/schema/introspection.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';
import * as defaults from './defaults.ts';
import type { KeyPlace } from './jwt-keys.ts';
import { tokenSettings } from './token-settings.ts';
import type { IntrospectionProvider } from './types.ts';
import { checkWebAddress } from './web-address.ts';

export interface IntrospectionPlace {
  readonly trust: KeyPlace['trust'];
  /** How long Envoy waits for a Check. */
  readonly companionTimeoutMs: number;
}

/** Sorted by name. */
export function resolveIntrospection(
  config: Readonly<Record<string, IntrospectionConfig>>,
  { trust, companionTimeoutMs }: IntrospectionPlace,
  report: Report,
): readonly IntrospectionProvider[] {
  const providers = Object.entries(config).map(([name, entry]): IntrospectionProvider => {
    const path: ConfigPath = ['introspection', name];
    checkWebAddress(entry.url, [...path, 'url'], report);
    const ca = entry.ca === undefined ? undefined : trust(entry.ca, [...path, 'ca']);
    const timeoutMs = entry.timeout ?? defaults.INTROSPECTION.timeoutMs;
    if (timeoutMs > companionTimeoutMs - defaults.INTROSPECTION_RESERVE_MS) {
      reportLate({ path, timeoutMs, companionTimeoutMs }, report);
    }
    return {
      name,
      path,
      url: entry.url,
      client: entry.client,
      ...tokenSettings(entry, path, report),
      timeoutMs,
      cacheForMs: entry.cacheFor ?? defaults.INTROSPECTION.cacheForMs,
      denyForMs: entry.denyFor ?? defaults.INTROSPECTION.denyForMs,
      ...(ca === undefined || ca.kind === 'system' ? {} : { ca }),
    };
  });
  return providers.sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Late {
  readonly path: ConfigPath;
  readonly timeoutMs: number;
  readonly companionTimeoutMs: number;
}

function reportLate({ path, timeoutMs, companionTimeoutMs }: Late, report: Report): void {
  const reserve = defaults.INTROSPECTION_RESERVE_MS;
  report(
    errorAt([...path, 'timeout'], 'CH2815', {
      message: `an introspection may take ${timeoutMs}ms, but Envoy waits ${companionTimeoutMs}ms for the whole check, of which ${reserve}ms are needed besides`,
      help: `write authz: {timeout: ${timeoutMs + reserve}ms}, or a shorter timeout here`,
      related: [{ message: 'authz.timeout is here', path: ['authz', 'timeout'] }],
    }),
  );
}
