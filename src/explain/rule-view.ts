// A policy's tree against what is known of a request offline: what holds, what does not, and what only the gateway can tell (authz M3).

import type { ConfigPath } from '../lib/issue.ts';
import { decodeBase64url } from '../lib/jose/base64url.ts';
import { rulesIn } from '../model/auth/rules.ts';
import type { AuthModel, AuthPolicy, AuthRule, CredentialSource, Requirements } from '../model/auth/types.ts';
import { type ClientAddress, isWithin } from './client-address.ts';
import { credentialIn } from './presented.ts';
import { type RefusalView, toldRefusal } from './refusal.ts';
import type { ExplainedRequest } from './request.ts';
import { tokenAnswer } from './token-answer.ts';
import { tokenClaims } from './token-claims.ts';

/** `open`: it depends on what is not known here, such as the address of the client or the owner of a key. */
export type Standing = 'holds' | 'fails' | 'open';

export interface RuleView {
  readonly text: string;
  readonly path: ConfigPath;
  readonly standing: Standing;
  readonly why?: string;
  /** What the caller is told, where it fails. */
  readonly refusal?: RefusalView;
  readonly rules: readonly RuleView[];
}

export interface RuleQuestion {
  readonly auth: AuthModel;
  readonly policy: AuthPolicy;
  readonly request: ExplainedRequest;
  /** A token besides those in the request: it stands for the credential of any JWT provider. */
  readonly token?: string;
  readonly client: ClientAddress;
  readonly nowMs: number;
}

export function ruleView(question: RuleQuestion): RuleView {
  const view = viewOf(question.policy.rule, question);
  // M4: whatever branch holds or fails, a credential that is presented must be valid.
  const broken = brokenCredential(view);
  return broken === undefined
    ? view
    : {
        ...view,
        standing: 'fails',
        why: `${broken.why}, and every credential that is presented must be valid`,
        refusal: broken.refusal,
      };
}

/** Why a token in the request is no good, where a rule says so. */
function brokenCredential({ why, refusal, rules }: RuleView): { readonly refusal: RefusalView; readonly why: string } | undefined {
  if (refusal?.far === 'invalid' && why !== undefined) return { refusal, why };
  return rules.map(brokenCredential).find((each) => each !== undefined);
}

function viewOf(rule: AuthRule, question: RuleQuestion): RuleView {
  switch (rule.kind) {
    case 'allOf':
    case 'anyOf': {
      const rules = rule.rules.map((each) => viewOf(each, question));
      const standing = combined(rule.kind, rules);
      const refusals = rules.flatMap((each) => (each.standing === 'fails' && each.refusal !== undefined ? [each.refusal] : []));
      const refusal = standing === 'fails' ? toldRefusal(rule.kind, refusals) : undefined;
      return { text: rule.kind, path: rule.path, standing, rules, ...(refusal === undefined ? {} : { refusal }) };
    }
    case 'not': {
      const inner = viewOf(rule.rule, question);
      if (inner.standing !== 'holds')
        return { text: 'not', path: rule.path, standing: inner.standing === 'open' ? 'open' : 'holds', rules: [inner] };
      const reason = rule.rule.kind === 'methods' ? 'method.denied' : 'ip.denied';
      return { text: 'not', path: rule.path, standing: 'fails', rules: [inner], refusal: { reason, far: 'insufficient' } };
    }
    case 'jwt':
    case 'apiKeys':
    case 'introspection':
    case 'clientCertificate':
    case 'ips':
    case 'methods':
    case 'anonymous':
      return { path: rule.path, rules: [], ...leafView(rule, question) };
  }
}

type LeafRule = Exclude<AuthRule, { kind: 'allOf' | 'anyOf' | 'not' }>;

function leafView(rule: LeafRule, question: RuleQuestion): Answer & Pick<RuleView, 'text'> {
  switch (rule.kind) {
    case 'jwt':
      return { text: `jwt ${rule.providers.join(' or ')}${requirementsText(rule.requirements)}`, ...jwtStanding(rule, question) };
    case 'apiKeys':
      return {
        text: `apiKeys ${rule.source}${requirementsText(rule.requirements)}`,
        ...presented(sourcesOf(question, 'apiKeys', rule.source), 'apiKey.missing', question),
      };
    case 'introspection':
      return {
        text: `introspection ${rule.provider}${requirementsText(rule.requirements)}`,
        ...presented(sourcesOf(question, 'introspection', rule.provider), 'jwt.missing', question),
      };
    case 'clientCertificate':
      return { text: `clientCertificate ${rule.name}`, standing: 'open', why: 'depends on the certificate of the client' };
    case 'ips':
      return { text: `ips ${rule.lists.join(', ')}`, ...addressStanding(rule.lists, question) };
    case 'methods':
      return {
        text: `methods ${rule.methods.join(', ')}`,
        ...(rule.methods.includes(question.request.method) ? HOLDS : denied('method.denied')),
      };
    case 'anonymous':
      return { text: 'anonymous', ...anonymousStanding(question) };
  }
}

/** M3. */
function combined(kind: 'allOf' | 'anyOf', rules: readonly RuleView[]): Standing {
  const deciding = kind === 'allOf' ? 'fails' : 'holds';
  if (rules.some(({ standing }) => standing === deciding)) return deciding;
  if (rules.some(({ standing }) => standing === 'open')) return 'open';
  return kind === 'allOf' ? 'holds' : 'fails';
}

type Answer = Pick<RuleView, 'standing' | 'why' | 'refusal'>;

const HOLDS: Answer = { standing: 'holds' };

function denied(reason: string): Answer {
  return { standing: 'fails', refusal: { reason, far: 'insufficient' } };
}

function addressStanding(lists: readonly string[], { auth, client }: RuleQuestion): Answer {
  if (client.kind === 'open') return { standing: 'open', why: client.why };
  const cidrs = auth.ipLists.filter(({ name }) => lists.includes(name)).flatMap((list) => list.cidrs);
  return isWithin(client.address, cidrs) ? HOLDS : denied('ip.denied');
}

function jwtStanding({ providers: names, requirements }: Extract<AuthRule, { kind: 'jwt' }>, question: RuleQuestion): Answer {
  const providers = question.auth.jwt.filter(({ name }) => names.includes(name));
  const token = question.token ?? providers.flatMap(({ from }) => credentialIn(from, question.request) ?? []).at(0);
  if (token?.includes(',') === true) return written('auth.multiple', 'there is more than one');
  if (token === undefined) return refused('jwt.missing', 'the request carries no token');
  const claims = tokenClaims(token);
  if (claims === undefined) return isToken(token) ? refused('jwt.malformed', 'it is no JWT') : written('jwt.malformed', 'it is no JWT');
  const answer = tokenAnswer(claims, { providers, requirements }, question.nowMs);
  if (!answer.holds) return refused(answer.reason, answer.why);
  return { standing: 'holds', why: `its claims satisfy it (provider ${answer.provider}); the signature is not checked here` };
}

const INSUFFICIENT = ['scope.insufficient', 'claim.mismatch'];

function refused(reason: string, why: string): Answer {
  const far = reason.endsWith('.missing') ? 'missing' : INSUFFICIENT.includes(reason) ? 'insufficient' : 'invalid';
  return { standing: 'fails', why: `${reason}: ${why}`, refusal: { reason, far } };
}

/** Of how a credential is written. */
function written(reason: string, why: string): Answer {
  return { standing: 'fails', why: `${reason}: ${why}`, refusal: { reason, far: 'invalid', isForm: true } };
}

/** Three segments of base64url. */
function isToken(text: string): boolean {
  const segments = text.split('.');
  return segments.length === 3 && segments.every((segment) => segment !== '' && decodeBase64url(segment) !== undefined);
}

function sourcesOf({ auth }: RuleQuestion, kind: 'apiKeys' | 'introspection', name: string): readonly CredentialSource[] {
  return auth[kind].find((candidate) => candidate.name === name)?.from ?? [];
}

function presented(from: readonly CredentialSource[], missing: string, { request }: RuleQuestion): Answer {
  return credentialIn(from, request) === undefined
    ? { standing: 'fails', why: 'the request carries none', refusal: { reason: missing, far: 'missing' } }
    : { standing: 'open', why: 'the request carries one; only the gateway can tell whose it is' };
}

/** M4: none of the credentials that this policy reads; those of other policies say nothing. */
function anonymousStanding({ auth, policy, request, token }: RuleQuestion): Answer {
  const leaves = rulesIn(policy.rule);
  const isRead = (kind: AuthRule['kind'], name: string): boolean =>
    leaves.some(
      (leaf) =>
        leaf.kind === kind &&
        ((leaf.kind === 'jwt' && leaf.providers.includes(name)) ||
          (leaf.kind === 'apiKeys' && leaf.source === name) ||
          (leaf.kind === 'introspection' && leaf.provider === name)),
    );
  const readers = (['jwt', 'apiKeys', 'introspection'] as const).flatMap((kind) => auth[kind].filter(({ name }) => isRead(kind, name)));
  const isPresented = token !== undefined || readers.some(({ from }) => credentialIn(from, request) !== undefined);
  return isPresented
    ? { standing: 'fails', why: 'the request carries a credential', refusal: { reason: 'claim.mismatch', far: 'excluded' } }
    : HOLDS;
}

function requirementsText({ scopes, anyScope, claims }: Requirements): string {
  const parts = [
    ...(scopes.length === 0 ? [] : [`scopes ${scopes.join(', ')}`]),
    ...(anyScope.length === 0 ? [] : [`one of the scopes ${anyScope.join(', ')}`]),
    ...claims.map(({ claim, kind }) => `claim ${claim.join('.')} ${kind}`),
  ];
  return parts.length === 0 ? '' : ` with ${parts.join(' and ')}`;
}
