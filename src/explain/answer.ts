// What comes of a request, as far as the configuration alone tells: the first that ends it, in the order of Envoy's filters. Counters, backends,
// signatures and keys are not asked, so what they may refuse is said as open.
import type { LimitService } from '../model/limits/types.ts';
import type { LimitView } from './limit-view.ts';
import { stepOf } from './limits-view.ts';
import { statusOf } from './refusal.ts';
import type { AuthView, Walk } from './walk.ts';

export type Answer =
  /** Envoy answers itself. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason?: string; readonly limit?: string }
  | { readonly kind: 'redirected' | 'answered'; readonly status: number }
  /** Of these one gets it: those with a weight. `unless`: what may refuse it still. */
  | { readonly kind: 'forwarded'; readonly services: readonly string[]; readonly unless: readonly string[] }
  /** No listener speaks the scheme. */
  | { readonly kind: 'unreachable' };

const PATH_REDIRECT = 307;
const DENIED = 429;

export function answerOf(walk: Walk, service: LimitService | undefined): Answer {
  const { listener, path, found } = walk;
  if (listener === undefined) return { kind: 'unreachable' };
  if (listener.redirect !== undefined) return { kind: 'redirected', status: listener.redirect.code };
  if (path?.kind === 'refused') return { kind: 'refused', status: 400, ...(path.reason === undefined ? {} : { reason: path.reason }) };
  if (path?.kind === 'redirected') return { kind: 'redirected', status: PATH_REDIRECT };
  if (found === undefined) return { kind: 'refused', status: 404 };
  const denied = denialOf(walk, service?.deniedStatus ?? DENIED);
  if (denied !== undefined) return denied;
  const { action } = found.route;
  if (action.kind === 'redirect') return { kind: 'redirected', status: action.code };
  if (action.kind === 'respond') return { kind: 'answered', status: action.status };
  const services = action.backends.filter(({ weight }) => weight > 0).map((backend) => backend.service);
  return { kind: 'forwarded', services, unless: doubts(walk) };
}

/** Before auth, by auth, after it: whoever denies first is the one that is heard. */
function denialOf({ limits, auth }: Walk, deniedStatus: number): Answer | undefined {
  const refused = auth === undefined ? undefined : authDenial(auth);
  if (refused !== undefined && auth !== undefined && isRefusedFirst(auth)) return refused;
  const early = limits.find((view) => isEarly(view) && denies(view));
  if (early !== undefined) return limitDenial(early, deniedStatus);
  if (refused !== undefined) return refused;
  const main = limits.find((view) => !isEarly(view) && denies(view));
  return main === undefined ? undefined : limitDenial(main, deniedStatus);
}

function authDenial(auth: AuthView): Answer | undefined {
  if (!refuses(auth)) return undefined;
  const { refusal } = auth.rule;
  if (refusal === undefined) return { kind: 'refused', status: 403 };
  return { kind: 'refused', status: statusOf(refusal), reason: refusal.reason };
}

/** Whether the policy ends the request. */
export function refuses({ policy, rule }: AuthView): boolean {
  return policy.mode === 'enforce' && rule.standing === 'fails';
}

/** Where Envoy itself decides, the form of credentials is looked at before any limit is asked (authz C3). */
export function isRefusedFirst(auth: AuthView): boolean {
  return refuses(auth) && auth.form.form === 'proxy' && auth.rule.refusal?.isForm === true;
}

function limitDenial({ limit, outcome }: LimitView, status: number): Answer {
  return { kind: 'refused', status, limit: limit.name, ...(outcome.kind === 'denied' ? { reason: outcome.reason } : {}) };
}

function denies({ limit, outcome }: LimitView): boolean {
  return outcome.kind === 'denied' && limit.mode === 'enforce';
}

export function isEarly({ limit }: LimitView): boolean {
  return stepOf(limit).startsWith('early');
}

function doubts({ limits, auth }: Walk): readonly string[] {
  return [
    ...(auth?.policy.mode === 'enforce' && auth.rule.standing === 'open' ? [`policy ${auth.policy.name}`] : []),
    ...limits
      .filter(({ limit, outcome }) => limit.mode === 'enforce' && (outcome.kind === 'counted' || outcome.kind === 'open'))
      .map(({ limit }) => `limit ${limit.name}`),
  ];
}
