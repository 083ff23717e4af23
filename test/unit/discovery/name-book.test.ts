import { describe, expect, test, vi } from 'vitest';
import { createNameBook } from '../../../src/discovery/name-book.ts';
import type { Addresses } from '../../../src/discovery/ports.ts';
import { createFakeClock } from './fake-clock.ts';

function aBook() {
  const clock = createFakeClock();
  let answer: Addresses | Error = { ips: ['10.0.0.1'], ttlMs: 10_000 };
  const asked: number[] = [];
  const book = createNameBook({
    clock,
    names: {
      addresses: async () => {
        asked.push(clock.nowMs());
        if (answer instanceof Error) throw answer;
        return answer;
      },
      services: async () => [],
    },
  });
  const listener = { changed: vi.fn(), failed: vi.fn() };
  return {
    book,
    clock,
    asked,
    listener,
    answers: (next: Addresses | Error): void => {
      answer = next;
    },
    follow: () => book.follow('orders', 'preferV4', listener),
  };
}

describe('a name in the book (D20)', () => {
  test('is asked once for all services, and again when its TTL has passed', async () => {
    const { follow, clock, asked, listener } = aBook();
    const [first, second] = [follow(), follow()];
    await clock.pass(0);
    expect([first.state().ips, second.state().ips, asked.length]).toEqual([['10.0.0.1'], ['10.0.0.1'], 1]);
    await clock.pass(10_000);
    expect(asked.length).toBe(2);
    expect(listener.changed).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['0 s', 0, 1_000],
    ['1 h', 3_600_000, 300_000],
  ])('with a TTL of %s is asked again within 1 s and 5 min', async (_ttl, ttlMs, pauseMs) => {
    const { follow, clock, asked, answers } = aBook();
    answers({ ips: [], ttlMs });
    follow();
    await clock.pass(pauseMs - 1);
    expect(asked.length).toBe(1);
    await clock.pass(1);
    expect(asked.length).toBe(2);
  });

  test('keeps its last answer on failure, says so, and asks again after 1, 2, 4 s', async () => {
    const { follow, clock, asked, answers, listener } = aBook();
    const name = follow();
    await clock.pass(0);
    answers(new Error('ETIMEOUT'));
    await clock.pass(10_000);
    expect(name.state()).toMatchObject({ ips: ['10.0.0.1'], error: 'ETIMEOUT' });
    expect(listener.failed).toHaveBeenCalledWith('ETIMEOUT');
    await clock.pass(7_000);
    expect(asked.map((at) => at - (asked[0] ?? 0))).toEqual([0, 10_000, 11_000, 13_000, 17_000]);
    answers({ ips: ['10.0.0.2'], ttlMs: 60_000 });
    await clock.pass(8_000);
    expect(name.state().error).toBeUndefined();
    expect(name.state().ips).toEqual(['10.0.0.2']);
  });

  test('has the answer of an earlier run until it has its own', async () => {
    const { book, follow, clock, answers } = aBook();
    answers(new Error('ETIMEOUT'));
    book.restore(new Map([['preferV4 orders', ['10.0.0.7']]]));
    const name = follow();
    await clock.pass(0);
    expect(name.state()).toMatchObject({ ips: ['10.0.0.7'], error: 'ETIMEOUT' });
    expect([...book.answers()]).toEqual([['preferV4 orders', ['10.0.0.7']]]);
  });

  test('that nobody follows any more is asked no more', async () => {
    const { follow, clock, asked } = aBook();
    const [first, second] = [follow(), follow()];
    await clock.pass(0);
    first.close();
    second.close();
    await clock.pass(100_000);
    expect([asked.length, clock.waiting]).toEqual([1, 0]);
  });
});
