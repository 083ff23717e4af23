// The tree of rules of an AuthPolicy, checked (D3, M5): each rule has a kind, each list a member, each test a value.
import type { ClaimTestOutput } from '../../proto/generated/chancery/policy/v1/ClaimTest.ts';
import type { RequirementsOutput } from '../../proto/generated/chancery/policy/v1/Requirements.ts';
import type { RuleOutput } from '../../proto/generated/chancery/policy/v1/Rule.ts';
import type { ScalarOutput } from '../../proto/generated/chancery/policy/v1/Scalar.ts';
import { filled, list, PolicyProblem, pathOf, required, unset } from './field-checks.ts';
import type { ClaimTest, PolicyRule, Requirements, Scalar } from './settings.ts';

export function decodeRule(rule: RuleOutput | undefined, field: string): PolicyRule {
  const kind = rule?.kind;
  const at = `${field}.${kind}`;
  switch (kind) {
    case 'jwt':
    case 'api_keys':
    case 'introspection':
      return tokenRule(rule ?? {}, kind, at);
    case 'client_certificate':
      return { kind: 'clientCertificate', name: required(rule?.client_certificate?.name, `${at}.name`) };
    case 'ips':
      return { kind, cidrs: filled(rule?.ips?.cidrs, required, `${at}.cidrs`) };
    case 'methods':
      return { kind, methods: filled(rule?.methods?.methods, required, `${at}.methods`) };
    case 'anonymous':
      return { kind };
    case 'all_of':
      return { kind: 'allOf', rules: filled(rule?.all_of?.rules, decodeRule, `${at}.rules`) };
    case 'any_of':
      return { kind: 'anyOf', rules: filled(rule?.any_of?.rules, decodeRule, `${at}.rules`) };
    case 'not':
      return { kind, rule: negated(decodeRule(rule?.not, at), at) };
    case undefined:
      throw unset(field);
    default:
      throw unset(kind satisfies never);
  }
}

function tokenRule(rule: RuleOutput, kind: 'jwt' | 'api_keys' | 'introspection', at: string): PolicyRule {
  const needs = requirements(rule[kind]?.requirements, at);
  if (kind === 'jwt') return { kind, providers: filled(rule.jwt?.providers, required, `${at}.providers`), requirements: needs };
  if (kind === 'api_keys') return { kind: 'apiKeys', source: required(rule.api_keys?.source, `${at}.source`), requirements: needs };
  return { kind, provider: required(rule.introspection?.provider, `${at}.provider`), requirements: needs };
}

function negated(rule: PolicyRule, field: string): PolicyRule {
  if (rule.kind !== 'ips' && rule.kind !== 'methods') throw new PolicyProblem(field, 'wraps something else than ips or methods (M5)');
  return rule;
}

function requirements(message: RequirementsOutput | undefined, field: string): Requirements {
  return {
    allScopes: list(message?.all_scopes, required, `${field}.requirements.all_scopes`),
    anyScopes: list(message?.any_scopes, required, `${field}.requirements.any_scopes`),
    claims: list(message?.claims, claimTest, `${field}.requirements.claims`),
  };
}

function claimTest(test: ClaimTestOutput, field: string): ClaimTest {
  const claim = pathOf(test.claim, `${field}.claim`);
  switch (test.test) {
    case 'equals':
      return { claim, kind: 'equals', value: scalar(test.equals ?? {}, `${field}.equals`) };
    case 'one_of':
      return { claim, kind: 'oneOf', values: filled(test.one_of?.values, scalar, `${field}.one_of`) };
    case 'prefix':
      return { claim, kind: 'prefix', value: required(test.prefix, `${field}.prefix`) };
    case 'suffix':
      return { claim, kind: 'suffix', value: required(test.suffix, `${field}.suffix`) };
    case 'contains':
      return { claim, kind: 'contains', value: scalar(test.contains ?? {}, `${field}.contains`) };
    case 'exists':
      if (test.exists !== true) throw new PolicyProblem(`${field}.exists`, 'is not true');
      return { claim, kind: 'exists' };
    case undefined:
      throw unset(field);
    default:
      throw unset(test.test satisfies never);
  }
}

function scalar(value: ScalarOutput, field: string): Scalar {
  switch (value.kind) {
    case 'text':
      return value.text ?? '';
    case 'number':
      return value.number ?? 0;
    case 'truth':
      return value.truth ?? false;
    case undefined:
      throw unset(field);
    default:
      throw unset(value.kind satisfies never);
  }
}
