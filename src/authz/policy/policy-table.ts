// All policies, key sets and secrets that are known, as one immutable table that is swapped whole (D6, D7): a check sees one table from its
// start to its end. What is refused leaves what was there before.
import type { Secret } from '../../lib/secret.ts';
import type { EnvoyApi } from '../../proto/api.ts';
import { ApiKeyIndex } from './api-key-index.ts';
import { type CompiledPolicy, compilePolicy } from './compiled-policy.ts';
import { decodePolicy } from './decode-policy.ts';
import { PolicyProblem } from './field-checks.ts';
import type { JwtSettings, PolicySettings } from './settings.ts';

/** The SDS name of the key of subjects' hashes (S4). */
const SUBJECT_KEY = 'secret/subjects';

interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PolicyTableUpdate {
  /** Resources `<gateway>/<policy>@<version>`. */
  readonly policies?: readonly NamedBytes[];
  /** Resources `<gateway>/<source>`. */
  readonly apiKeys?: readonly NamedBytes[];
  /** `<gateway>/` and the name of the SDS secret. */
  readonly secrets?: readonly { readonly name: string; readonly value: Secret }[];
  /** Names of any of these. */
  readonly removed?: readonly string[];
}

export interface RefusedPart {
  readonly name: string;
  /** Names fields, never contents. */
  readonly message: string;
}

export interface PolicyTable {
  /** Puts in, replaces and removes; all at once for whoever asks next. */
  apply(update: PolicyTableUpdate): { readonly refused: readonly RefusedPart[] };
  /** What is known now. */
  current(): KnownPolicies;
}

export class KnownPolicies {
  /** `<gateway>/<policy>` → version → policy: nothing is put together for a look-up. */
  readonly #versions: ReadonlyMap<string, ReadonlyMap<string, CompiledPolicy>>;
  readonly policies: ReadonlyMap<string, CompiledPolicy>;
  readonly apiKeys: ReadonlyMap<string, ApiKeyIndex>;
  readonly secrets: ReadonlyMap<string, Secret>;

  constructor(
    policies: ReadonlyMap<string, CompiledPolicy>,
    apiKeys: ReadonlyMap<string, ApiKeyIndex>,
    secrets: ReadonlyMap<string, Secret>,
  ) {
    const versions = new Map<string, Map<string, CompiledPolicy>>();
    for (const policy of policies.values()) {
      const name = `${policy.settings.gateway}/${policy.settings.policy}`;
      const known = versions.get(name) ?? new Map<string, CompiledPolicy>();
      known.set(policy.settings.version, policy);
      versions.set(name, known);
    }
    this.#versions = versions;
    this.policies = policies;
    this.apiKeys = apiKeys;
    this.secrets = secrets;
  }

  /** Exactly this version; never another one (D7). `name`: `<gateway>/<policy>`. */
  find(name: string, version: string): CompiledPolicy | undefined {
    return this.#versions.get(name)?.get(version);
  }

  /** Those that are here, in the order in which they came; for the log. */
  versionsOf(name: string): readonly string[] {
    return [...(this.#versions.get(name)?.keys() ?? [])];
  }
}

export function createPolicyTable(api: EnvoyApi): PolicyTable {
  let known = new KnownPolicies(new Map(), new Map(), new Map());
  return {
    current: () => known,
    apply: (update) => {
      const refused: RefusedPart[] = [];
      const policies = new Map(known.policies);
      const apiKeys = new Map(known.apiKeys);
      const secrets = new Map(known.secrets);
      for (const name of update.removed ?? []) {
        policies.delete(name);
        apiKeys.delete(name);
        secrets.delete(name);
      }
      for (const { name, bytes } of update.policies ?? []) {
        // A version never changes, so one that is there stays the same object, and with it what is remembered for it.
        if (!policies.has(name))
          take(refused, name, () => policies.set(name, compilePolicy(shared(decodePolicy(api, name, bytes), policies))));
        else take(refused, name, () => decodePolicy(api, name, bytes));
      }
      for (const { name, bytes } of update.apiKeys ?? []) take(refused, name, () => apiKeys.set(name, new ApiKeyIndex(api, name, bytes)));
      for (const { name, value } of update.secrets ?? []) secrets.set(name, value);
      for (const [name, policy] of policies)
        policies.set(name, withSubjectKey(policy, secrets.get(`${policy.settings.gateway}/${SUBJECT_KEY}`)));
      known = new KnownPolicies(policies, apiKeys, secrets);
      return { refused };
    },
  };
}

/** With another key it is another object: answers that were kept for it tell hashes by the old one. */
function withSubjectKey(policy: CompiledPolicy, key: Secret | undefined): CompiledPolicy {
  if (policy.subjectKey?.reveal() === key?.reveal()) return policy;
  const { subjectKey: _former, ...rest } = policy;
  return key === undefined ? rest : { ...rest, subjectKey: key };
}

/** Equal providers are one object, whichever policies have them: what others remember by it is remembered once. */
function shared(settings: PolicySettings, policies: ReadonlyMap<string, CompiledPolicy>): PolicySettings {
  const jwt = new Map<string, JwtSettings>();
  for (const policy of policies.values()) for (const provider of policy.jwt) jwt.set(provider.id, provider);
  return { ...settings, jwt: settings.jwt.map((provider) => jwt.get(provider.id) ?? provider) };
}

function take(refused: RefusedPart[], name: string, put: () => void): void {
  try {
    put();
  } catch (error) {
    refused.push({ name, message: error instanceof PolicyProblem ? error.message : 'is no message of its type' });
  }
}
