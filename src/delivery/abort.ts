// When a revision is taken back: refusals, too few acceptances, too many 5xx (D14). Pure.
import type { RolloutSettings } from '../model/delivery-settings.ts';
import type { WithdrawReason } from './offer.ts';

/** Answers of the nodes that run the revision, since they do. */
export interface ErrorCounts {
  readonly requests: number;
  readonly errors: number;
}

/** From load reports; undefined while there are none. `nodes` are those that run the revision. */
export interface ErrorRates {
  since(gateway: string, span: { readonly sinceMs: number; readonly nodes: ReadonlySet<string> }): ErrorCounts | undefined;
}

/** A share of fewer answers says nothing. */
export const REQUESTS_TO_JUDGE = 20;

/** `nacks`: how many nodes refused the revision. */
export function abortByNacks({ abortOn }: RolloutSettings, nacks: number): WithdrawReason | undefined {
  return nacks >= abortOn.nacks ? { kind: 'nacks', nodes: nacks } : undefined;
}

export function abortByQuorum({ quorum }: RolloutSettings, accepted: number, refused: number): WithdrawReason | undefined {
  const answered = accepted + refused;
  return answered > 0 && accepted * 100 < answered * quorum ? { kind: 'quorum', accepted, answered } : undefined;
}

export function abortByErrors({ abortOn }: RolloutSettings, { requests, errors }: ErrorCounts): WithdrawReason | undefined {
  if (abortOn.error5xx === undefined || requests < REQUESTS_TO_JUDGE) return undefined;
  const percent = (errors * 100) / requests;
  return percent >= abortOn.error5xx && errors > 0 ? { kind: 'error5xx', percent, requests } : undefined;
}

/** For people, as the rest of `withdrawn: …`. */
export function reasonText(reason: WithdrawReason): string {
  switch (reason.kind) {
    case 'nacks':
      return reason.nodes === 1 ? 'a node refused it' : `${reason.nodes} nodes refused it`;
    case 'policies':
      return reason.companions === 1
        ? 'the companion refused a policy of it'
        : `all ${reason.companions} companions refused a policy of it`;
    case 'quorum':
      return `only ${reason.accepted} of ${reason.answered} nodes that answered accepted it`;
    case 'error5xx':
      return `${reason.percent.toFixed(1)} % of ${reason.requests} answers were 5xx`;
    default:
      return reason satisfies never;
  }
}
