// The pass over limits: each for itself, then together and against routes and auth.
import type { BrokenNames, GatewayConfig } from '../../config/schema/gateway.ts';
import type { KeyPlace } from '../auth/jwt-keys.ts';
import type { AuthModel } from '../auth/types.ts';
import type { Report } from '../issue.ts';
import type { Route } from '../types.ts';
import * as defaults from './defaults.ts';
import { warnOfLimit } from './limit-checks.ts';
import { checkCostHeader, checkPhase, checkReplaces } from './limit-relations.ts';
import { resolveLimitService } from './limit-service.ts';
import { resolveLimits } from './limits.ts';
import { checkOverrideValues } from './override-values.ts';
import { checkRouteLimits } from './route-limits.ts';
import type { LimitsModel } from './types.ts';

export interface LimitsTools {
  readonly trust: KeyPlace['trust'];
  readonly broken: BrokenNames;
  readonly routes: readonly Route[];
  readonly auth: AuthModel | undefined;
  readonly report: Report;
}

/** Undefined where the file has no limits at all. */
export function resolveLimitsModel(config: GatewayConfig, { trust, broken, routes, auth, report }: LimitsTools): LimitsModel | undefined {
  const onFailure = config.defaults?.onFailure?.rateLimit ?? defaults.ON_FAILURE;
  const service = resolveLimitService(config.rateLimitService, trust, report);
  const limits = resolveLimits(config.rateLimits, { onFailure }, report);
  const byName = new Map(limits.map((limit) => [limit.name, limit]));
  const used = checkRouteLimits(routes, { limits: byName, broken: broken.rateLimits, auth }, report);
  const forgets = service.store.kind === 'memory' && service.store.snapshotFile === undefined;
  const defined = {
    routes: routes.map(({ name }) => name),
    services: [...Object.keys(config.services), ...broken.services],
  };
  for (const limit of limits) {
    checkPhase(limit, report);
    checkCostHeader(limit, auth?.identityHeaders ?? [], report);
    checkReplaces(limit, { limits: byName, broken: broken.rateLimits, written: config.rateLimits[limit.name]?.replaces ?? [] }, report);
    checkOverrideValues(limit, defined, report);
    warnOfLimit(limit, { isUsed: used.has(limit.name), forgets }, report);
  }
  return limits.length === 0 ? undefined : { limits, service };
}
