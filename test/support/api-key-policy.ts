// A policy that asks for an API key, its keys, and checks with and without one. Nothing here is secret.
import { createHash } from 'node:crypto';
import type { EnvoyApi } from '../../src/proto/api.ts';
import { checkRequest, policyResource } from './auth-policy.ts';
import type { SentResource } from './policy-control-plane.ts';

export const API_KEY = 'ck_abcdefgh_0123456789abcdefghijABCDEFGHIJ01';

export interface ApiKeyPolicy {
  readonly policy: SentResource;
  readonly keys: SentResource;
  /** CheckRequest with the key that is given, if any. */
  check(key?: string): Buffer;
}

/** `changes` make another version of it. */
export function apiKeyPolicy(api: EnvoyApi, gateway = 'edge', changes: { readonly realm?: string } = {}): ApiKeyPolicy {
  const source = { name: 'partners', from: [{ header: { name: 'x-api-key' } }], consumer_headers: ['x-client-id'] };
  const { version, bytes } = policyResource(api, { rule: { api_keys: { source: 'partners' } }, jwt: [], api_keys: [source], ...changes });
  const digest = `sha256:${createHash('sha256').update(API_KEY).digest('hex')}`;
  const keys = api.encode('chancery.policy.v1.ApiKeySet', {
    name: `${gateway}/partners`,
    consumers: [{ name: 'acme', digests: [digest] }],
  });
  return {
    policy: { name: `${gateway}/users@${version}`, version, bytes },
    keys: { name: `${gateway}/partners`, version: '1', bytes: keys },
    check: (key) =>
      checkRequest(api, { policy: `${gateway}/users`, version, ...(key === undefined ? {} : { headers: [['x-api-key', key]] }) }),
  };
}
