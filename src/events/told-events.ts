// What happens to configurations, as events of the feed: a stable name, one line for people, and the same as data. Only translates.

import type { Live } from '../app/convergence.ts';
import type { GatewayEvent } from '../app/gateway-event.ts';
import { changesText } from './changes-text.ts';
import type { EventFeed, ToldEvent } from './event-feed.ts';

type EventOf<Kind extends GatewayEvent['kind']> = Extract<GatewayEvent, { readonly kind: Kind }>;
type Told = Pick<ToldEvent, 'text' | 'details'>;

const PROBLEMS_TOLD = 20;

/** `name` is that of the gateway, where it has one; undefined for what tells a watcher nothing. */
export function toldGatewayEvent(event: GatewayEvent, name: string | undefined): ToldEvent | undefined {
  const told = textOf(event);
  return told && { kind: 'config', ...(name === undefined ? {} : { gateway: name }), ...told };
}

function textOf(event: GatewayEvent): Told | undefined {
  if (event.kind === 'accepted') return accepted(event);
  if (event.kind === 'refused') return refused(event);
  const details = { result: event.kind };
  if (event.kind === 'unchanged') return { text: 'configuration read: it is good, and nothing changes for Envoy', details };
  if (event.kind === 'restored') return { text: 'the files have errors: what an earlier run kept is served', details };
  if (event.kind === 'failed') return { text: `reading the configuration failed: ${String(event.error)}`, details };
  return undefined;
}

function accepted({ good, durationMs }: EventOf<'accepted'>): Told {
  const what = good.changes === undefined ? 'loaded' : changesText(good.changes);
  const details = { result: 'accepted', version: good.snapshot.version, ...good.counts, ...good.changes, durationMs };
  return { text: `configuration accepted: ${what}`, details };
}

function refused({ build: { problems, problemCounts } }: EventOf<'refused'>): Told {
  const views = problems.slice(0, PROBLEMS_TOLD).map(({ view }) => view);
  const [first] = views;
  const more = problemCounts.errors > 1 ? `, and ${problemCounts.errors - 1} more` : '';
  const text = `configuration refused: ${first?.message ?? 'it has errors'}${first?.source === undefined ? '' : ` (${first.source})`}${more}`;
  return { text, details: { result: 'refused', ...problemCounts, problems: views } };
}

export function toldLive({ gateway, nodes, durationMs }: Live): ToldEvent {
  const text = `live on ${nodes === 1 ? '1 node' : `${nodes} nodes`} after ${durationMs} ms`;
  return { kind: 'live', gateway, text, details: { nodes, durationMs } };
}

/** Tells the feed, where there is something to tell. */
export function tellFeed(feed: EventFeed, event: ToldEvent | undefined): void {
  if (event !== undefined) feed.tell(event);
}
