import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type EventSink, MOST_WAITING_BYTES, sendEvents } from '../../../src/admin/event-stream.ts';
import { createEventFeed } from '../../../src/events/event-feed.ts';

function fixture(after?: string) {
  const feed = createEventFeed({ nowMs: () => 0 });
  const life = new EventEmitter();
  const state = { sent: '', waiting: 0, isDestroyed: false, isEnded: false, dropped: 0, beats: [] as (() => void)[] };
  const sink: EventSink = {
    write: (text) => {
      state.sent += text;
      return true;
    },
    get writableLength() {
      return state.waiting;
    },
    end: () => void (state.isEnded = true),
    destroy: () => void (state.isDestroyed = true),
    on: (event, listener) => life.on(event, listener),
  };
  const begin = () =>
    sendEvents(sink, {
      feed,
      wants: ({ kind }) => kind !== 'ack',
      after,
      every: (_ms, run) => {
        state.beats.push(run);
        return () => void state.beats.splice(state.beats.indexOf(run), 1);
      },
      onDropped: () => void (state.dropped += 1),
    });
  return { feed, life, state, begin };
}

describe('events sent to a client', () => {
  it('are server-sent events with id, name and JSON, of the kinds that it wants', () => {
    const { feed, state, begin } = fixture();
    feed.tell({ kind: 'config', text: 'long ago' });
    begin();
    feed.tell({ kind: 'ack', text: 'unwanted' });
    feed.tell({ kind: 'nack', node: 'edge-1', text: 'a text\nof two lines' });
    expect(state.sent).toBe(
      'retry: 1000\n\n' +
        'id: 0-3\nevent: nack\ndata: {"id":"0-3","at":"1970-01-01T00:00:00.000Z","kind":"nack","node":"edge-1","text":"a text\\nof two lines"}\n\n',
    );
  });

  it('begin where it left off, and say so where that is not known any more', () => {
    const back = fixture('0-1');
    for (const text of ['one', 'two']) back.feed.tell({ kind: 'config', text });
    back.begin();
    expect(back.state.sent).toContain('"text":"two"');
    expect(back.state.sent).not.toContain('"text":"one"');
    const lost = fixture('elsewhere-9');
    lost.begin();
    expect(lost.state.sent).toContain('event: gap\n');
  });

  it('come with heartbeats, which end with it', () => {
    const { state, life, feed, begin } = fixture();
    begin();
    state.beats[0]?.();
    expect(state.sent).toMatch(/\n:\n\n$/);
    life.emit('close');
    expect(state.beats).toEqual([]);
    expect(feed.isFollowed).toBe(false);
  });

  it('drop a client that reads too slowly, once, and queue nothing more for it', () => {
    const { feed, state, begin } = fixture();
    begin();
    state.waiting = MOST_WAITING_BYTES + 1;
    for (const text of ['one', 'two', 'three']) feed.tell({ kind: 'config', text });
    expect(state).toMatchObject({ isDestroyed: true, dropped: 1 });
    expect(state.sent).not.toContain('two');
    expect(feed.isFollowed).toBe(false);
  });

  it('end when the server does', () => {
    const { feed, state, begin } = fixture();
    begin()();
    expect(state.isEnded).toBe(true);
    feed.tell({ kind: 'config', text: 'late' });
    expect(state.sent).toBe('retry: 1000\n\n');
  });
});
