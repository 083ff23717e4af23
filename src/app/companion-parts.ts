// Makes the rollouts of all gateways and the side towards the companions that stands before them. Only joins parts.
import type { LimitApi } from '../companion/limit-api.ts';
import type { ErrorRates } from '../delivery/abort.ts';
import { createNodeNeeds } from '../delivery/node-needs.ts';
import { createRollouts, type RolloutsOptions } from '../delivery/rollouts.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { afterMs } from '../lib/after-ms.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { createCompanionReport } from './companion-report.ts';
import { CompanionSide, type CompanionSideOptions } from './companion-side.ts';

export interface CompanionPartsOptions extends Pick<CompanionSideOptions, 'clients'>, Required<Pick<RolloutsOptions, 'onEvent'>> {
  readonly settings: AppSettings;
  readonly parts: AppParts;
  readonly metrics: Metrics;
  readonly feed: EventFeed;
  readonly errorRates: ErrorRates;
}

export function createCompanionSide({
  settings,
  parts,
  metrics,
  feed,
  errorRates,
  clients,
  onEvent,
}: CompanionPartsOptions): CompanionSide {
  const rollouts = createRollouts({
    nowMs: parts.nowMs,
    after: afterMs,
    onEvent,
    errorRates,
    needs: createNodeNeeds(parts.api),
    onHeld: (gateway, { id, reason }, revision) =>
      parts.logger.warn(
        { event: 'rollout.held', gateway, node_id: id, revision: String(revision), reason },
        'a node is not offered the revision, which it cannot run',
      ),
  });
  const report = createCompanionReport({ logger: parts.logger, metrics, feed });
  const { startAuthz, startRatelimit } = parts;
  let limits: LimitApi | undefined;
  const remember = <Started extends { readonly limits: LimitApi }>(started: Started): Started => {
    limits = started.limits;
    return started;
  };
  const local = {
    ...(startAuthz === undefined ? {} : { authz: () => startAuthz(metrics) }),
    ...(startRatelimit === undefined ? {} : { ratelimit: () => startRatelimit(metrics).then(remember) }),
  };
  return new CompanionSide({ settings, parts, after: afterMs, rollouts, clients, report, local, limits: () => limits });
}
