// What a request meets on its way through a gateway, before it is said what comes of it. Types only.
import type { AuthPolicy } from '../model/auth/types.ts';
import type { Listener } from '../model/types.ts';
import type { FoundRoute, NearMiss } from './find-route.ts';
import type { LimitView } from './limit-view.ts';
import type { PathOutcome } from './request-path.ts';
import type { RuleView } from './rule-view.ts';

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

export interface Walk {
  /** The one that the request would come to. Absent: none serves its scheme and port. */
  readonly listener?: Listener;
  /** What the listener makes of the path; absent where it redirects everything. */
  readonly path?: PathOutcome;
  readonly found?: FoundRoute;
  readonly nearMisses: readonly NearMiss[];
  /** Absent: public, or no route. */
  readonly auth?: AuthView;
  /** In the order in which they are asked; none without a route. */
  readonly limits: readonly LimitView[];
}
