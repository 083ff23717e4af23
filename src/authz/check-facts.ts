// One check on its way: what of the request its policy asks for, and what has become of the credentials it presented.
import type { CallTimes } from './handler-ports.ts';
import type { ClientCertificate } from './policy/client-certificate.ts';
import type { RuleFacts, Standing } from './policy/compile-rule.ts';
import type { CompiledPolicy } from './policy/compiled-policy.ts';
import type { CredentialLocation } from './policy/credential-locations.ts';
import type { KnownPolicies } from './policy/policy-table.ts';
import { both, type Verdict } from './policy/verdict.ts';
import type { Presented, PresentedCredentials } from './presented-credentials.ts';
import type { ProvenIdentity } from './proven-identity.ts';
import type { ToldRequest } from './told-request.ts';

export class CheckFacts implements RuleFacts {
  readonly policy: CompiledPolicy;
  readonly known: KnownPolicies;
  readonly presented: PresentedCredentials;
  readonly times: CallTimes;
  jwt: Standing | undefined;
  token: Standing | undefined;
  apiKey: Standing | undefined;
  certificate: ClientCertificate | 'unreadable' | undefined;
  method = '';
  address: string | undefined;
  /** Read before anything is waited for. */
  told: ToldRequest | undefined;

  constructor(
    found: { readonly policy: CompiledPolicy; readonly known: KnownPolicies },
    presented: PresentedCredentials,
    times: CallTimes,
  ) {
    this.policy = found.policy;
    this.known = found.known;
    this.presented = presented;
    this.times = times;
  }

  /** The rule, and beside it every presented credential (M4): none that is bad is ignored. */
  verdict(): Verdict {
    let verdict = this.policy.rule(this);
    for (const standing of [this.jwt, this.token, this.apiKey])
      if (standing?.refusal !== undefined) verdict = both(verdict, standing.refusal);
    return verdict;
  }

  identities(): readonly ProvenIdentity[] {
    const identities: ProvenIdentity[] = [];
    for (const standing of [this.jwt, this.token, this.apiKey]) if (standing?.identity !== undefined) identities.push(standing.identity);
    const { certificate } = this;
    if (certificate === undefined || certificate === 'unreadable') return identities;
    for (const settings of this.policy.certificates) {
      const identity = certificate.identity(settings);
      if (identity !== undefined) identities.push(identity);
    }
    return identities;
  }

  /** Where the credentials stood. */
  used(): readonly CredentialLocation[] {
    const used: CredentialLocation[] = [];
    for (const presented of this.credentials()) if (presented.refusal === undefined) used.push(presented.location);
    return used;
  }

  credentials(): readonly Presented[] {
    const { jwt, token, apiKey } = this.presented;
    return [jwt, token, apiKey].filter((presented) => presented !== undefined);
  }
}
