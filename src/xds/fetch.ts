// One answer to one question, without a stream: the core of the Fetch methods and of REST polling (R40). Says nothing about what was told
// before: always all that was asked for, without nonce, without make-before-break.

import { type WireField, wireMessage, writeMessage } from '../proto/wire.ts';
import type { SnapshotResource, TypeUrl, TypeView } from '../snapshot/types.ts';
import { typeView } from '../snapshot/view.ts';
import { type ClientNode, gatewayOf } from './node.ts';
import { duePlan } from './plan.ts';
import { onRequest } from './request.ts';
import { newSubscription } from './subscription.ts';
import type { TargetSource } from './targets.ts';
import { typeRules } from './type-rules.ts';

export interface FetchQuestion {
  readonly node: ClientNode;
  readonly typeUrl: TypeUrl;
  /** Empty: everything, for the types that have a wildcard. */
  readonly names: readonly string[];
}

/** What a DiscoveryResponse is made of. */
export interface FetchAnswer {
  readonly typeUrl: TypeUrl;
  /** Of exactly these resources, so that an equal one says that nothing is new, whatever was asked before. */
  readonly version: string;
  readonly resources: readonly SnapshotResource[];
}

const WITHOUT_LIMIT = { maxResponseBytes: Number.POSITIVE_INFINITY };

/** Undefined while there is nothing for the node's gateway (X85). Names that do not exist are left out. */
export function fetchAnswer(question: FetchQuestion, targets: Pick<TargetSource, 'targetFor'>): FetchAnswer | undefined {
  const target = targets.targetFor(question.node);
  if (target === undefined) return undefined;
  const { typeUrl } = question;
  const resources = resourcesOf(question, target.views.get(typeUrl) ?? typeRules(typeUrl).empty);
  return { typeUrl, resources, version: typeView(typeUrl, resources).version };
}

function resourcesOf({ node, typeUrl, names }: FetchQuestion, view: TypeView): readonly SnapshotResource[] {
  const request = {
    typeUrl,
    nonce: '',
    error: undefined,
    isResuming: false,
    names: { variant: 'sotw', list: names },
  } as const;
  const fresh = newSubscription(typeRules(typeUrl), 'sotw');
  const { state } = onRequest(fresh, request, { isGrpc: node.isGrpc, view, nowMs: 0 });
  return duePlan(state, view, WITHOUT_LIMIT)?.entries ?? [];
}

/** An encoded DiscoveryResponse. */
export function fetchResponse({ typeUrl, version, resources }: FetchAnswer, identifier: string): Buffer {
  const message = wireMessage([
    [1, version],
    ...resources.map(({ any }): WireField => [2, any]),
    [4, typeUrl],
    [6, wireMessage([[1, identifier]])],
  ]);
  const bytes = Buffer.allocUnsafe(message.size);
  writeMessage(bytes, message, 0);
  return bytes;
}

/** What is said to a node of a gateway without a configuration. */
export function nothingFor(node: ClientNode): string {
  return `there is no configuration yet for the gateway "${gatewayOf(node)}"`;
}
