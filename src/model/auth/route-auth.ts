// What a route says about who may call, and what it means to say nothing (authz M1). Names are followed elsewhere: they change without the route.
import type { RouteConfig } from '../../config/schema/route.ts';
import { errorAt, type Report } from '../issue.ts';
import { DEFAULT_POLICY, inlinePolicyName } from './defaults.ts';
import type { RouteAuth } from './types.ts';

/** What silence means in this gateway. */
export interface AuthBackdrop {
  /** The file has some section of the auth language. */
  readonly isUsed: boolean;
  /** The policy of `defaults.auth`; `unknown`: it cannot be read, and its mistake is told already. */
  readonly general?: { readonly policy: string } | 'unknown';
}

/** Undefined: public, because nothing is forwarded or the gateway has no auth. */
export function resolveRouteAuth(entry: RouteConfig, { isUsed, general }: AuthBackdrop, report: Report): RouteAuth | undefined {
  const { name, auth, backends } = entry;
  const path = ['routes', name, 'auth'];
  if (auth === 'none') return { kind: 'none' };
  if (auth !== undefined) return { kind: 'policy', policy: auth.policy ?? inlinePolicyName(name), path };
  if (!isUsed || backends === undefined || general === 'unknown') return undefined;
  if (general !== undefined) return { kind: 'policy', policy: general.policy, path: ['defaults', 'auth'], inherited: true };
  report(
    errorAt(['routes', name, 'name'], 'CH2800', {
      message: `route "${name}" does not say who may call`,
      label: 'has backends and no auth',
      help: 'write auth: {jwt: …} or {policy: …}; auth: none makes it public; defaults: {auth: …} speaks for all',
    }),
  );
  return undefined;
}

/** The name of the policy behind `defaults.auth`. */
export function defaultPolicyName(named: string | undefined): string {
  return named ?? DEFAULT_POLICY;
}
