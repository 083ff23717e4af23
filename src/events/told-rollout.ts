// What happens while revisions roll out, as events of the feed. Only translates; decides nothing.

import { reasonText } from '../delivery/abort.ts';
import type { RolloutEvent } from '../delivery/rollout-event.ts';
import { namesText } from './changes-text.ts';
import type { ToldEvent } from './event-feed.ts';

type EventOf<Kind extends RolloutEvent['kind']> = Extract<RolloutEvent, { readonly kind: Kind }>;
type Told = Pick<ToldEvent, 'text' | 'details'>;

const NODES_NAMED = 20;

/** Undefined for what is no news, or is told by the streams already. */
export function toldRolloutEvent(gateway: string, event: RolloutEvent): ToldEvent | undefined {
  const told = textOf(event);
  return told && { kind: event.kind, gateway, ...told };
}

function textOf(event: RolloutEvent): Told | undefined {
  switch (event.kind) {
    case 'wave':
      return wave(event);
    case 'stale':
      return stale(event);
    case 'quarantined':
      return quarantined(event);
    case 'good':
      return {
        text: `revision ${event.revision} is good: newcomers get it`,
        details: { revision: event.revision, version: event.version },
      };
    case 'withdrawn':
      return withdrawn(event);
    case 'superseded':
      return { text: `revision ${event.revision} is overtaken by ${event.by}`, details: { revision: event.revision, by: event.by } };
    case 'live':
    case 'nack':
    case 'targets':
      return undefined;
    default:
      return event satisfies never;
  }
}

function wave({ revision, step, asked, isEveryone }: EventOf<'wave'>): Told {
  const who = isEveryone ? 'all nodes' : asked === 1 ? '1 node' : `${asked} nodes`;
  return { text: `revision ${revision} goes to ${who} (step ${step + 1})`, details: { revision, step: step + 1, asked, isEveryone } };
}

function stale({ revision, nodes }: EventOf<'stale'>): Told {
  return {
    text: `no answer to revision ${revision} from ${namesText(nodes)}: nobody waits for it any longer`,
    details: { revision, nodes: nodes.slice(0, NODES_NAMED), count: nodes.length },
  };
}

function quarantined({ entries }: EventOf<'quarantined'>): Told {
  const names = entries.flatMap(({ resources }) => resources.map(({ name }) => name));
  return {
    text: `${names.length === 0 ? 'this configuration' : namesText(names)} is not offered again until it changes`,
    details: { entries },
  };
}

function withdrawn({ revision, reason, backTo }: EventOf<'withdrawn'>): Told {
  return {
    text: `revision ${revision} withdrawn: ${reasonText(reason)}; back to revision ${backTo}`,
    details: { revision, reason, backTo },
  };
}
