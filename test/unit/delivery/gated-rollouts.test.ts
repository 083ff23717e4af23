import { beforeEach, describe, expect, it } from 'vitest';
import type { CompanionFacts } from '../../../src/delivery/companion-facts.ts';
import { createGatedRollouts, type GatedRollouts, type PolicyGateEvent } from '../../../src/delivery/gated-rollouts.ts';
import type { RolloutEvent } from '../../../src/delivery/rollout-event.ts';
import { createRollouts, type Rollouts } from '../../../src/delivery/rollouts.ts';
import { clientNode } from '../../../src/xds/node.ts';
import { offer } from './support.ts';

const ENVOY = clientNode({ id: 'n1', cluster: 'edge' });
const policy = (name: string, content: string) => ({ Cluster: { orders: content }, AuthPolicy: { [name]: content } });

describe('rollouts behind the gate of the policies', () => {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  let companions: readonly CompanionFacts[] = [];
  let inner: Rollouts;
  let gated: GatedRollouts;
  let told: PolicyGateEvent[] = [];
  let events: RolloutEvent[] = [];
  let hasOwn = false;

  beforeEach(() => {
    [nowMs, timers, companions, told, events, hasOwn] = [0, [], [], [], [], false];
    const after = (ms: number, run: () => void) => {
      const timer = { atMs: nowMs + ms, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer) >>> 0, 1);
    };
    inner = createRollouts({ nowMs: () => nowMs, after, onEvent: (_gateway, event) => events.push(event) });
    gated = createGatedRollouts({
      rollouts: inner,
      companions: () => companions,
      hasOwnCompanions: () => hasOwn,
      nowMs: () => nowMs,
      after,
      onEvent: (_gateway, event) => told.push(event),
    });
  });

  function pass(ms: number): void {
    nowMs += ms;
    for (let due = timers.filter(({ atMs }) => atMs <= nowMs); due.length > 0; due = timers.filter(({ atMs }) => atMs <= nowMs)) {
      timers = timers.filter(({ atMs }) => atMs > nowMs);
      for (const { run } of due) run();
    }
  }
  function has(id: string, held: readonly string[], more: Partial<CompanionFacts> = {}): void {
    const facts = { id, isConnected: true, held: new Set(held), refused: new Map<string, string>(), ...more };
    companions = [...companions.filter((each) => each.id !== id), facts];
    gated.looked('edge');
  }
  const target = () => gated.targetFor(ENVOY);

  it('go on at once without policies', () => {
    const first = offer(1, 'a');
    gated.accept(first);
    expect(target()).toBe(first.snapshot);
    expect(told).toEqual([]);
  });

  it('offer nothing before the companion has what is needed; the good one stays, status says who is waited for (authz D5, D10)', () => {
    const [first, second] = [offer(1, 'a'), offer(2, policy('edge/p@1', 'b'))];
    gated.accept(first);
    has('c1', []);
    gated.accept(second);
    expect(target()).toBe(first.snapshot);
    expect(gated.status('edge')).toMatchObject({
      revision: 2,
      state: 'accepted',
      policies: { revision: 2, untilMs: 10_000, missing: [{ companion: 'c1', policies: ['edge/p@1'] }] },
    });
    expect(gated.needed('edge')).toEqual([second.snapshot, first.snapshot]);
    nowMs = 400;
    has('c1', ['edge/p@1']);
    expect(target()).toBe(second.snapshot);
    expect(told.at(-1)).toEqual({ kind: 'open', revision: 2, waitedMs: 400, without: [] });
    expect(gated.waiting('edge')).toBeUndefined();
  });

  it('leave a late companion behind after ten seconds (authz D5)', () => {
    gated.accept(offer(1, 'a'));
    const second = offer(2, policy('edge/p@1', 'b'));
    has('c1', ['edge/p@1']);
    has('c2', []);
    gated.accept(second);
    pass(9_999);
    expect(target()).not.toBe(second.snapshot);
    pass(1);
    expect(target()).toBe(second.snapshot);
    expect(told.at(-1)).toMatchObject({ kind: 'open', without: ['c2'] });
  });

  it('hold what no companion has, and go on when one comes that has it (authz D5)', () => {
    const [first, second] = [offer(1, 'a'), offer(2, policy('edge/p@1', 'b'))];
    gated.accept(first);
    gated.accept(second);
    pass(60_000);
    expect(target()).toBe(first.snapshot);
    expect(gated.waiting('edge')).toEqual({ revision: 2, role: 'authz', sinceMs: 0, missing: [] });
    has('c1', ['edge/p@1']);
    expect(target()).toBe(second.snapshot);
  });

  it('withdraw what every companion refuses, and do not offer it again (authz D3, D5, D15)', () => {
    const [first, second] = [offer(1, 'a'), offer(2, policy('edge/p@1', 'b'))];
    gated.accept(first);
    gated.nodeConnected(ENVOY, 0);
    gated.reached(ENVOY, first.snapshot, 0);
    has('c1', []);
    gated.accept(second);
    has('c1', [], { refused: new Map([['edge/p@1', 'edge/p@1: unknown field']]) });
    expect(gated.waiting('edge')).toBeDefined();
    pass(0);
    expect(target()).toBe(first.snapshot);
    expect(events.map(({ kind }) => kind).slice(-3)).toEqual(['nack', 'quarantined', 'withdrawn']);
    expect(events.at(-1)).toMatchObject({ revision: 2, backTo: 1, reason: { kind: 'policies', companions: 1 } });
    expect(gated.accept(second).kind).toBe('quarantined');
    expect(gated.status('edge')).toMatchObject({ state: 'withdrawn', withdrawn: { reason: 'the companion refused a policy of it' } });
  });

  it('go out after ten seconds where nothing older can be served: public routes work, others deny (authz D5, D7)', () => {
    const first = offer(1, policy('edge/p@1', 'a'));
    gated.accept(first);
    expect(target()).toBeUndefined();
    pass(10_000);
    expect(target()).toBe(first.snapshot);
    expect(told.at(-1)).toEqual({ kind: 'forced', revision: 1 });
  });

  it('do not wait where the configuration names the companions and none is connected', () => {
    hasOwn = true;
    const first = offer(1, policy('edge/p@1', 'a'));
    gated.accept(first);
    expect(target()).toBe(first.snapshot);
  });

  it('forget what waits when something newer is accepted (D5, D9)', () => {
    const [first, third] = [offer(1, 'a'), offer(3, 'c')];
    gated.accept(first);
    gated.accept(offer(2, policy('edge/p@1', 'b')));
    gated.accept(third);
    expect(target()).toBe(third.snapshot);
    has('c1', ['edge/p@1']);
    expect(target()).toBe(third.snapshot);
    gated.accept(offer(4, policy('edge/q@1', 'd')));
    gated.accept(third);
    expect(gated.waiting('edge')).toBeUndefined();
  });
});
