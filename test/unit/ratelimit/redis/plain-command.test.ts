import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CounterState } from '../../../../src/ratelimit/algorithms/counter.ts';
import { decide } from '../../../../src/ratelimit/algorithms/decide.ts';
import { FixedWindows } from '../../../../src/ratelimit/algorithms/fixed-window.ts';
import { Pending, type PendingOwner } from '../../../../src/ratelimit/redis/pending.ts';
import { PlainCommand, PlainCounter } from '../../../../src/ratelimit/redis/plain-command.ts';
import type { CounterUse, TakeAnswer } from '../../../../src/ratelimit/store.ts';
import { use } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

const NOW_US = 1_795_000_000_123_456;
const OWNER: PendingOwner = {
  onAnswered: () => undefined,
  onFailure: () => expect.unreachable(),
  onHalfTaken: () => expect.unreachable(),
};

describe('one INCRBY for many requests (ratelimit R501, R502)', () => {
  it('answers each as if it had come alone, one after the other (ratelimit R1002)', () => {
    const requests = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('take' as const), hits: fc.nat(1) }),
        fc.record({ kind: fc.constant('debit' as const), hits: fc.nat(5) }),
        fc.record({ kind: fc.constant('count' as const), hits: fc.nat(5) }),
      ),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(25), requests, (n, used, asked) => {
        const limit = limitOf({ limit: n });
        const windows = new FixedWindows();
        const window = windows.at(limit, NOW_US);
        const one = use(limit);
        const uses: readonly CounterUse[] = asked.map((parts) => ({ ...one, ...parts }));

        let state: CounterState = { algorithm: 'fixed', used, endUs: window.endUs };
        const serial = uses.map((each) => {
          const { outcomes, states } = decide([each], [state], { nowUs: NOW_US, windows });
          state = states[0] ?? state;
          return outcomes;
        });

        const answers: TakeAnswer[] = [];
        const [first, ...others] = uses.map((each) => {
          const pending = new Pending(OWNER, { uses: [each], resolve: (answer) => answers.push(answer) });
          pending.expects(1, NOW_US);
          return { use: each, pending, place: 0 };
        });
        if (first === undefined) return;
        const command = new PlainCommand(new PlainCounter('key', window), first);
        for (const other of others) command.add(other);
        const { denied } = command.decide(used + command.sum, NOW_US);
        expect(answers.map(({ outcomes }) => outcomes)).toEqual(serial);
        // What is taken away again leaves what the serial run leaves.
        expect(used + command.sum - denied).toBe(state.algorithm === 'fixed' ? state.used : undefined);
      }),
    );
  });
});
