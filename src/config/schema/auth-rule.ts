// The rules of policies: who may call, as a tree. A rule holds one kind; which names exist is asked in the model.
import { z } from 'zod';
import type { ClaimTestConfig } from './claim.ts';
import { claimTestSchema } from './claim.ts';
import { methodName } from './method-name.ts';
import { type ShapeRule, shape } from './shape.ts';
import { list, name, text, yes } from './text.ts';

/** A rule as parsed, before names are followed. */
export interface AuthRuleConfig {
  readonly jwt?: string | readonly string[];
  readonly apiKeys?: string;
  readonly introspection?: string;
  readonly clientCertificate?: string;
  readonly ips?: readonly string[];
  readonly methods?: readonly string[];
  readonly anonymous?: true;
  readonly allOf?: readonly AuthRuleConfig[];
  readonly anyOf?: readonly AuthRuleConfig[];
  readonly not?: AuthRuleConfig;
  readonly scopes?: readonly string[];
  readonly anyScope?: readonly string[];
  readonly claims?: readonly ClaimTestConfig[];
}

/** Kinds of rules, of which one has one. */
export const RULE_KINDS = [
  'jwt',
  'apiKeys',
  'introspection',
  'clientCertificate',
  'ips',
  'methods',
  'anonymous',
  'allOf',
  'anyOf',
  'not',
] as const satisfies readonly (keyof AuthRuleConfig)[];

const REQUIREMENTS = ['scopes', 'anyScope', 'claims'] as const satisfies readonly (keyof AuthRuleConfig)[];
const TAKING_REQUIREMENTS = ['jwt', 'apiKeys', 'introspection'];

/** One kind; `or` names what may stand in place of a rule. */
export function oneKind(what: string, or: readonly string[] = []): ShapeRule {
  return (value) => {
    const [first, ...others] = RULE_KINDS.filter((kind) => kind in value);
    if (first === undefined) {
      if (or.some((key) => key in value)) return [];
      const kinds = [...or, ...RULE_KINDS];
      const choice = `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`;
      return [{ code: 'CH1105', message: `${what} needs one of ${choice}`, at: 'value', missing: kinds }];
    }
    return others.map((other) => ({
      code: 'CH1105',
      message: `${what} has either ${first} or ${other}, not both`,
      path: [other],
      help: `both must hold: allOf: [{${first}: …}, {${other}: …}]; one of them: anyOf: […]`,
      related: [{ message: `${first} is here`, path: [first] }],
    }));
  };
}

export const requirementsWithIdentity: ShapeRule = (value) =>
  TAKING_REQUIREMENTS.some((kind) => kind in value)
    ? []
    : REQUIREMENTS.filter((key) => key in value).map((key) => ({
        code: 'CH1105',
        message: `${key} has a meaning beside jwt, apiKeys and introspection only`,
        path: [key],
        help: `write it inside the rule that it belongs to: {jwt: …, ${key}: …}`,
      }));

const scope = () => text({ kind: 'a scope' });

/** The keys of a rule, for whatever holds one. */
export const ruleFields = {
  jwt: z
    .union([name('the name of a JWT provider'), list(name('the name of a JWT provider'))])
    .exactOptional()
    .describe('A valid token of this provider, or of one of these; the issuer in the token chooses.'),
  apiKeys: name('the name of a set of API keys').exactOptional().describe('A valid key of this set.'),
  introspection: name('the name of an introspection provider').exactOptional().describe('A token that this issuer calls active.'),
  clientCertificate: name('the name of client certificates').exactOptional().describe('A client certificate of these.'),
  ips: list(name('the name of an IP list')).exactOptional().describe('The client has an address of these lists.'),
  methods: list(methodName()).exactOptional().describe('The request has one of these methods.'),
  anonymous: yes().exactOptional().describe('The request carries none of the credentials that the policy reads.'),
  allOf: list(z.lazy((): z.ZodType<AuthRuleConfig> => authRuleSchema))
    .exactOptional()
    .describe('All of these hold.'),
  anyOf: list(z.lazy((): z.ZodType<AuthRuleConfig> => authRuleSchema))
    .exactOptional()
    .describe('One of these holds.'),
  not: z
    .lazy((): z.ZodType<AuthRuleConfig> => authRuleSchema)
    .exactOptional()
    .describe('This does not hold; only of ips and methods.'),
  scopes: list(scope()).exactOptional().describe('The identity has all of these scopes.'),
  anyScope: list(scope()).exactOptional().describe('The identity has one of these scopes.'),
  claims: list(claimTestSchema).exactOptional().describe('Claims of the identity that must be so.'),
};

const RULE_OPTIONS = { rules: [oneKind('a rule'), requirementsWithIdentity], insteadOfScalar: 'write {jwt: {value}}' };

export const authRuleSchema: z.ZodType<AuthRuleConfig> = shape(ruleFields, RULE_OPTIONS).describe('Who may call.').meta({ id: 'authRule' });
