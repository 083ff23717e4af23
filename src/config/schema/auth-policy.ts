// Policies: a rule with how it is enforced. Named ones under `policies`, others inside a route or as the default for routes.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { oneKind, requirementsWithIdentity, ruleFields } from './auth-rule.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrongType } from './scalar.ts';
import { excludes, shape } from './shape.ts';
import { boolean, name, word } from './text.ts';

const policyFields = {
  ...ruleFields,
  enforce: word('auto', 'proxy', 'companion')
    .exactOptional()
    .describe('Who decides: auto (default): the proxy where it can, else the companion; or always one of them.'),
  mode: word('enforce', 'shadow')
    .exactOptional()
    .describe('shadow: decide, log and count, but let everything pass, without identity. Default enforce.'),
  onFailure: word('deny', 'allow')
    .exactOptional()
    .describe('What happens while nobody can decide. allow lets forged credentials in. Default deny (defaults.onFailure.auth).'),
  resourceMetadata: boolean()
    .exactOptional()
    .describe('Challenges name metadata of the protected resource, which the gateway serves (RFC 9728). Default false.'),
};

export const authPolicySchema = shape(policyFields, {
  rules: [oneKind('a policy'), requirementsWithIdentity],
  insteadOfScalar: 'write {jwt: {value}}',
}).describe('Who may call, and how that is enforced.');

const referringSchema = shape(
  { policy: name('the name of a policy').exactOptional().describe('A policy under policies.'), ...policyFields },
  {
    rules: [
      oneKind('auth', ['policy']),
      excludes('policy', Object.keys(policyFields), 'the policy says it'),
      (value) => ('policy' in value ? [] : requirementsWithIdentity(value)),
    ],
  },
);

/** The word `none`, or the help for who wrote a bare name. */
function none(): Scalar<'none'> {
  return scalar({ type: 'string', enum: ['none'] }, (value) =>
    value === 'none'
      ? ok('none')
      : wrongType('none', value, typeof value === 'string' ? 'write {policy: {value}} or {jwt: {value}}' : undefined),
  );
}

/** `none` is public, said aloud (authz M1). */
export const routeAuthSchema = z.union([none(), referringSchema]).describe('Who may call: a policy, a rule, or none for everybody.');

export const defaultAuthSchema = referringSchema.describe('For routes with backends and without auth.');

export type AuthPolicyConfig = Immutable<z.output<typeof authPolicySchema>>;
export type RouteAuthConfig = Immutable<z.output<typeof routeAuthSchema>>;
export type DefaultAuthConfig = Immutable<z.output<typeof defaultAuthSchema>>;
