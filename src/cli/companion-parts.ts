// What `up` and `serve` give a control plane to run companions in its own process (P19).
import type { AppParts } from '../app/app-parts.ts';
import type { Settings } from '../config/settings.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { Logger } from '../telemetry/logger.ts';

export type CompanionSettings = Pick<Settings, 'companions' | 'host' | 'authzPort' | 'ratelimitPort' | 'redis'>;

/** Whether companions run in this process. Proxies elsewhere could not reach them: they listen on loopback, without TLS (authz G15). */
export function hasCompanions({ companions, host }: CompanionSettings): boolean {
  return companions === 'in-process' || (companions === 'auto' && isLoopback(host));
}

export interface CompanionPartsOptions {
  readonly logger: Logger;
  /** Issuers on loopback and without TLS are allowed. */
  readonly isDev: boolean;
}

/** Nothing is loaded before a gateway has a policy for a companion. */
export function companionParts(
  settings: CompanionSettings,
  { logger, isDev }: CompanionPartsOptions,
): Pick<AppParts, 'startAuthz' | 'startRatelimit' | 'dev'> {
  if (!hasCompanions(settings)) return { dev: isDev };
  const host = isLoopback(settings.host) && settings.host !== 'localhost' ? settings.host : '127.0.0.1';
  return {
    dev: isDev,
    startAuthz: async (metrics) => {
      const { startInProcessAuthz } = await import('../companion/in-process-authz.ts');
      return startInProcessAuthz({ logger, metrics, host, port: settings.authzPort, dev: isDev });
    },
    startRatelimit: async (metrics) => {
      const { startInProcessRatelimit } = await import('../companion/in-process-ratelimit.ts');
      const { redis, ratelimitPort: port } = settings;
      const store = redis === undefined ? {} : { store: { redis: { url: redis.reveal() } } };
      return startInProcessRatelimit({ logger, metrics, host, port, ...store });
    },
  };
}
