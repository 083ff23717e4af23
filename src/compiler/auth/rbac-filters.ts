// The two places of RBAC in the chain: what is refused before credentials are looked at, and what is asked after. Everything they do comes from
// the route (RDS); a route that switches one on without saying what is denied all.
import { any } from '../../proto/any.ts';
import type { Policy } from '../../proto/generated/envoy/config/rbac/v3/Policy.ts';
import type { Any } from '../../proto/generated/google/protobuf/Any.ts';
import type { HttpFilterCompiler } from '../filters/http-filter-compiler.ts';
import { nameOfFilterSlot } from '../names.ts';

export const HYGIENE_FILTER = nameOfFilterSlot('hygiene');
export const ACCESS_FILTER = nameOfFilterSlot('rbac');

export const hygiene: HttpFilterCompiler = { appliesTo: 'all', compileFilter: () => denyingFilter(HYGIENE_FILTER) };
export const access: HttpFilterCompiler = { appliesTo: 'all', compileFilter: () => denyingFilter(ACCESS_FILTER) };

function denyingFilter(name: string): ReturnType<HttpFilterCompiler['compileFilter']> {
  const typed = any('envoy.extensions.filters.http.rbac.v3.RBAC', { rules: { action: 'ALLOW', policies: {} } });
  return { name, typed_config: typed, disabled: true };
}

/** Requests that one of the policies fits are denied; their names order them and end in the reason. */
export function compileDenials(policies: Readonly<Record<string, Policy>>): Any {
  return any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', { rbac: { rules: { action: 'DENY', policies: { ...policies } } } });
}
