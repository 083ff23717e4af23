import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { CompanionBook } from '../../../src/delivery/companion-book.ts';

const OF_EDGE = { gateway: 'edge', role: 'authz' } as const;
const A = { ...OF_EDGE, id: 'a' };
const B = { ...OF_EDGE, id: 'b' };
const has = (...held: readonly string[]) => ({ held: new Set(held), refused: new Map<string, string>() });

describe('the book of the companions', () => {
  let book: CompanionBook;
  const look = (nowMs: number, required: readonly string[] = ['p@1']) => book.look(OF_EDGE, { required }, nowMs);

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
    expect(book.nextDeadlineMs(105_001)).toBe(130_000);
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
    expect(again.look(OF_EDGE, { required: ['p@1'] }, 1)).toEqual(['10.0.0.1:18001']);
    expect(again.facts('edge')).toMatchObject([{ id: 'a', isConnected: false }]);
  });

  describe('of those that count in memory (ratelimit R603)', () => {
    const soleLook = (nowMs: number) => book.look(OF_EDGE, { required: ['p@1'], isSole: true }, nowMs);
    const spare = () => book.all().flatMap(({ id, isSpare }) => (isSpare ? [id] : []));
    beforeEach(() => {
      for (const key of [B, A]) book.answered(key, has('p@1'));
    });

    it('serves one, which keeps its place, and calls the others spare', () => {
      book.connected({ ...OF_EDGE, id: '0' }, ['10.0.0.9:18001'], 1);
      book.answered({ ...OF_EDGE, id: '0' }, has('p@1'));
      expect([soleLook(1), spare()]).toEqual([['10.0.0.1:18001'], ['0', 'b']]);
      book.answered(A, has());
      expect([soleLook(2), spare()]).toEqual([['10.0.0.2:18001'], ['0']]);
      book.answered(A, has('p@1'));
      expect([soleLook(3), spare()]).toEqual([['10.0.0.2:18001'], ['0', 'a']]);
    });

    it('lets another one count at once where the one that did leaves in good order, and serves all where counters are shared', () => {
      expect(soleLook(0)).toEqual(['10.0.0.1:18001']);
      book.gone(A, true, 1);
      expect([soleLook(1), spare()]).toEqual([['10.0.0.2:18001'], []]);
      book.connected(A, ['10.0.0.1:18001'], 2);
      book.answered(A, has('p@1'));
      expect(soleLook(2)).toEqual(['10.0.0.2:18001']);
      expect([look(3), spare()]).toEqual([['10.0.0.1:18001', '10.0.0.2:18001'], []]);
    });

    it('waits five seconds for one whose stream broke, and not for ever for what it counted', () => {
      soleLook(0);
      book.gone(A, false, 100_000);
      expect(book.nextDeadlineMs(100_001)).toBe(105_000);
      expect(soleLook(104_999)).toEqual(['10.0.0.1:18001']);
      book.connected(A, ['10.0.0.1:18001'], 104_999);
      expect(soleLook(105_000)).toEqual(['10.0.0.1:18001']);
      book.answered(A, has('p@1'));
      book.gone(A, false, 200_000);
      expect([soleLook(204_999), soleLook(205_000), spare()]).toEqual([['10.0.0.1:18001'], ['10.0.0.2:18001'], []]);
      expect(book.all().map(({ id }) => id)).toEqual(['b']);
    });

    it('gives it twenty seconds to come back where the control plane itself was away', () => {
      soleLook(0);
      const again = new CompanionBook();
      again.restore([{ ...A, endpoints: ['10.0.0.1:18001'] }], 0);
      again.connected(B, ['10.0.0.2:18001'], 1_000);
      again.answered(B, has('p@1'));
      const after = (nowMs: number) => again.look(OF_EDGE, { required: ['p@1'], isSole: true }, nowMs);
      expect(after(1_000)).toEqual(['10.0.0.1:18001']);
      expect(again.nextDeadlineMs(11_001)).toBe(21_000);
      expect([after(20_999), after(21_000)]).toEqual([['10.0.0.1:18001'], ['10.0.0.2:18001']]);
    });
  });

  it('never sends proxies to two that count in memory, and to one whenever one can (property, ratelimit R603)', () => {
    const key = fc.constantFrom(A, B, { ...OF_EDGE, id: 'c' });
    const step = fc.tuple(fc.constantFrom('connect', 'answer', 'leave', 'lose', 'lack'), key, fc.integer({ min: 0, max: 30_000 }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const states = new CompanionBook();
        let nowMs = 0;
        for (const [what, of, ms] of steps) {
          nowMs += ms;
          if (what === 'connect') states.connected(of, [of.id], nowMs);
          else if (what === 'answer' || what === 'lack') states.answered(of, has(...(what === 'answer' ? ['p'] : [])));
          else states.gone(of, what === 'leave', nowMs);
          const served = states.look(OF_EDGE, { required: ['p'], isSole: true }, nowMs);
          expect(served.length).toBeLessThan(2);
          const isAble = states.all().some(({ state, isSettled, held }) => state === 'connected' && isSettled && held.has('p'));
          if (isAble) expect(served).toHaveLength(1);
        }
      }),
    );
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
          const served = states.look(OF_EDGE, { required }, nowMs);
          for (const { state, isSettled, held, id } of states.all())
            if (state === 'connected' && isSettled) expect(served.includes(id)).toBe(required.every((name) => held.has(name)));
        }
      }),
    );
  });
});
