import { describe, expect, test } from 'vitest';
import type { Subscription } from '../../../src/xds/subscription.ts';
import { type Ask, SubscriptionDialogue } from './subscription-dialogue.ts';

/** `{} {*,A}` → one request each. */
const SOTW: readonly (readonly [requests: readonly (readonly string[])[], wants: string])[] = [
  [[[]], '*'],
  [[[], []], '*'],
  [[[], ['*', 'A']], '* A'],
  [[[], ['*', 'A'], ['A']], 'A'],
  [[[], ['*', 'A'], ['A'], []], 'nothing'],
  [[[], ['A']], 'A'],
  [[['*'], []], 'nothing'],
  [[['A'], ['*']], '*'],
  [[['A'], []], 'nothing'],
  [[['A'], [], []], 'nothing'],
  [[['*'], [], ['*']], '*'],
  [[['a*b']], 'a*b'],
  [[['']], ''],
];

const DELTA: readonly (readonly [requests: readonly Ask[], wants: string])[] = [
  [[{}], '*'],
  [[{}, {}], '*'],
  [[{}, { subscribe: ['A'] }], '* A'],
  [[{}, { subscribe: ['A'] }, { unsubscribe: ['*'] }], 'A'],
  [[{}, { subscribe: ['A'] }, { unsubscribe: ['*'] }, { unsubscribe: ['A'] }], 'nothing'],
  [[{ subscribe: ['*'], unsubscribe: ['*'] }], 'nothing'],
  [[{ subscribe: ['*'] }, { unsubscribe: ['A'] }], '*'],
  [[{ subscribe: ['*', 'A'] }, { unsubscribe: ['A'] }], '*'],
  [[{ subscribe: ['A'] }, {}], 'A'],
  [[{ unsubscribe: ['A'] }, {}], 'nothing'],
  [[{}, { unsubscribe: ['*'] }, {}], 'nothing'],
  [[{ subscribe: ['a*b'] }], 'a*b'],
];

describe('the wildcard table', () => {
  test.each(SOTW)('X39-X43: the lists %j mean %j', (requests, wants) => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw' });
    for (const list of requests) dialogue.ask({ list });
    expect(wanted(dialogue.state)).toBe(wants);
  });

  test.each(DELTA)('X59, X60, X63: the changes %j mean %j', (requests, wants) => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' });
    for (const request of requests) dialogue.ask(request);
    expect(wanted(dialogue.state)).toBe(wants);
  });

  test.each(['ClusterLoadAssignment', 'RouteConfiguration', 'Secret', 'Runtime'] as const)(
    'X42: nothing named of %s means nothing',
    (type) => {
      const sotw = new SubscriptionDialogue({ variant: 'sotw', type }, { A: '1' });
      sotw.ask({ list: [] });
      expect(sotw.answer()).toBeUndefined();
      const delta = new SubscriptionDialogue({ variant: 'delta', type }, { A: '1' });
      delta.ask({});
      expect(delta.answer()).toBeUndefined();
    },
  );

  test('X39: a gRPC client that names nothing wants nothing', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', isGrpc: true }, { A: '1' });
    dialogue.ask({ list: [] });
    expect(dialogue.answer()).toBeUndefined();
  });

  test('X91: the wildcard does not cover xdstp names', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1', 'xdstp://a/t/B': '1' });
    dialogue.ask({});
    expect(dialogue.exchange()).toBe('A');
    dialogue.ask({ subscribe: ['xdstp://a/t/B'] });
    expect(dialogue.answer()).toBe('xdstp://a/t/B');
  });
});

function wanted(state: Subscription): string {
  const parts = [...(state.wildcard === 'none' ? [] : ['*']), ...[...state.names.keys()].sort()];
  return parts.length === 0 ? 'nothing' : parts.join(' ');
}
