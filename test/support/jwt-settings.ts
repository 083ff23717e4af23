// Settings of one JWT provider as a policy holds them, with its keys inline.
import type { JwtSettings } from '../../src/authz/policy/settings.ts';
import { ASYMMETRIC_ALGORITHMS, type TestIssuer } from './test-issuer.ts';

/** Of the issuer and its keys of now; `over` replaces. */
export function jwtSettings(issuer: TestIssuer, over: Partial<JwtSettings> = {}): JwtSettings {
  return {
    id: 'edge/main#0',
    name: 'main',
    issuer: issuer.issuer,
    audiences: ['shop'],
    maxTokenBytes: 8_192,
    from: [{ kind: 'header', name: 'authorization', prefix: 'Bearer ' }],
    scopeClaim: ['scope'],
    forwardClaims: [],
    keepCredential: false,
    algorithms: ASYMMETRIC_ALGORITHMS,
    types: ['at+jwt', 'jwt'],
    clockSkewSeconds: 30,
    maxLifetimeSeconds: undefined,
    keys: { kind: 'inline', jwks: JSON.stringify(issuer.jwks()) },
    ...over,
  };
}
