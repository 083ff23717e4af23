// What the streams do, as events of the feed: nodes that come and go, responses, ACKs, refusals with their places, arrivals.

import { typeNameOf } from '../proto/type-urls.ts';
import { revisionOf } from '../snapshot/revision-of.ts';
import type { TypeUrl } from '../snapshot/types.ts';
import type { ClientNode } from '../xds/node.ts';
import type { Exchange, ProgressListener, Refusal, TrafficListener } from '../xds/progress.ts';
import type { EventFeed } from './event-feed.ts';

export type PlaceOf = (gateway: string, typeUrl: TypeUrl, name: string) => Promise<string | undefined>;

const RESOURCES_NAMED = 20;

/** What is told once in a while: kept for those who come later. */
export function toldProgress(feed: EventFeed, placeOf: PlaceOf): ProgressListener {
  const about = ({ cluster, id }: ClientNode) => ({ gateway: cluster, node: id });
  return {
    nodeConnected: (node) => {
      const envoy = node.version === undefined ? '' : ` (${node.isGrpc ? 'gRPC' : 'Envoy'} ${node.version})`;
      feed.tell({ kind: 'node', ...about(node), text: `connected${envoy}`, details: { state: 'connected', version: node.version } });
    },
    nodeGone: (node) => feed.tell({ kind: 'node', ...about(node), text: 'gone', details: { state: 'gone' } }),
    reached: (node, target) => {
      const version = revisionOf(target);
      feed.tell({ kind: 'reached', ...about(node), text: `runs version ${version}`, details: { version } });
    },
    refused: (refusal) => void tellRefusal(feed, refusal, placeOf),
  };
}

async function tellRefusal(feed: EventFeed, { node, typeUrl, resources, message }: Refusal, placeOf: PlaceOf): Promise<void> {
  const names = resources.slice(0, RESOURCES_NAMED).map(({ name }) => name);
  const found = await Promise.all(names.map((name) => placeOf(node.cluster, typeUrl, name).catch(() => undefined)));
  const sources = [...new Set(found.filter((place) => place !== undefined))];
  const type = shortType(typeUrl);
  const where = sources.length === 0 ? '' : ` (${sources.join(', ')})`;
  const text = `refused ${type} ${names.join(', ')}${where}: ${message}`;
  feed.tell({ kind: 'nack', gateway: node.cluster, node: node.id, text, details: { type, resources: names, sources, message } });
}

/** What happens all the time: told only while somebody watches. */
export function toldTraffic(feed: EventFeed): TrafficListener {
  const tell = (kind: string, { gateway, nodeId, ...details }: Exchange, text: string): void =>
    feed.tell({ kind, gateway, node: nodeId, text, details });
  return {
    sent: (exchange) => {
      if (feed.isFollowed)
        tell('push', exchange, `sent ${exchange.type} ${exchange.version}: ${changesOf(exchange)}, ${exchange.bytes ?? 0} bytes`);
    },
    accepted: (exchange) => {
      if (feed.isFollowed) tell('ack', exchange, `accepted ${exchange.type} ${exchange.version} after ${exchange.durationMs ?? 0} ms`);
    },
  };
}

/** Tells all of them, in this order. */
export function joinedProgress(...listeners: readonly ProgressListener[]): Required<ProgressListener> {
  return {
    nodeConnected: (node, atMs) => {
      for (const listener of listeners) listener.nodeConnected?.(node, atMs);
    },
    nodeGone: (node, atMs, isMeant) => {
      for (const listener of listeners) listener.nodeGone?.(node, atMs, isMeant);
    },
    companionAnswered: (node, atMs) => {
      for (const listener of listeners) listener.companionAnswered?.(node, atMs);
    },
    reached: (node, target, atMs) => {
      for (const listener of listeners) listener.reached?.(node, target, atMs);
    },
    refused: (refusal) => {
      for (const listener of listeners) listener.refused?.(refusal);
    },
  };
}

/** Companions are no part of the fleet: what they do is told to their own listener alone (authz D1). */
export function splitProgress(ofProxies: Required<ProgressListener>, ofCompanions: ProgressListener): Required<ProgressListener> {
  const of = ({ companion }: ClientNode): ProgressListener => (companion === undefined ? ofProxies : ofCompanions);
  return {
    nodeConnected: (node, atMs) => of(node).nodeConnected?.(node, atMs),
    nodeGone: (node, atMs, isMeant) => of(node).nodeGone?.(node, atMs, isMeant),
    companionAnswered: (node, atMs) => of(node).companionAnswered?.(node, atMs),
    reached: (node, target, atMs) => of(node).reached?.(node, target, atMs),
    refused: (refusal) => of(refusal.node).refused?.(refusal),
  };
}

function changesOf({ changes }: Exchange): string {
  return `${changes} change${changes === 1 ? '' : 's'}`;
}

function shortType(typeUrl: TypeUrl): string {
  const name = typeNameOf(typeUrl);
  return name.slice(name.lastIndexOf('.') + 1);
}
