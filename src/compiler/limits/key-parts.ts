// Parts of keys → the actions by which Envoy reads them (ratelimit R203-R205), in the words of the form of the route's auth (authz H12).
import type { Limit, LimitKeyPart } from '../../model/limits/types.ts';
import { any } from '../../proto/any.ts';
import type { _envoy_config_route_v3_RateLimit_Action as Action } from '../../proto/generated/envoy/config/route/v3/RateLimit.ts';
import type { CompiledPolicy } from '../auth/compiled-policy.ts';
import { leavesOf } from '../auth/policy-parts.ts';
import { FIXED_ENTRIES } from '../names.ts';

/** What actions of one route depend on. */
export interface KeyContext {
  readonly route: string;
  /** Of the route; absent: it has none. */
  readonly policy?: CompiledPolicy | undefined;
  /** Header that tells the owner of an API key, where Envoy itself checks these. */
  readonly consumerHeader?: string | undefined;
}

const V6_BITS = 2;

/** Key of the part's descriptor entry. */
export function entryOf({ kind, part }: LimitKeyPart): string {
  return kind === 'clientIp' || kind === 'clientNet' || kind === 'service' ? FIXED_ENTRIES[kind] : part;
}

/** Several actions: of these at most one finds something. */
export function compilePart(part: LimitKeyPart, { whenMissing }: Pick<Limit, 'whenMissing'>, context: KeyContext): readonly Action[] {
  const descriptor_key = part.part;
  const skip_if_absent = whenMissing !== 'skip';
  switch (part.kind) {
    case 'clientIp':
      return [{ remote_address: {} }];
    case 'clientNet':
      return [{ masked_remote_address: { v4_prefix_mask_len: { value: part.bits }, v6_prefix_mask_len: { value: part.bits * V6_BITS } } }];
    case 'header':
      return [{ request_headers: { header_name: part.name, descriptor_key, skip_if_absent } }];
    case 'query':
      return [{ query_parameters: { query_parameter_name: part.name, descriptor_key, skip_if_absent } }];
    case 'method':
      return [{ request_headers: { header_name: ':method', descriptor_key } }];
    case 'path':
    case 'grpcMethod':
      return [pathWithoutQuery(descriptor_key)];
    case 'route':
      return [generic(descriptor_key, context.route)];
    case 'const':
      return [generic(descriptor_key, part.name)];
    case 'service':
      return [{ destination_cluster: {} }];
    case 'jwt':
      return claimActions(part.name, { descriptor_key, skip_if_absent }, context);
    case 'apiKey':
      return [consumerAction({ descriptor_key, skip_if_absent }, context)];
    default:
      return part satisfies never;
  }
}

export function generic(key: string, value: string): Action {
  return { generic_key: { descriptor_key: key, descriptor_value: value } };
}

/** The header would bring the query along, and with it a counter for each that clients think up. */
function pathWithoutQuery(descriptor_key: string): Action {
  const typed_config = any('envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor', { descriptor_key, text: 'request.url_path' });
  return { extension: { name: 'envoy.rate_limit_descriptors.expr', typed_config } };
}

interface EntryForm {
  readonly descriptor_key: string;
  readonly skip_if_absent: boolean;
}

/** Envoy reads texts only; a claim that is a number or a list counts as missing. */
export function claimActions(claim: string, form: EntryForm, { policy }: KeyContext): readonly Action[] {
  if (policy?.form !== 'proxy') return [metadata(form, 'envoy.filters.http.ext_authz', ['claims', claim])];
  const providers = providersOf(policy);
  // Each verified token stands under its provider, so of several all but one are absent: the limiter sees what is missing (R204).
  const skip_if_absent = form.skip_if_absent || providers.length > 1;
  return providers.map((provider) => metadata({ ...form, skip_if_absent }, 'envoy.filters.http.jwt_authn', [provider, claim]));
}

/** Names, sorted. */
export function providersOf({ policy }: CompiledPolicy): readonly string[] {
  return [...new Set(leavesOf(policy.rule).flatMap((leaf) => (leaf.kind === 'jwt' ? leaf.providers : [])))].sort();
}

function consumerAction(form: EntryForm, { policy, consumerHeader }: KeyContext): Action {
  return policy?.form === 'proxy' && consumerHeader !== undefined
    ? { request_headers: { header_name: consumerHeader, ...form } }
    : metadata(form, 'envoy.filters.http.ext_authz', ['client']);
}

function metadata(form: EntryForm, filter: string, steps: readonly string[]): Action {
  return { metadata: { ...form, source: 'DYNAMIC', metadata_key: { key: filter, path: steps.map((key) => ({ key })) } } };
}
