// Rules as closures beside the plainest reading of M3 and M4.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRule, type RuleFacts, type Standing } from '../../../../src/authz/policy/compile-rule.ts';
import type { PolicyRule, PolicySettings, Requirements } from '../../../../src/authz/policy/settings.ts';
import { refusal, unknown } from '../../../../src/authz/policy/verdict.ts';
import { ProvenIdentity } from '../../../../src/authz/proven-identity.ts';

const NEEDS: Requirements = { allScopes: ['a'], anyScopes: [], claims: [] };
const FREE: Requirements = { allScopes: [], anyScopes: [], claims: [] };

const settings = {
  jwt: [{ name: 'main' }],
  introspection: [{ name: 'legacy' }],
  apiKeys: [{ name: 'partners' }],
  clientCertificates: [],
} as unknown as PolicySettings;

const identity = (provider: string, scopes: readonly string[]): Standing => ({
  identity: new ProvenIdentity({
    kind: 'jwt',
    provider,
    issuer: undefined,
    subject: 'u',
    claims: {},
    scopeClaim: [],
    scopes: new Set(scopes),
    forward: [],
  }),
});

const standing = (provider: string) =>
  fc.constantFrom<Standing | undefined>(
    undefined,
    identity(provider, []),
    identity(provider, ['a']),
    { refusal: refusal('jwt.expired', 'invalid') },
    { refusal: unknown('jwks.unavailable') },
  );

const facts: fc.Arbitrary<RuleFacts> = fc.record({
  jwt: standing('main'),
  token: standing('legacy'),
  apiKey: standing('partners'),
  certificate: fc.constant(undefined),
  method: fc.constantFrom('GET', 'POST'),
  address: fc.constantFrom(undefined, '40a000001', '4c0a80001'),
});

const requirements = fc.constantFrom(NEEDS, FREE);
const narrow: fc.Arbitrary<PolicyRule> = fc.constantFrom({ kind: 'ips', cidrs: ['10.0.0.0/8'] }, { kind: 'methods', methods: ['GET'] });
const { rule } = fc.letrec<{ rule: PolicyRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4 },
    requirements.map((needs): PolicyRule => ({ kind: 'jwt', providers: ['main'], requirements: needs })),
    requirements.map((needs): PolicyRule => ({ kind: 'introspection', provider: 'legacy', requirements: needs })),
    requirements.map((needs): PolicyRule => ({ kind: 'apiKeys', source: 'partners', requirements: needs })),
    fc.constant<PolicyRule>({ kind: 'anonymous' }),
    narrow,
    narrow.map((inner): PolicyRule => ({ kind: 'not', rule: inner })),
    fc.record({ kind: fc.constantFrom('allOf', 'anyOf'), rules: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }) }),
  ),
}));

type Value = 'allow' | 'deny' | 'unknown';

/** M3 word by word. */
function model(of: PolicyRule, about: RuleFacts): Value {
  switch (of.kind) {
    case 'jwt':
      return held(about.jwt, of.requirements);
    case 'introspection':
      return held(about.token, of.requirements);
    case 'apiKeys':
      return held(about.apiKey, of.requirements);
    case 'anonymous':
      return [about.jwt, about.token, about.apiKey].every((each) => each === undefined) ? 'allow' : 'deny';
    case 'ips':
      return about.address === undefined ? 'unknown' : about.address.startsWith('40a') ? 'allow' : 'deny';
    case 'methods':
      return about.method === 'GET' ? 'allow' : 'deny';
    case 'not': {
      const value = model(of.rule, about);
      return value === 'allow' ? 'deny' : value === 'deny' ? 'allow' : 'unknown';
    }
    case 'allOf': {
      const values = of.rules.map((each) => model(each, about));
      return values.includes('deny') ? 'deny' : values.includes('unknown') ? 'unknown' : 'allow';
    }
    case 'anyOf': {
      const values = of.rules.map((each) => model(each, about));
      return values.includes('allow') ? 'allow' : values.includes('unknown') ? 'unknown' : 'deny';
    }
    case 'clientCertificate':
      throw new Error('no certificates here');
    default:
      return of satisfies never;
  }
}

function held(each: Standing | undefined, { allScopes }: Requirements): Value {
  if (each === undefined) return 'deny';
  if (each.identity === undefined) return each.refusal.value;
  return allScopes.every((scope) => each.identity.scopes.has(scope)) ? 'allow' : 'deny';
}

describe('a compiled rule', () => {
  it('has the value of the three-valued logic, whatever the tree (authz M3, M5)', () => {
    fc.assert(
      fc.property(rule, facts, (of, about) => {
        expect(compileRule(of, settings)(about).value).toBe(model(of, about));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('reports of failed branches the one that came furthest, then the first (authz G9)', () => {
    const about: RuleFacts = {
      jwt: identity('main', []),
      token: undefined,
      apiKey: undefined,
      certificate: undefined,
      method: 'GET',
      address: undefined,
    };
    const scopes: PolicyRule = { kind: 'jwt', providers: ['main'], requirements: NEEDS };
    const key: PolicyRule = { kind: 'apiKeys', source: 'partners', requirements: FREE };
    const token: PolicyRule = { kind: 'introspection', provider: 'legacy', requirements: FREE };
    const reason = (...rules: PolicyRule[]) => {
      const verdict = compileRule({ kind: 'anyOf', rules }, settings)(about);
      return verdict.value === 'allow' ? 'ok' : verdict.reason;
    };
    expect(reason(key, scopes)).toBe('scope.insufficient');
    expect(reason(key, token)).toBe('apiKey.missing');
    expect(reason(token, key)).toBe('jwt.missing');
    expect(reason(scopes, { kind: 'ips', cidrs: ['10.0.0.0/8'] })).toBe('authz.internal');
  });

  it('names only what the policy defines', () => {
    expect(() => compileRule({ kind: 'jwt', providers: ['other'], requirements: FREE }, settings)).toThrow(/does not define/);
  });
});
