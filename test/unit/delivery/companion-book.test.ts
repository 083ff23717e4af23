import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { CompanionBook } from '../../../src/delivery/companion-book.ts';

const OF_EDGE = { gateway: 'edge', role: 'authz' } as const;
const A = { ...OF_EDGE, id: 'a' };
const B = { ...OF_EDGE, id: 'b' };
const has = (...held: readonly string[]) => ({ held: new Set(held), refused: new Map<string, string>() });

describe('the book of the companions', () => {
  let book: CompanionBook;
  const look = (nowMs: number, required: readonly string[] = ['p@1']) => book.look(OF_EDGE, required, nowMs);

  beforeEach(() => {
    book = new CompanionBook();
    book.connected(A, ['10.0.0.1:18001'], 0);
    book.connected(B, ['10.0.0.2:18001'], 0);
  });

  function bothServe(): void {
    for (const key of [A, B]) book.answered(key, has('p@1'));
    expect(look(0)).toEqual(['10.0.0.1:18001', '10.0.0.2:18001']);
  }

  it('sends proxies only to those that have all that may be asked for (authz D5)', () => {
    expect(look(0)).toEqual([]);
    book.answered(A, has('p@1'));
    expect(look(1)).toEqual(['10.0.0.1:18001']);
    book.answered(B, has('p@1', 'p@2'));
    expect(look(1)).toHaveLength(2);
    expect(look(2, ['p@1', 'p@2'])).toEqual(['10.0.0.2:18001']);
  });

  it('forgets at once one that leaves in good order', () => {
    bothServe();
    book.gone(A, true, 10);
    expect(look(10)).toEqual(['10.0.0.2:18001']);
    expect(book.all('edge').map(({ id }) => id)).toEqual(['b']);
  });

  it('keeps one whose stream broke for thirty seconds while another is here', () => {
    bothServe();
    book.gone(A, false, 100_000);
    expect(look(129_999)).toHaveLength(2);
    expect(book.nextDeadlineMs(100_001)).toBe(130_000);
    expect(look(130_000)).toEqual(['10.0.0.2:18001']);
  });

  it('keeps the last ones for ten minutes, so that a lost control plane empties nothing (authz D8)', () => {
    bothServe();
    book.gone(A, false, 1_000);
    book.gone(B, false, 1_000);
    expect(look(600_999)).toHaveLength(2);
    expect(look(601_000)).toEqual([]);
  });

  it('gives all the same time to come back when all were cut off', () => {
    bothServe();
    book.gone(A, false, 100_000);
    book.gone(B, false, 100_000);
    book.connected(B, ['10.0.0.2:18001'], 140_000);
    expect(look(140_000)).toHaveLength(2);
    book.answered(B, has('p@1'));
    expect(look(169_999)).toHaveLength(2);
    expect(look(170_000)).toEqual(['10.0.0.2:18001']);
  });

  it('believes one that is back for ten seconds, until it answers (authz D5, D8)', () => {
    bothServe();
    book.gone(A, false, 1_000);
    book.connected(A, ['10.0.0.1:18001'], 2_000);
    expect(look(11_999)).toHaveLength(2);
    expect(look(12_000)).toEqual(['10.0.0.2:18001']);
    book.answered(A, has());
    expect(look(2_000)).toEqual(['10.0.0.2:18001']);
  });

  it('takes over the endpoints of a newer stream at once: a dead worker leaves (authz G14)', () => {
    bothServe();
    book.connected(A, ['10.0.0.1:18011'], 50);
    expect(look(50)).toEqual(['10.0.0.1:18011', '10.0.0.2:18001']);
  });

  it('serves after a restart what an earlier run knew (authz D8)', () => {
    const again = new CompanionBook();
    again.restore([{ ...A, endpoints: ['10.0.0.1:18001'] }], 0);
    expect(again.look(OF_EDGE, ['p@1'], 1)).toEqual(['10.0.0.1:18001']);
    expect(again.facts('edge')).toMatchObject([{ id: 'a', isConnected: false }]);
  });

  it('never sends proxies to one that is connected and known to lack a policy (property, authz D5)', () => {
    const key = fc.constantFrom(A, B);
    const step = fc.oneof(
      fc.tuple(fc.constant('connect'), key, fc.subarray(['p', 'q'])),
      fc.tuple(fc.constant('answer'), key, fc.subarray(['p', 'q'])),
      fc.tuple(fc.constantFrom('leave', 'lose'), key, fc.constant<string[]>([])),
    );
    fc.assert(
      fc.property(fc.array(step), fc.subarray(['p', 'q'], { minLength: 1 }), (steps, required) => {
        const states = new CompanionBook();
        let nowMs = 0;
        for (const [what, of, names] of steps) {
          nowMs += 4_000;
          if (what === 'connect') states.connected(of, [of.id], nowMs);
          else if (what === 'answer') states.answered(of, has(...names));
          else states.gone(of, what === 'leave', nowMs);
          const served = states.look(OF_EDGE, required, nowMs);
          for (const { state, isSettled, held, id } of states.all())
            if (state === 'connected' && isSettled) expect(served.includes(id)).toBe(required.every((name) => held.has(name)));
        }
      }),
    );
  });
});
