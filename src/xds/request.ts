// How a request changes a subscription (S4): it answers the last response, and it says what the client wants now. Pure.
import type { TypeView } from '../snapshot/types.ts';
import { type DeltaNames, deltaInterest, resume, withAllNames } from './delta.ts';
import { type SotwNames, sotwInterest } from './sotw.ts';
import { changeInterest, type InFlight, type Plan, type Subscription } from './subscription.ts';

/** A state-of-the-world or delta request, read from the wire. */
export interface DiscoveryRequest {
  /** Empty on a separate stream that leaves it out (X7). */
  readonly typeUrl: string;
  readonly nonce: string;
  /** Present if and only if the client rejected the response (X27). */
  readonly error: { readonly code: number; readonly message: string } | undefined;
  readonly names: SotwNames | DeltaNames;
  /** The client holds something of the type from an earlier stream. Counts in the first request of the type only (X19). */
  readonly isResuming: boolean;
}

export type RequestEvent = 'first' | 'ack' | 'nack' | 'repeat' | 'stale' | 'spontaneous';

export interface RequestContext {
  /** A proxyless gRPC client, for which an empty list is never a wildcard (X39). */
  readonly isGrpc: boolean;
  /** What is on offer now; undefined before the first snapshot. */
  readonly view: TypeView | undefined;
  readonly nowMs: number;
}

export interface RequestOutcome {
  readonly state: Subscription;
  readonly event: RequestEvent;
  /** The response that this request accepted or rejected. */
  readonly settled: InFlight | undefined;
}

export function onRequest(before: Subscription, request: DiscoveryRequest, context: RequestContext): RequestOutcome {
  const event = classify(before, request);
  const settled = event === 'ack' || event === 'nack' ? before.inFlight : undefined;
  const answered = settled === undefined ? before : settle(before, settled, { request, nowMs: context.nowMs });
  return { event, settled, state: applyNames({ ...answered, isStarted: true }, request, { ...context, isFirst: event === 'first' }) };
}

function classify(state: Subscription, request: DiscoveryRequest): RequestEvent {
  if (!state.isStarted) return 'first';
  if (request.nonce === '') return 'spontaneous';
  if (request.nonce === state.inFlight?.nonce) return request.error === undefined ? 'ack' : 'nack';
  return request.nonce === state.settledNonce ? 'repeat' : 'stale';
}

function settle(
  state: Subscription,
  { nonce, plan }: InFlight,
  answer: { readonly request: DiscoveryRequest; readonly nowMs: number },
): Subscription {
  const { error } = answer.request;
  const settled = { ...state, inFlight: undefined, settledNonce: nonce };
  const { version } = plan.view;
  if (error === undefined) {
    return { ...settled, unaccepted: withoutAccepted(state, plan), accepted: { version, atMs: answer.nowMs }, rejected: undefined };
  }
  const unaccepted = state.unaccepted.edit((draft) => {
    for (const name of plan.changed) {
      const sent = plan.view.resources.get(name);
      if (sent !== undefined) draft.set(name, sent.version);
    }
  });
  return { ...settled, unaccepted, rejected: { nonce, version, code: error.code, message: error.message, atMs: answer.nowMs } };
}

function withoutAccepted({ unaccepted }: Subscription, plan: Plan): Subscription['unaccepted'] {
  if (unaccepted.size === 0) return unaccepted;
  return unaccepted.edit((draft) => {
    for (const { name } of plan.entries) draft.delete(name);
    for (const name of unaccepted.keys()) if (!plan.view.resources.has(name)) draft.delete(name);
  });
}

function applyNames(state: Subscription, request: DiscoveryRequest, context: RequestContext & { readonly isFirst: boolean }): Subscription {
  const { view } = context;
  const { names } = request;
  if (names.variant === 'sotw') return changeInterest(state, sotwInterest(state, names, context));
  const said = state.type.hasHosts && view !== undefined ? withAllNames(names, state, view) : names;
  const changed = changeInterest(state, deltaInterest(state, said, context));
  return context.isFirst ? resume(changed, names, view) : changed;
}
