// One row of the parity table (authz C8): a request to a route with a policy, and the one answer that every form of the policy must give.
// Types only.
import type { AuthReason } from '../authz/reason.ts';
import type { Credential, HeaderLine } from './credential.ts';
import type { Mint } from './mint.ts';
import type { PolicyName } from './policies.ts';

export interface ParityRow {
  /** A sentence; unique. */
  readonly name: string;
  /** Rules of the design that it proves, such as `A12`. */
  readonly rules: readonly string[];
  readonly policy: PolicyName;
  readonly request?: RequestParts;
  /** What the caller shows; default: nothing. */
  readonly credential?: (mint: Mint) => Credential;
  readonly expect: Expected;
  /** A difference that cannot be removed (authz C9): what the proxy says instead, and why it does no harm. */
  readonly proxySays?: { readonly reason: AuthReason; readonly why: string };
}

export interface RequestParts {
  /** Default GET. */
  readonly method?: string;
  /** What follows the path of the route, sent as it is; default nothing. */
  readonly suffix?: string;
  readonly headers?: readonly HeaderLine[];
  /** Called as a gRPC client calls: over HTTP/2 with its content type. */
  readonly isGrpc?: true;
}

export type Expected = Allowed | Denied;

export interface Allowed {
  readonly decision: 'allow';
  /** Headers that the backend gets, by lower-case name; undefined: it must not get one. */
  readonly upstream?: Readonly<Record<string, string | undefined>>;
}

export interface Denied {
  readonly decision: 'deny';
  readonly reason: AuthReason;
  /** Of the reason where absent; some answers are Envoy's own, before any filter. */
  readonly status?: number;
  /** Expected in WWW-Authenticate; null: there is none. Absent: not looked at. */
  readonly challenge?: string | null;
}

export function allow(upstream?: Allowed['upstream']): Allowed {
  return upstream === undefined ? { decision: 'allow' } : { decision: 'allow', upstream };
}

export function deny(reason: AuthReason, more: Omit<Denied, 'decision' | 'reason'> = {}): Denied {
  return { decision: 'deny', reason, ...more };
}
