// A rule as written → the tree of the model: names of `jwt` as a list, requirements sorted, `not` around what it may wrap (authz M5).
import type { AuthRuleConfig } from '../../config/schema/auth-rule.ts';
import type { ClaimTestConfig } from '../../config/schema/claim.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report } from '../issue.ts';
import { sortedOnce } from './token-settings.ts';
import type { AuthRule, ClaimTest, Requirements } from './types.ts';

/** The schema gives every rule exactly one kind; one without allows nothing. */
export function resolveRule(config: AuthRuleConfig, path: ConfigPath, report: Report): AuthRule {
  const { jwt, apiKeys, introspection, clientCertificate, ips, methods, anonymous, not, allOf, anyOf } = config;
  const requirements = requirementsOf(config);
  if (jwt !== undefined) return { kind: 'jwt', path, providers: typeof jwt === 'string' ? [jwt] : jwt, requirements };
  if (apiKeys !== undefined) return { kind: 'apiKeys', path, source: apiKeys, requirements };
  if (introspection !== undefined) return { kind: 'introspection', path, provider: introspection, requirements };
  if (clientCertificate !== undefined) return { kind: 'clientCertificate', path, name: clientCertificate };
  if (ips !== undefined) return { kind: 'ips', path, lists: ips };
  if (methods !== undefined) return { kind: 'methods', path, methods: sortedOnce(methods) };
  if (anonymous === true) return { kind: 'anonymous', path };
  if (not !== undefined) return { kind: 'not', path, rule: negated(not, [...path, 'not'], report) };
  const kind = allOf === undefined ? 'anyOf' : 'allOf';
  const rules = (allOf ?? anyOf ?? []).map((rule, index) => resolveRule(rule, [...path, kind, index], report));
  if (kind === 'allOf') reportNeverAnonymous(rules, path, report);
  return { kind, path, rules };
}

/** M5: the absence of a credential proves nothing. */
function negated(config: AuthRuleConfig, path: ConfigPath, report: Report): AuthRule {
  const rule = resolveRule(config, path, report);
  if (rule.kind !== 'ips' && rule.kind !== 'methods') {
    report(
      errorAt([...path, rule.kind], 'CH2801', {
        message: `not wraps only ips and methods, not ${rule.kind}: that a credential is absent or wrong proves nothing`,
        at: 'key',
        help: 'say who may call, in place of who may not',
      }),
    );
  }
  return rule;
}

/** `anonymous` holds only while no credential is there, and the others ask for one (M4). */
function reportNeverAnonymous(rules: readonly AuthRule[], path: ConfigPath, report: Report): void {
  const anonymous = rules.findIndex(({ kind }) => kind === 'anonymous');
  const credential = rules.findIndex(({ kind }) => kind === 'jwt' || kind === 'apiKeys' || kind === 'introspection');
  if (anonymous === -1 || credential === -1) return;
  report(
    errorAt([...path, 'allOf', anonymous], 'CH2802', {
      message: 'anonymous and a credential cannot both hold, so this allows nobody',
      help: 'write anyOf in place of allOf',
      related: [{ message: 'the credential is here', path: [...path, 'allOf', credential] }],
    }),
  );
}

function requirementsOf({ scopes, anyScope, claims }: AuthRuleConfig): Requirements {
  return { scopes: sortedOnce(scopes), anyScope: sortedOnce(anyScope), claims: (claims ?? []).flatMap(claimTestOf) };
}

function claimTestOf({ claim, equals, oneOf, prefix, suffix, contains, exists }: ClaimTestConfig): readonly ClaimTest[] {
  if (equals !== undefined) return [{ claim, kind: 'equals', value: equals }];
  if (oneOf !== undefined) return [{ claim, kind: 'oneOf', values: oneOf }];
  if (prefix !== undefined) return [{ claim, kind: 'prefix', value: prefix }];
  if (suffix !== undefined) return [{ claim, kind: 'suffix', value: suffix }];
  if (contains !== undefined) return [{ claim, kind: 'contains', value: contains }];
  return exists === true ? [{ claim, kind: 'exists' }] : [];
}

/** The rule itself and all rules in it. */
export function rulesIn(rule: AuthRule): readonly AuthRule[] {
  if (rule.kind === 'allOf' || rule.kind === 'anyOf') return [rule, ...rule.rules.flatMap(rulesIn)];
  return rule.kind === 'not' ? [rule, ...rulesIn(rule.rule)] : [rule];
}
