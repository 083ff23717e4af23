// Walks one request through one gateway: listener, path, host, route, who may call. Pure: what runs is asked elsewhere, nothing is sent.
import type { AuthModel, AuthPolicy } from '../model/auth/types.ts';
import type { Listener, Model } from '../model/types.ts';
import { type FoundRoute, findRoute, type NearMiss } from './find-route.ts';
import type { ExplainedRequest } from './request.ts';
import { type PathOutcome, requestPath } from './request-path.ts';
import { type RuleView, ruleView } from './rule-view.ts';

/** Which form decides, and why; given by who knows it. */
export interface ChosenForm {
  readonly form: 'proxy' | 'companion';
  /** Why it is not the proxy. */
  readonly obstacles: readonly string[];
}

export interface AuthView {
  readonly policy: AuthPolicy;
  /** The route says nothing itself. */
  readonly isInherited: boolean;
  readonly form: ChosenForm;
  readonly rule: RuleView;
}

export interface Explanation {
  /** The one that the request would come to. Absent: none serves its scheme and port. */
  readonly listener?: Listener;
  /** What the listener makes of the path; absent where it redirects everything. */
  readonly path?: PathOutcome;
  readonly found?: FoundRoute;
  readonly nearMisses: readonly NearMiss[];
  /** Absent: public, or no route. */
  readonly auth?: AuthView;
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
  const { request } = question;
  const listener = chooseListener(model, question);
  if (listener === undefined) return { nearMisses: [] };
  if (listener.redirect !== undefined) return { listener, nearMisses: [] };
  const path = requestPath(request.path, listener.paths, model.auth !== undefined);
  if (path.kind !== 'routed') return { listener, path, nearMisses: [] };
  const { found, nearMisses } = findRoute(model, listener.name, { request, path: path.path });
  if (found === undefined) return { listener, path, nearMisses };
  const auth = authView(model, found, question);
  return { listener, path, found, nearMisses, ...(auth === undefined ? {} : { auth }) };
}

/** By name; else by port; else, of those that speak the scheme, the first that serves routes, because a port is often mapped to another one. */
function chooseListener({ listeners }: Model, { request, listener: name }: ExplainQuestion): Listener | undefined {
  if (name !== undefined) return listeners.find((listener) => listener.name === name);
  const speaking = listeners.filter(({ tls }) => (tls !== undefined) === (request.scheme === 'https'));
  const port = request.port ?? (request.scheme === 'https' ? 443 : 80);
  return speaking.find((listener) => listener.port === port) ?? speaking.find(({ redirect }) => redirect === undefined) ?? speaking[0];
}

function authView({ auth }: Model, { route }: FoundRoute, { request, token, nowMs, formOf }: ExplainQuestion): AuthView | undefined {
  if (route.auth?.kind !== 'policy' || auth === undefined) return undefined;
  const { policy: name, inherited } = route.auth;
  const policy = auth.policies.find((candidate) => candidate.name === name);
  if (policy === undefined) return undefined;
  const rule = ruleView({ auth, policy, request, nowMs, ...(token === undefined ? {} : { token }) });
  return { policy, isInherited: inherited === true, form: formOf(policy, auth), rule };
}
