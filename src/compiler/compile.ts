// Model → Envoy resources: the passes, in order. Deterministic: the same model gives equal resources whatever was compiled before; what is
// remembered only keeps the messages of unchanged parts the same objects (P1, P3).
import type { Model } from '../model/types.ts';
import type { AuthPolicy } from '../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { RateLimitTable } from '../proto/generated/chancery/policy/v1/RateLimitTable.ts';
import { createAuthPass } from './auth-pass.ts';
import { discoveredServices } from './discovered-services.ts';
import { compileFilterSlots } from './filter-slot-pass.ts';
import { createLimitsPass } from './limits-pass.ts';
import { createListenerPass } from './listener-pass.ts';
import { referencedServices } from './referenced.ts';
import { createRoutePass } from './route-pass.ts';
import { compileRuntime } from './runtime.ts';
import { SYSTEM_CA_FILE } from './secret.ts';
import { createSecretPass } from './secret-pass.ts';
import { createServicePass } from './service-pass.ts';
import { createSourceMap } from './source-map.ts';
import type { Compilation } from './types.ts';

export interface CompilerOptions {
  /** Path on Envoy's machine to the authorities that `ca: system` means. Default: where Debian, Alpine and Envoy's image keep them. */
  readonly systemCaFile?: string;
  /** Hash of an auth policy without its version (authz D2). A gateway with auth needs it. */
  readonly versionOf?: (message: AuthPolicy) => string;
  /** Hash of a table of limits without its revision. A gateway with limits needs it. */
  readonly revisionOf?: (message: RateLimitTable) => string;
}

export interface Compiler {
  compile(model: Model): Compilation;
}

/** A compiler remembers what it made of the last model, so keep one for each gateway. */
export function createCompiler({
  systemCaFile = SYSTEM_CA_FILE,
  versionOf = noVersion,
  revisionOf = noVersion,
}: CompilerOptions = {}): Compiler {
  const compileAuth = createAuthPass({ systemCaFile, versionOf });
  const compileLimits = createLimitsPass({ systemCaFile, revisionOf });
  const compileServices = createServicePass();
  const compileListeners = createListenerPass();
  const compileRoutes = createRoutePass();
  const compileSecrets = createSecretPass(systemCaFile);
  return {
    compile(model) {
      const services = referencedServices(model);
      const { clusters, assignments } = compileServices(services);
      const auth = compileAuth(model);
      const limits = compileLimits(model);
      const routes = compileRoutes(model, services, { auth: auth.facts, limits: limits.facts });
      const located = [
        ...clusters,
        ...assignments,
        ...compileListeners(model),
        ...routes.configurations,
        compileRuntime(model),
        ...compileSecrets(model, services),
        ...compileFilterSlots(model, new Map([...auth.slots, ...limits.slots])),
        ...routes.virtualHosts,
        ...auth.resources,
        ...limits.resources,
      ];
      return {
        gateway: model.gateway,
        resources: located.map(({ resource }) => resource),
        discovery: discoveredServices(services),
        ...(auth.jwt === undefined ? {} : { jwt: auth.jwt }),
        sourceMap: createSourceMap(located),
      };
    },
  };
}

function noVersion(): string {
  throw new Error('a compiler of policies and limits needs functions that give their versions');
}
