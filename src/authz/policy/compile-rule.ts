// A rule as a closure that is asked for every request (P3): all that can be made before is made here. Three values, as verdict.ts says (M3).
import type { ProvenIdentity } from '../proven-identity.ts';
import { AddressSet } from './address-set.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { compileRequirements } from './compile-requirements.ts';
import { PolicyProblem } from './field-checks.ts';
import type { CertificateSettings, PolicyRule, PolicySettings } from './settings.ts';
import { ALLOW, both, either, inverse, type Refusal, refusal, unknown, type Verdict } from './verdict.ts';

/** What became of a presented credential: whose it is, or why it does not count. */
export type Standing =
  | { readonly identity: ProvenIdentity; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly identity?: undefined };

/** What rules ask about a request. Absent: nothing of the kind was presented, or the policy does not ask for it. */
export interface RuleFacts {
  readonly jwt: Standing | undefined;
  readonly token: Standing | undefined;
  readonly apiKey: Standing | undefined;
  /** `unreadable`: one was presented, but it cannot be compared. */
  readonly certificate: ClientCertificate | 'unreadable' | undefined;
  readonly method: string;
  /** As `addressKey` gives it; absent where the proxy told none: nobody can decide then (H10). */
  readonly address: string | undefined;
}

export type Rule = (facts: RuleFacts) => Verdict;

const NO_ADDRESS = unknown('authz.internal');
const ADDRESS_DENIED = refusal('ip.denied', 'insufficient');
const METHOD_DENIED = refusal('method.denied', 'insufficient');
const NOT_ANONYMOUS = refusal('claim.mismatch', 'excluded');
const OTHER_ISSUER = refusal('jwt.issuer', 'invalid');
const OTHER_KEY = refusal('apiKey.invalid', 'invalid');
const INACTIVE = refusal('token.inactive', 'invalid');
const MISSING = {
  jwt: refusal('jwt.missing', 'missing'),
  apiKey: refusal('apiKey.missing', 'missing'),
  certificate: refusal('cert.missing', 'missing'),
};
const CERTIFICATE_DENIED = refusal('cert.notAllowed', 'insufficient');

/** Throws PolicyProblem for names that the policy does not define and blocks that are none. */
export function compileRule(rule: PolicyRule, settings: PolicySettings): Rule {
  switch (rule.kind) {
    case 'jwt':
    case 'introspection':
    case 'apiKeys':
      return credentialRule(rule, settings);
    case 'clientCertificate':
      return certificateRule(named(settings.clientCertificates, rule.name));
    case 'ips':
      return addressRule(new AddressSet(rule.cidrs));
    case 'methods':
      return methodRule(new Set(rule.methods));
    case 'anonymous':
      return anonymousRule;
    case 'allOf':
    case 'anyOf': {
      const rules = rule.rules.map((each) => compileRule(each, settings));
      return listRule(rules, rule.kind === 'allOf' ? both : either);
    }
    case 'not':
      return notRule(compileRule(rule.rule, settings), rule.rule.kind === 'methods' ? METHOD_DENIED : ADDRESS_DENIED);
    default:
      return rule satisfies never;
  }
}

type CredentialRule = Extract<PolicyRule, { readonly kind: 'jwt' | 'introspection' | 'apiKeys' }>;

function credentialRule(rule: CredentialRule, settings: PolicySettings): Rule {
  const holds = compileRequirements(rule.requirements, rule.kind !== 'apiKeys');
  switch (rule.kind) {
    case 'jwt':
      for (const name of rule.providers) named(settings.jwt, name);
      return identityRule(({ jwt }) => jwt, { names: rule.providers, missing: MISSING.jwt, other: OTHER_ISSUER, holds });
    case 'introspection':
      named(settings.introspection, rule.provider);
      return identityRule(({ token }) => token, { names: [rule.provider], missing: MISSING.jwt, other: INACTIVE, holds });
    case 'apiKeys':
      named(settings.apiKeys, rule.source);
      return identityRule(({ apiKey }) => apiKey, { names: [rule.source], missing: MISSING.apiKey, other: OTHER_KEY, holds });
    default:
      return rule satisfies never;
  }
}

function named<Named extends { readonly name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new PolicyProblem('rule', `names ${JSON.stringify(name)}, which the policy does not define`);
  return found;
}

interface IdentityNeeds {
  readonly names: readonly string[];
  readonly missing: Refusal;
  /** The credential is good, but of another provider. */
  readonly other: Refusal;
  readonly holds: (identity: ProvenIdentity) => Verdict;
}

function identityRule(standingOf: (facts: RuleFacts) => Standing | undefined, { names, missing, other, holds }: IdentityNeeds): Rule {
  return (facts) => {
    const standing = standingOf(facts);
    if (standing === undefined) return missing;
    if (standing.identity === undefined) return standing.refusal;
    return names.includes(standing.identity.facts.provider) ? holds(standing.identity) : other;
  };
}

function certificateRule(settings: CertificateSettings): Rule {
  return ({ certificate }) => {
    if (certificate === undefined) return MISSING.certificate;
    return certificate !== 'unreadable' && certificate.identity(settings) !== undefined ? ALLOW : CERTIFICATE_DENIED;
  };
}

function addressRule(addresses: AddressSet): Rule {
  return ({ address }) => (address === undefined ? NO_ADDRESS : addresses.has(address) ? ALLOW : ADDRESS_DENIED);
}

function methodRule(methods: ReadonlySet<string>): Rule {
  return ({ method }) => (methods.has(method) ? ALLOW : METHOD_DENIED);
}

/** M4: holds only when nothing is presented that the policy reads. */
function anonymousRule({ jwt, token, apiKey, certificate }: RuleFacts): Verdict {
  return jwt === undefined && token === undefined && apiKey === undefined && certificate === undefined ? ALLOW : NOT_ANONYMOUS;
}

function listRule(rules: readonly Rule[], join: (left: Verdict, right: Verdict) => Verdict): Rule {
  const [first, ...rest] = rules;
  if (first === undefined) throw new PolicyProblem('rule', 'is an empty list');
  if (rest.length === 0) return first;
  return (facts) => {
    let verdict = first(facts);
    for (const rule of rest) verdict = join(verdict, rule(facts));
    return verdict;
  };
}

function notRule(rule: Rule, denied: Refusal): Rule {
  return (facts) => inverse(rule(facts), denied);
}
