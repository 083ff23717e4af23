// Walks one request through one gateway: listener, path, host, route, limits, who may call. Pure: what runs is asked elsewhere, nothing is sent.
import type { AuthModel, AuthPolicy } from '../model/auth/types.ts';
import type { Listener, Model } from '../model/types.ts';
import { type Answer, answerOf } from './answer.ts';
import { type ClientAddress, clientAddress } from './client-address.ts';
import { type FoundRoute, findRoute } from './find-route.ts';
import { limitIdentity, limitViews } from './limits-view.ts';
import type { ExplainedRequest } from './request.ts';
import { requestPath } from './request-path.ts';
import { ruleView } from './rule-view.ts';
import type { AuthView, ChosenForm, Walk } from './walk.ts';

export interface Explanation extends Walk {
  /** What comes of it, as far as that can be told without asking anybody. */
  readonly answer: Answer;
}

export interface ExplainQuestion {
  readonly request: ExplainedRequest;
  /** Name of the listener; absent: chosen by scheme and port. */
  readonly listener?: string;
  readonly token?: string;
  readonly nowMs: number;
  readonly formOf: (policy: AuthPolicy, auth: AuthModel) => ChosenForm;
}

export function explain(model: Model, question: ExplainQuestion): Explanation {
  const walked = walk(model, question);
  return { ...walked, answer: answerOf(walked, model.limits?.service) };
}

function walk(model: Model, question: ExplainQuestion): Walk {
  const { request, token } = question;
  const listener = chooseListener(model, question);
  if (listener === undefined) return { nearMisses: [], limits: [] };
  if (listener.redirect !== undefined) return { listener, nearMisses: [], limits: [] };
  const path = requestPath(request.path, listener.paths, model.auth !== undefined);
  if (path.kind !== 'routed') return { listener, path, nearMisses: [], limits: [] };
  const { found, nearMisses } = findRoute(model, listener.name, { request, path: path.path });
  if (found === undefined) return { listener, path, nearMisses, limits: [] };
  const client = clientAddress(request, listener.trustedHops);
  const { route } = found;
  const auth = authView(model, found, { ...question, client });
  const identity = limitIdentity(auth?.policy, model.auth, { request, ...(token === undefined ? {} : { token }) });
  const limits = limitViews(model, { request, path: path.path, route, client, identity });
  return { listener, path, found, nearMisses, limits, ...(auth === undefined ? {} : { auth }) };
}

/** By name; else by port; else, of those that speak the scheme, the first that serves routes, because a port is often mapped to another one. */
function chooseListener({ listeners }: Model, { request, listener: name }: ExplainQuestion): Listener | undefined {
  if (name !== undefined) return listeners.find((listener) => listener.name === name);
  const speaking = listeners.filter(({ tls }) => (tls !== undefined) === (request.scheme === 'https'));
  const port = request.port ?? (request.scheme === 'https' ? 443 : 80);
  return speaking.find((listener) => listener.port === port) ?? speaking.find(({ redirect }) => redirect === undefined) ?? speaking[0];
}

function authView(
  { auth }: Model,
  { route }: FoundRoute,
  { request, token, nowMs, client, formOf }: ExplainQuestion & { readonly client: ClientAddress },
): AuthView | undefined {
  if (route.auth?.kind !== 'policy' || auth === undefined) return undefined;
  const { policy: name, inherited } = route.auth;
  const policy = auth.policies.find((candidate) => candidate.name === name);
  if (policy === undefined) return undefined;
  const rule = ruleView({ auth, policy, request, client, nowMs, ...(token === undefined ? {} : { token }) });
  return { policy, isInherited: inherited === true, form: formOf(policy, auth), rule };
}
