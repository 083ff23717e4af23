// Policies and check requests for tests, as bytes: what a control plane and a proxy would send.
import type { EnvoyApi } from '../../src/proto/api.ts';
import type { AuthPolicy } from '../../src/proto/generated/chancery/policy/v1/AuthPolicy.ts';
import type { JwtProvider } from '../../src/proto/generated/chancery/policy/v1/JwtProvider.ts';
import { policyVersion } from '../../src/proto/policy-version.ts';

export const AUTHORIZATION = { header: { name: 'authorization', prefix: 'Bearer ' } };

export function jwtProvider(changes: JwtProvider = {}): JwtProvider {
  return {
    name: 'main',
    issuer: 'https://id.example.com/',
    audiences: ['shop'],
    algorithms: ['RS256'],
    types: ['at+jwt', 'jwt'],
    clock_skew_seconds: 30,
    max_token_bytes: 8192,
    inline_keys: '{"keys":[]}',
    from: [AUTHORIZATION],
    scope_claim: { steps: ['scope'] },
    forward_claims: [{ header: 'x-user-id', claim: { steps: ['sub'] } }],
    ...changes,
  };
}

/** A resource of gateway `edge`, with its true version. */
export function policyResource(
  api: EnvoyApi,
  changes: AuthPolicy,
): { readonly name: string; readonly version: string; readonly bytes: Buffer } {
  const content: AuthPolicy = {
    policy: 'users',
    rule: { jwt: { providers: ['main'] } },
    jwt: [jwtProvider()],
    identity_headers: ['x-client-id', 'x-tenant', 'x-user-id'],
    mode: 'ENFORCE',
    realm: 'edge',
    ...changes,
  };
  const version = policyVersion(api, content);
  const bytes = api.encode('chancery.policy.v1.AuthPolicy', { ...content, version });
  return { name: `edge/${content.policy}@${version}`, version, bytes };
}

export interface CheckShape {
  readonly policy?: string;
  readonly version: string;
  readonly route?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly certificate?: string;
}

export function checkRequest(api: EnvoyApi, shape: CheckShape): Buffer {
  return api.encode('envoy.service.auth.v3.CheckRequest', {
    attributes: {
      source: { certificate: shape.certificate ?? '' },
      request: {
        http: {
          method: shape.method ?? 'GET',
          path: shape.path ?? '/orders?page=1',
          host: 'shop.example.com',
          header_map: {
            headers: [
              [':authority', 'shop.example.com'],
              ['x-request-id', '0b1f3c5e-1111-4222-8333-444455556666'],
              ...(shape.headers ?? []),
            ].map(([key = '', value = '']) => ({ key, raw_value: Buffer.from(value, 'latin1') })),
          },
        },
      },
      context_extensions: {
        'chancery.policy': shape.policy ?? 'edge/users',
        'chancery.version': shape.version,
        'chancery.route': shape.route ?? 'list-orders',
      },
    },
  });
}
