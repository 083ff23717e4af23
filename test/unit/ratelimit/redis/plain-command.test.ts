import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CounterState } from '../../../../src/ratelimit/algorithms/counter.ts';
import { decide } from '../../../../src/ratelimit/algorithms/decide.ts';
import { FixedWindows } from '../../../../src/ratelimit/algorithms/fixed-window.ts';
import { Pending } from '../../../../src/ratelimit/redis/pending.ts';
import { PlainCommand } from '../../../../src/ratelimit/redis/plain-command.ts';
import type { CounterUse, TakeAnswer } from '../../../../src/ratelimit/store.ts';
import { use } from '../../../contract/ratelimit-store-contract.ts';
import { limitOf } from '../store-limit.ts';

const NOW_US = 1_795_000_000_123_456;

describe('one INCRBY for many requests (ratelimit R501, R502)', () => {
  it('answers each as if it had come alone, one after the other (ratelimit R1002)', () => {
    const requests = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('take' as const), hits: fc.nat(1) }),
        fc.record({ kind: fc.constant('debit' as const), hits: fc.nat(5) }),
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

        const command = new PlainCommand('key', window);
        const answers: TakeAnswer[] = [];
        for (const each of uses) {
          const pending = new Pending({
            uses: [each],
            known: [undefined],
            resolve: (answer) => answers.push(answer),
            onFailure: () => expect.unreachable(),
            onHalfTaken: () => expect.unreachable(),
          });
          pending.expects(1);
          command.add({ use: each, pending, place: 0 });
        }
        const { denied } = command.decide(used + command.sum, NOW_US);
        expect(answers.map(({ outcomes }) => outcomes)).toEqual(serial);
        // What is taken away again leaves what the serial run leaves.
        expect(used + command.sum - denied).toBe(state.algorithm === 'fixed' ? state.used : undefined);
      }),
    );
  });
});
