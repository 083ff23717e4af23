// Rows about one rule of a policy, in short form: whose token, from where, and what comes of it.
import type { AuthReason } from '../../authz/reason.ts';
import type { HeaderLine } from '../credential.ts';
import { bearer, type TokenParts } from '../mint.ts';
import { allow, deny, type Expected, type ParityRow } from '../parity-row.ts';
import type { PolicyName } from '../policies.ts';

export interface RuleRow {
  readonly policy: PolicyName;
  readonly name: string;
  readonly rules: readonly string[];
  readonly claims?: TokenParts['claims'];
  readonly expect: Expected;
  readonly method?: string;
  /** The address of the client, as the trusted proxy before us tells it. */
  readonly from?: string;
  /** No token is sent. */
  readonly isBare?: true;
}

export function ruleRow({ policy, name, rules, claims, expect, method, from, isBare }: RuleRow): ParityRow {
  const headers: readonly HeaderLine[] = from === undefined ? [] : [['x-forwarded-for', from]];
  return {
    name: `${policy}: ${name}`,
    rules,
    policy,
    request: { headers, ...(method === undefined ? {} : { method }) },
    ...(isBare === true ? {} : { credential: (mint) => bearer(mint.token(claims === undefined ? {} : { claims })) }),
    expect,
  };
}

export const alice = allow({ 'x-user-id': 'alice' });
export const bare = (reason: AuthReason): Expected => deny(reason, { challenge: 'Bearer realm=' });

export function lacks(scope?: string): Expected {
  return deny('scope.insufficient', { challenge: scope === undefined ? 'error="insufficient_scope"' : `scope="${scope}"` });
}
export const mismatch = deny('claim.mismatch');
