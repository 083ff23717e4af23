// Events of the control plane as server-sent events to one client. A client that reads too slowly is dropped: nothing is queued for it beyond
// a bound, and it may come back with the id of the last event that it saw.
import type { EventFeed, LiveEvent } from '../events/event-feed.ts';

/** What an HTTP response is to it. */
export interface EventSink {
  write(text: string): boolean;
  /** Bytes that the client has not taken yet. */
  readonly writableLength: number;
  end(): void;
  destroy(): void;
  on(event: 'close', listener: () => void): unknown;
}

export interface EventStreamOptions {
  readonly feed: EventFeed;
  readonly wants: (event: LiveEvent) => boolean;
  /** Id of the last event that the client saw. */
  readonly after: string | undefined;
  /** Calls `run` every `ms` and gives what ends that. */
  readonly every: (ms: number, run: () => void) => () => void;
  /** The client read too slowly. */
  readonly onDropped: () => void;
}

/** A proxy between us and the client must not take the silence for death. */
const HEARTBEAT_MS = 15_000;
/** A client that is so far behind will not catch up. */
export const MOST_WAITING_BYTES = 1_048_576;

/** Sends events until the client goes; gives what ends it sooner. */
export function sendEvents(sink: EventSink, { feed, wants, after, every, onDropped }: EventStreamOptions): () => void {
  let isOver = false;
  const stop = (): void => {
    if (isOver) return;
    isOver = true;
    following.stop();
    endHeartbeat();
  };
  const send = (text: string): void => {
    if (isOver) return;
    sink.write(text);
    if (sink.writableLength <= MOST_WAITING_BYTES) return;
    stop();
    onDropped();
    sink.destroy();
  };
  const following = feed.follow((event) => {
    if (wants(event)) send(eventText(event));
  }, after);
  const endHeartbeat = every(HEARTBEAT_MS, () => send(':\n\n'));
  sink.on('close', stop);
  send(`retry: 1000\n\n${following.isGap ? GAP : ''}`);
  // Who comes for the first time wants to see what happens now, not what happened long ago.
  if (after !== undefined) for (const event of following.before) if (wants(event)) send(eventText(event));
  return () => {
    stop();
    sink.end();
  };
}

const GAP = `event: gap\ndata: ${JSON.stringify({ text: 'events before this were missed' })}\n\n`;

/** JSON has no line breaks. */
function eventText(event: LiveEvent): string {
  return `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
