// An AuthPolicy from its bytes, checked: its name tells the hash of its content (D2) and nothing in it is beyond what this program knows (D3),
// so that an older companion never reads "no rule" where a newer control plane wrote one.
import type { EnvoyApi } from '../../proto/api.ts';
import type { AuthPolicyOutput } from '../../proto/generated/chancery/policy/v1/AuthPolicy.ts';
import { policyVersion } from '../../proto/policy-version.ts';
import { decodeProviders } from './decode-providers.ts';
import { decodeRule } from './decode-rule.ts';
import { list, PolicyProblem, pathOf, required } from './field-checks.ts';
import type { PolicySettings } from './settings.ts';

const TYPE = 'chancery.policy.v1.AuthPolicy';

/** Throws PolicyProblem (a NACK) with the field that is wrong. `name` is that of the resource: `<gateway>/<policy>@<version>`. */
export function decodePolicy(api: EnvoyApi, name: string, bytes: Uint8Array): PolicySettings {
  const message = decoded(api, bytes);
  const version = required(message.version, 'version');
  const policy = required(message.policy, 'policy');
  const gateway = gatewayOf(name, `${policy}@${version}`);
  if (version !== policyVersion(api, message)) throw new PolicyProblem('version', 'is not the hash of the content (D2)');
  const settings: PolicySettings = {
    gateway,
    policy,
    version,
    rule: decodeRule(message.rule, 'rule'),
    ...decodeProviders(api, gateway, message),
    identityHeaders: list(message.identity_headers, headerName, 'identity_headers'),
    mode: modeOf(message.mode),
    realm: required(message.realm, 'realm'),
    resourceMetadata: message.resource_metadata ?? false,
    paths: { escapedSlashes: message.paths?.escaped_slashes ?? false, parameters: message.paths?.parameters ?? false },
    toldClaims: list(message.told_claims, pathOf, 'told_claims'),
  };
  return settings;
}

function decoded(api: EnvoyApi, bytes: Uint8Array): AuthPolicyOutput {
  const message = api.decode(TYPE, bytes);
  // What the API does not know was passed over by the decoder, so it is missing when the message is written again.
  if (!api.encode(TYPE, message).equals(bytes))
    throw new PolicyProblem('the message', 'holds fields that are not known here, or is not deterministic (D3)');
  return message;
}

function gatewayOf(name: string, rest: string): string {
  const slash = name.indexOf('/');
  if (slash < 1 || name.slice(slash + 1) !== rest) throw new PolicyProblem('the name', `is not <gateway>/${rest}`);
  return name.slice(0, slash);
}

function modeOf(mode: AuthPolicyOutput['mode']): 'enforce' | 'shadow' {
  if (mode === 'ENFORCE') return 'enforce';
  if (mode === 'SHADOW') return 'shadow';
  throw new PolicyProblem('mode', 'is not known (D3)');
}

function headerName(name: string, field: string): string {
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/.test(name)) throw new PolicyProblem(field, 'is no lower-case header name');
  return name;
}
