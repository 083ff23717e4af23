// Policies: named ones, the one for routes that say nothing, and those written inside routes. Unchanged entries give the same objects as before.
import type { AuthPolicyConfig, DefaultAuthConfig } from '../../config/schema/auth-policy.ts';
import type { GatewayConfig } from '../../config/schema/gateway.ts';
import type { ConfigPath, Issue } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';
import { DEFAULT_POLICY, inlinePolicyName } from './defaults.ts';
import { resolveRule, rulesIn } from './rules.ts';
import type { AuthPolicy } from './types.ts';

export interface PolicyPass {
  /** Sorted by name. */
  resolve(config: GatewayConfig, report: Report): readonly AuthPolicy[];
}

interface Kept {
  readonly name: string;
  readonly onFailure: 'deny' | 'allow';
  readonly policy: AuthPolicy;
  readonly issues: readonly Issue[];
}

export function createPolicyPass(): PolicyPass {
  const kept = new WeakMap<object, Kept>();
  return {
    resolve(config, report) {
      const onFailure = config.defaults?.onFailure?.auth ?? 'deny';
      const make = (entry: AuthPolicyConfig | DefaultAuthConfig, name: string, path: ConfigPath): AuthPolicy => {
        const old = kept.get(entry);
        const current = old?.name === name && old.onFailure === onFailure ? old : makePolicy(entry, { name, path, onFailure });
        kept.set(entry, current);
        current.issues.forEach(report);
        return current.policy;
      };
      const general = config.defaults?.auth;
      const policies = [
        ...Object.entries(config.policies).map(([name, entry]) => make(entry, name, ['policies', name])),
        ...(general === undefined || general.policy !== undefined ? [] : [make(general, DEFAULT_POLICY, ['defaults', 'auth'])]),
        ...config.routes.flatMap(({ name, auth }) =>
          auth === undefined || auth === 'none' || auth.policy !== undefined
            ? []
            : [make(auth, inlinePolicyName(name), ['routes', name, 'auth'])],
        ),
      ];
      return policies.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },
  };
}

interface PolicyPlace {
  readonly name: string;
  readonly path: ConfigPath;
  readonly onFailure: 'deny' | 'allow';
}

function makePolicy(entry: AuthPolicyConfig | DefaultAuthConfig, { name, path, onFailure }: PolicyPlace): Kept {
  const issues: Issue[] = [];
  const report: Report = (issue) => issues.push(issue);
  const policy: AuthPolicy = {
    name,
    path,
    rule: resolveRule(entry, path, report),
    enforce: entry.enforce ?? 'auto',
    mode: entry.mode ?? 'enforce',
    onFailure: entry.onFailure ?? onFailure,
    resourceMetadata: entry.resourceMetadata === true,
  };
  reportEverybody(policy, report);
  reportShadowInProxy(policy, report);
  return { name, onFailure, policy, issues };
}

/** `anonymous` asks for the absence of what the policy reads: where it reads nothing, everybody may call. */
function reportEverybody({ rule, path }: AuthPolicy, report: Report): void {
  const rules = rulesIn(rule);
  const anonymous = rules.find(({ kind }) => kind === 'anonymous');
  const readsCredential = rules.some(({ kind }) => ['jwt', 'apiKeys', 'introspection', 'clientCertificate'].includes(kind));
  if (anonymous === undefined || readsCredential) return;
  report(
    errorAt(anonymous.path, 'CH2802', {
      message: 'the policy reads no credential, so everybody is anonymous to it',
      help: path[0] === 'routes' ? 'write auth: none for a public route' : 'remove anonymous, or add who may call with a credential',
    }),
  );
}

/** M11. */
function reportShadowInProxy({ mode, enforce, path }: AuthPolicy, report: Report): void {
  if (mode !== 'shadow' || enforce !== 'proxy') return;
  report(
    errorAt([...path, 'enforce'], 'CH2818', {
      message: 'a proxy has no shadow mode: only the companion decides without enforcing',
      help: 'remove enforce: proxy',
      related: [{ message: 'mode is here', path: [...path, 'mode'] }],
    }),
  );
}
