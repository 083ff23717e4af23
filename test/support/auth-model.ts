// Auth models made by hand: each function gives a complete value with plain defaults, of which a test overrides what it is about.
import type { AuthModel, AuthPolicy, AuthRule, JwtProvider, Requirements } from '../../src/model/auth/types.ts';

export function anAuthModel(parts: Partial<AuthModel> = {}): AuthModel {
  return {
    jwt: [],
    apiKeys: [],
    introspection: [],
    clientCertificates: [],
    ipLists: [],
    policies: [],
    companion: { path: ['authz'], timeoutMs: 250 },
    identityHeaders: [],
    ...parts,
  };
}

export function aJwtProvider(parts: Partial<JwtProvider> = {}): JwtProvider {
  const name = parts.name ?? 'main';
  return {
    name,
    path: ['jwt', name],
    issuer: 'https://id.test/',
    audiences: ['shop'],
    algorithms: ['ES256', 'RS256'],
    types: ['at+jwt', 'jwt'],
    clockSkewSeconds: 30,
    maxTokenBytes: 8192,
    keys: { kind: 'inline', jwks: '{"keys":[]}' },
    from: [{ kind: 'header', name: 'authorization', prefix: 'Bearer ' }],
    scopeClaim: ['scope'],
    forwardClaims: [],
    keepCredential: false,
    ...parts,
  };
}

export function aPolicy(name: string, rule: AuthRule, parts: Partial<AuthPolicy> = {}): AuthPolicy {
  return { name, path: ['policies', name], rule, enforce: 'auto', mode: 'enforce', onFailure: 'deny', resourceMetadata: false, ...parts };
}

const NO_REQUIREMENTS: Requirements = { scopes: [], anyScope: [], claims: [] };

/** A token of one of the providers. */
export function byToken(providers: string | readonly string[] = 'main', requirements: Partial<Requirements> = {}): AuthRule {
  const names = typeof providers === 'string' ? [providers] : providers;
  return { kind: 'jwt', path: ['rule'], providers: names, requirements: { ...NO_REQUIREMENTS, ...requirements } };
}

export function allOf(...rules: readonly AuthRule[]): AuthRule {
  return { kind: 'allOf', path: ['rule'], rules };
}

export function anyOf(...rules: readonly AuthRule[]): AuthRule {
  return { kind: 'anyOf', path: ['rule'], rules };
}

export function not(rule: AuthRule): AuthRule {
  return { kind: 'not', path: ['rule'], rule };
}

export function fromLists(...lists: readonly string[]): AuthRule {
  return { kind: 'ips', path: ['rule'], lists };
}

export function byMethods(...methods: readonly string[]): AuthRule {
  return { kind: 'methods', path: ['rule'], methods };
}

export const ANONYMOUS: AuthRule = { kind: 'anonymous', path: ['rule'] };
