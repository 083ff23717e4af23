// The pass over services: `like`, then each service for itself, then the certificates that they show.
import type { GatewayConfig } from '../config/schema/gateway.ts';
import { createEqualKeeper } from './equal-keeper.ts';
import { createLikeResolver, type EffectiveService } from './like.ts';
import { reportUnknownCertificate } from './listener-tls.ts';
import type { KnownServices } from './references.ts';
import { createServiceResolver, type ServiceContext, type ServiceTools } from './services.ts';
import type { Certificate, Service } from './types.ts';

export interface ServicePassTools extends Pick<ServiceTools, 'trust' | 'report'> {
  /** Top-level certificates by name; undefined as a value: defined, but not usable, which is told already. */
  readonly certificates: ReadonlyMap<string, Certificate | undefined>;
  /** Names of services that have errors which are told already. */
  readonly broken: readonly string[];
}

export interface ServicePass {
  resolve(config: GatewayConfig, tools: ServicePassTools): KnownServices;
}

export function createServicePass(): ServicePass {
  const likes = createLikeResolver();
  const resolver = createServiceResolver();
  const keep = createEqualKeeper<ServiceContext>();
  return {
    resolve({ services, defaults }, { trust, certificates, broken, report }) {
      const { connectTimeout, circuitBreaker } = defaults ?? {};
      const context = keep({
        defaults: {
          ...(connectTimeout === undefined ? {} : { connectTimeout }),
          ...(circuitBreaker === undefined ? {} : { circuitBreaker }),
        },
      });
      const resolved = new Map<string, Service>();
      for (const [name, effective] of likes.resolve(services, { broken, report })) {
        const service = resolver.resolve(effective, { context, trust, report });
        checkClientCertificate(effective, { certificates, report });
        if (service !== undefined) {
          resolved.set(name, service);
        }
      }
      const isDefined = (name: string): boolean => Object.hasOwn(services, name) || broken.includes(name);
      return { resolved, isDefined, names: () => Object.keys(services) };
    },
  };
}

function checkClientCertificate(
  effective: EffectiveService,
  { certificates, report }: Pick<ServicePassTools, 'certificates' | 'report'>,
): void {
  const name = effective.settings.tls?.clientCertificate;
  if (name !== undefined && !certificates.has(name)) {
    reportUnknownCertificate(name, { path: effective.at('tls', 'clientCertificate'), known: certificates.keys() }, report);
  }
}
