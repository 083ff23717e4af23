import { describe, expect, test, vi } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { nameSet } from '../../../src/xds/name-map.ts';
import { duePlan } from '../../../src/xds/plan.ts';
import { newSubscription, onOverdue, onSent, onUpToDate, type Subscription } from '../../../src/xds/subscription.ts';
import { typeRules } from '../../../src/xds/type-rules.ts';
import { testView } from '../../support/snapshots.ts';
import { SubscriptionDialogue } from './subscription-dialogue.ts';

const LIMITS = { maxResponseBytes: 1_000_000 };

describe('what is due', () => {
  test('S1: nothing before the first request', () => {
    expect(new SubscriptionDialogue({ variant: 'sotw' }, { A: '1' }).answer()).toBeUndefined();
  });

  test('X24, X70, S1: nothing while a response is unanswered; then only the newest', () => {
    for (const variant of ['sotw', 'delta'] as const) {
      const dialogue = new SubscriptionDialogue({ variant }, { A: '1' });
      dialogue.ask({});
      expect(dialogue.answer()).toBe('A');
      for (const content of ['2', '3', '4']) {
        dialogue.serve({ A: content });
        expect(dialogue.answer()).toBeUndefined();
      }
      dialogue.ask({ nonce: dialogue.nonce });
      expect(dialogue.plan()?.entries[0]?.version).toBe(dialogue.versionOf('A', '4'));
    }
  });

  test('S2, X47: a full-state type gets every covered resource when anything of it changed, and its changes are known', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw' }, { A: '1', B: '1', C: '1' });
    dialogue.ask({ list: [] });
    expect(dialogue.exchange()).toBe('A B C');
    dialogue.serve({ A: '1', B: '2', C: '1' });
    const plan = dialogue.plan();
    expect(plan?.entries.map(({ name }) => name)).toEqual(['A', 'B', 'C']);
    expect(plan?.changed).toEqual(['B']);
  });

  test('S2, X47: removal from a full-state type is a response without the resource', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw' }, { A: '1', B: '1', C: '1' });
    dialogue.ask({ list: [] });
    dialogue.exchange();
    dialogue.serve({ A: '1', C: '1' });
    expect(dialogue.exchange()).toBe('A C');
    expect(dialogue.exchange()).toBeUndefined();
  });

  test('S2, X48: a partial type gets what changed; absence is silent', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'ClusterLoadAssignment' }, { A: '1', B: '1', C: '1' });
    dialogue.ask({ list: ['A', 'B', 'C'] });
    expect(dialogue.exchange()).toBe('A B C');
    dialogue.serve({ A: '1', B: '2', C: '1' });
    expect(dialogue.exchange()).toBe('B');
    dialogue.serve({ A: '1', B: '2' });
    expect(dialogue.exchange()).toBeUndefined();
    dialogue.serve({ A: '1', B: '2', C: '3' });
    expect(dialogue.exchange()).toBe('C');
  });

  test('X51, X54: an unknown name of a partial type withholds no other and follows when it exists', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'RouteConfiguration' }, { A: '1' });
    dialogue.ask({ list: ['A', 'missing'] });
    expect(dialogue.exchange()).toBe('A');
    expect(dialogue.exchange()).toBeUndefined();
    dialogue.serve({ A: '1', missing: '1' });
    expect(dialogue.exchange()).toBe('missing');
  });

  test('X20, X51: a partial type with unknown names only is not answered, a full-state type is', () => {
    const partial = new SubscriptionDialogue({ variant: 'sotw', type: 'ClusterLoadAssignment' }, { A: '1' });
    partial.ask({ list: ['missing'] });
    expect(partial.answer()).toBeUndefined();
    const full = new SubscriptionDialogue({ variant: 'sotw' }, { A: '1' });
    full.ask({ list: ['missing'] });
    expect(full.exchange()).toBe('(empty)');
    expect(full.exchange()).toBeUndefined();
  });

  test('S3, X95: a response is cut at its limit and the rest follows the ACK, newer contents included', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta', maxResponseBytes: 200 }, { A: '1', B: '1', C: '1', D: '1', E: '1' });
    dialogue.ask({});
    expect(dialogue.exchange()).toBe('A B C (more)');
    dialogue.serve({ A: '2', B: '1', D: '1', E: '1' });
    expect(dialogue.exchange()).toBe('A D E -C');
    expect(dialogue.exchange()).toBeUndefined();
  });

  test('S3: a part that was refused does not hold back the rest', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta', maxResponseBytes: 200 }, { A: '1', B: '1', C: '1', D: '1' });
    dialogue.ask({});
    expect(dialogue.exchange({ error: { code: 13, message: 'no' } })).toBe('A B C (more)');
    expect(dialogue.exchange()).toBe('D');
    expect(dialogue.exchange()).toBeUndefined();
  });

  test('X95: one resource above the limit is sent alone', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta', maxResponseBytes: 1 }, { A: '1', B: '1' });
    dialogue.ask({});
    expect(dialogue.exchange()).toBe('A (more)');
    expect(dialogue.exchange()).toBe('B');
  });

  test('O2: an overdue response lets newer data pass, and its late ACK still counts', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({});
    dialogue.answer();
    dialogue.state = onOverdue(dialogue.state);
    expect(dialogue.answer()).toBeUndefined();
    expect(dialogue.ask({ nonce: 'n1' })).toBe('ack');
    dialogue.serve({ A: '2' });
    dialogue.answer();
    dialogue.state = onOverdue(dialogue.state);
    dialogue.serve({ A: '3' });
    expect(dialogue.answer()).toBe('A');
  });
});

describe('sharing', () => {
  test('T5: subscriptions in equal state get the same plan object', () => {
    const view = testView('Cluster', { A: '1', B: '1' });
    const started = { ...newSubscription(typeRules(TYPE_URLS.Cluster), 'delta'), isStarted: true, wildcard: 'legacy' } as const;
    expect(duePlan(started, view, LIMITS)).toBe(duePlan({ ...started }, view, LIMITS));
    const names = nameSet(['A']);
    const named: Subscription = { ...started, wildcard: 'none', names, owed: names };
    expect(duePlan(named, view, LIMITS)).toBe(duePlan({ ...named }, view, LIMITS));
    expect(duePlan(named, view, LIMITS)).not.toBe(duePlan(started, view, LIMITS));
  });

  test('S1: the cost of one change among 10,000 does not depend on the 10,000', () => {
    const contents = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`c${index}`, '1']));
    const before = testView('Cluster', contents);
    const after = testView('Cluster', { ...contents, c77: '2' });
    const names = nameSet(Object.keys(contents));
    const base: Subscription = { ...newSubscription(typeRules(TYPE_URLS.Cluster), 'delta'), isStarted: true, names, base: before };
    const gets = vi.spyOn(after.resources, 'get');
    for (let stream = 0; stream < 100; stream += 1) expect(duePlan({ ...base }, after, LIMITS)?.changed).toEqual(['c77']);
    expect(gets.mock.calls.length).toBeLessThan(5);
  });

  test('P15: a subscription without anything due forgets older views', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw', type: 'ClusterLoadAssignment' }, { A: '1', B: '1' });
    dialogue.ask({ list: ['A'] });
    dialogue.exchange();
    const newer = testView('ClusterLoadAssignment', { A: '1', B: '2' });
    expect(onUpToDate(dialogue.state, newer).base).toBe(newer);
  });

  test('S3, J#70: what was told is recorded with the response', () => {
    const view = testView('Cluster', { A: '1' });
    const started = { ...newSubscription(typeRules(TYPE_URLS.Cluster), 'sotw'), isStarted: true, wildcard: 'explicit' } as const;
    const plan = duePlan(started, view, LIMITS);
    if (plan === undefined) throw new Error('nothing is due');
    const sent = onSent(started, plan, { nonce: 'n', atMs: 3 });
    expect(sent).toMatchObject({ base: view, isAnswerDue: false, sentVersion: view.version, inFlight: { nonce: 'n', sentAtMs: 3 } });
  });
});
