// One version of a policy, ready to be asked: its rule as a closure, where credentials stand, what else of a request it reads.

import type { Secret } from '../../lib/secret.ts';
import { compileRule, type Rule } from './compile-rule.ts';
import { type CredentialLocation, credentialLocations } from './credential-locations.ts';
import { PolicyProblem } from './field-checks.ts';
import type { CertificateSettings, IntrospectionSettings, JwtSettings, PolicyRule, PolicySettings } from './settings.ts';

export interface CompiledPolicy {
  readonly settings: PolicySettings;
  readonly rule: Rule;
  readonly locations: readonly CredentialLocation[];
  readonly jwt: readonly JwtSettings[];
  readonly introspection: readonly IntrospectionSettings[];
  readonly certificates: readonly CertificateSettings[];
  readonly readsMethod: boolean;
  readonly readsAddress: boolean;
  readonly isShadow: boolean;
  /** Keys the hashes of its subjects, where all companions of the gateway have one key. */
  readonly subjectKey?: Secret;
}

/** Throws PolicyProblem for what cannot be enforced as it is written. */
export function compilePolicy(settings: PolicySettings): CompiledPolicy {
  const locations = credentialLocations(settings);
  const credentialHeaders = new Set(locations.filter(({ at }) => at === 'header').map(({ name }) => name));
  if (locations.some(({ at }) => at === 'cookie')) credentialHeaders.add('cookie');
  const both = settings.identityHeaders.find((name) => credentialHeaders.has(name));
  if (both !== undefined) throw new PolicyProblem('identity_headers', 'holds a header that carries credentials (H6)');
  const stamped = [
    ...[...settings.jwt, ...settings.introspection].flatMap(({ forwardClaims }) => forwardClaims.map(({ header }) => header)),
    ...settings.apiKeys.flatMap(({ consumerHeaders }) => consumerHeaders),
    ...settings.clientCertificates.flatMap(({ forward }) => forward.map(({ header }) => header)),
  ];
  if (stamped.some((name) => !settings.identityHeaders.includes(name)))
    throw new PolicyProblem('identity_headers', 'lacks a header that is forwarded (H6)');
  return {
    settings,
    rule: compileRule(settings.rule, settings),
    locations,
    jwt: settings.jwt,
    introspection: settings.introspection,
    certificates: settings.clientCertificates,
    readsMethod: holds(settings.rule, 'methods'),
    readsAddress: holds(settings.rule, 'ips'),
    isShadow: settings.mode === 'shadow',
  };
}

function holds(rule: PolicyRule, kind: PolicyRule['kind']): boolean {
  if (rule.kind === kind) return true;
  if (rule.kind === 'not') return holds(rule.rule, kind);
  return (rule.kind === 'allOf' || rule.kind === 'anyOf') && rule.rules.some((each) => holds(each, kind));
}
