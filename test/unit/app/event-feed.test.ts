import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventFeed, type LiveEvent } from '../../../src/events/event-feed.ts';

const told = (text: string) => ({ kind: 'config', gateway: 'edge', text });
const textsOf = (events: readonly LiveEvent[]) => events.map(({ text }) => text);

describe('the feed of events', () => {
  it('tells followers at once, until they stop', () => {
    const feed = createEventFeed({ nowMs: () => 0 });
    const heard: LiveEvent[] = [];
    expect(feed.isFollowed).toBe(false);
    const { stop } = feed.follow((event) => heard.push(event));
    expect(feed.isFollowed).toBe(true);
    feed.tell(told('one'));
    stop();
    feed.tell(told('two'));
    expect(heard).toEqual([{ id: '0-1', at: '1970-01-01T00:00:00.000Z', kind: 'config', gateway: 'edge', text: 'one' }]);
    expect(feed.isFollowed).toBe(false);
  });

  it('gives who comes back exactly what was missed, or says that something is lost, for any history', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.integer({ min: 1, max: 10 }), (before, during, capacity) => {
        const feed = createEventFeed({ nowMs: () => 5, capacity });
        const heard: LiveEvent[] = [];
        const first = feed.follow((event) => heard.push(event));
        for (let index = 0; index < before; index += 1) feed.tell(told(`before ${index}`));
        first.stop();
        for (let index = 0; index < during; index += 1) feed.tell(told(`during ${index}`));
        const after = heard.at(-1)?.id;
        const { before: missed, isGap } = feed.follow(() => undefined, after);
        const all = Array.from({ length: during }, (_, index) => `during ${index}`);
        if (after === undefined) return textsOf(missed).join() === all.slice(-capacity).join();
        return during <= capacity ? !isGap && textsOf(missed).join() === all.join() : isGap && missed.length === capacity;
      }),
    );
  });

  it.each(['0-7', 'abc-1', 'abc', '5-x', ''])('says that the id %j of another run tells nothing', (after) => {
    const feed = createEventFeed({ nowMs: () => 5 });
    feed.tell(told('one'));
    expect(feed.follow(() => undefined, after).isGap).toBe(true);
  });

  it('holds no more than twice its capacity (P27)', () => {
    const feed = createEventFeed({ nowMs: () => 0, capacity: 10 });
    for (let index = 0; index < 100; index += 1) feed.tell(told(`${index}`));
    expect(textsOf(feed.follow(() => undefined).before)).toEqual(Array.from({ length: 10 }, (_, index) => `${90 + index}`));
  });
});
