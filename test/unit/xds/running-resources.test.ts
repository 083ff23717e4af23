import { describe, expect, test } from 'vitest';
import { RunningResources } from '../../../src/xds/running-resources.ts';
import type { Plan } from '../../../src/xds/subscription.ts';
import { SubscriptionDialogue } from './subscription-dialogue.ts';

/** Cluster contents so large that a response holds one of them. */
const LIMITS = { variant: 'delta', maxResponseBytes: 10 } as const;

describe('what a client runs', () => {
  function started(contents: Readonly<Record<string, string>>, isCut = true) {
    const dialogue = new SubscriptionDialogue(isCut ? LIMITS : { variant: 'delta' }, contents);
    const running = new RunningResources();
    dialogue.ask({});
    /** Sends what is due, and answers it. */
    const exchange = (): Plan => {
      const plan = dialogue.plan();
      if (plan === undefined) throw new Error('nothing is due');
      running.sent(plan);
      dialogue.ask({ nonce: dialogue.nonce });
      running.accepted(plan);
      return plan;
    };
    return { dialogue, running, exchange, has: (...names: readonly string[]) => names.filter((name) => running.has(name)) };
  }

  test('is of a response that is cut by size only what was in it (X95)', () => {
    const { exchange, has } = started({ A: '1', B: '1', C: '1' });
    expect(exchange()).toMatchObject({ hasMore: true, changed: ['A'] });
    expect(has('A', 'B', 'C')).toEqual(['A']);
    exchange();
    expect(has('A', 'B', 'C')).toEqual(['A', 'B']);
    expect(exchange().hasMore).toBe(false);
    expect(has('A', 'B', 'C')).toEqual(['A', 'B', 'C']);
  });

  test('is not what a later response removed, until one that has it again is accepted (D7)', () => {
    const { dialogue, running, exchange, has } = started({ A: '1', B: '1' }, false);
    exchange();
    dialogue.serve({ B: '1' });
    const removal = dialogue.plan();
    if (removal === undefined) throw new Error('nothing is due');
    running.sent(removal);
    expect(has('A', 'B')).toEqual(['B']);
    dialogue.ask({ nonce: dialogue.nonce });
    running.accepted(removal);
    dialogue.serve({ A: '2', B: '1' });
    expect(has('A', 'B')).toEqual(['B']);
    exchange();
    expect(has('A', 'B')).toEqual(['A', 'B']);
  });

  test('is not what was accepted in part and removed before the rest was sent', () => {
    const { dialogue, running, exchange, has } = started({ A: '1', B: '1', C: '1' });
    exchange();
    dialogue.serve({ B: '1', C: '1' });
    const next = dialogue.plan();
    if (next === undefined) throw new Error('nothing is due');
    running.sent(next);
    expect(has('A', 'B', 'C')).toEqual([]);
    running.accepted(next);
    expect(has('A', 'B', 'C')).toEqual(['B']);
  });
});
