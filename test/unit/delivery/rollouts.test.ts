import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCounts } from '../../../src/delivery/abort.ts';
import type { RolloutEvent } from '../../../src/delivery/rollout-event.ts';
import { createRollouts, type Rollouts } from '../../../src/delivery/rollouts.ts';
import type { ClientNode } from '../../../src/xds/node.ts';
import { CLUSTER, offer } from './support.ts';

const LIMITS = { maxResponseBytes: 1_000_000, takesErrorsAlone: false, takesTtl: false, takesWrapped: false };

function node(id: string, cluster = 'edge'): ClientNode {
  return { id, cluster, userAgent: undefined, version: undefined, isGrpc: false, limits: LIMITS };
}

/** A clock with the timers that were asked for. */
class Clock {
  nowMs = 0;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];
  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { atMs: this.nowMs + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  get timers(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ atMs }) => atMs <= endMs).sort((left, right) => left.atMs - right.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = endMs;
  }
}

describe('the rollouts of all gateways', () => {
  let clock: Clock;
  let rollouts: Rollouts;
  let events: { readonly gateway: string; readonly event: RolloutEvent }[];
  let told: string[];
  let errors: ErrorCounts | undefined;
  beforeEach(() => {
    clock = new Clock();
    events = [];
    told = [];
    errors = undefined;
    rollouts = createRollouts({
      nowMs: () => clock.nowMs,
      after: clock.after,
      onEvent: (gateway, event) => events.push({ gateway, event }),
      errorRates: { since: () => errors },
    });
    rollouts.subscribe((gateway) => told.push(gateway));
  });

  const [a, b] = [offer(1, 'a'), offer(2, 'b')];
  const kinds = () => events.map(({ event }) => event.kind);

  function fleet(count: number): readonly ClientNode[] {
    const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`));
    for (const each of nodes) rollouts.nodeConnected(each, 0);
    rollouts.accept(a);
    for (const each of nodes) rollouts.reached(each, a.snapshot, 0);
    events.splice(0);
    told.splice(0);
    return nodes;
  }

  /** A clock whose timers fire a moment early, and on which time passes with every look. */
  function earlyClock() {
    let timers: { readonly atMs: number; readonly run: () => void }[] = [];
    let nowMs = 0;
    let stepMs = 0;
    return {
      options: {
        nowMs: () => {
          nowMs += stepMs;
          return nowMs;
        },
        after: (ms: number, run: () => void) => {
          const timer = { atMs: nowMs + ms, run };
          timers.push(timer);
          return () => {
            timers = timers.filter((each) => each !== timer);
          };
        },
      },
      /** Lets what is due around that time fire, a few times over. */
      fireAround: (atMs: number, byMs: number) => {
        [nowMs, stepMs] = [atMs, byMs];
        for (let look = 0; look < 12; look++) {
          const due = timers.filter((timer) => timer.atMs <= nowMs + 1.5);
          timers = timers.filter((each) => !due.includes(each));
          for (const { run } of due) run();
        }
        stepMs = 0;
      },
    };
  }

  it.each([0.3, 0.5, 0.7, 1])('pass over no clock although timers fire early and %s ms pass between two looks (D8, D13)', (byMs) => {
    const nodes = fleet(2);
    const early = earlyClock();
    const slow = createRollouts(early.options);
    for (const each of nodes) slow.nodeConnected(each, 0);
    const soaking = { settings: { soakMs: 3_000 } };
    slow.accept(a);
    for (const each of nodes) slow.reached(each, a.snapshot, 0);
    early.fireAround(0, 0);
    const next = offer(2, 'b', soaking);
    slow.accept(next);
    const asked = () => nodes.filter((each) => slow.targetFor(each) === next.snapshot);
    expect(asked()).toHaveLength(1);
    early.fireAround(1_998.8, byMs);
    expect(asked()).toHaveLength(2);
    for (const each of nodes) slow.reached(each, next.snapshot, 2_100);
    expect(slow.status('edge')?.lastGood?.revision).toBe(1);
    for (const atMs of [5_098.8, 8_200]) early.fireAround(atMs, byMs);
    early.fireAround(12_000, byMs);
    expect(slow.status('edge')?.lastGood?.revision).toBe(2);
  });

  it('say nothing of a gateway without a revision, and forget its nodes when they leave', () => {
    rollouts.nodeConnected(node('n1', 'nobody'), 0);
    expect(rollouts.targetFor(node('n1', 'nobody'))).toBeUndefined();
    expect(rollouts.gateways()).toEqual([]);
    expect(rollouts.status('nobody')).toBeUndefined();
    rollouts.nodeGone(node('n1', 'nobody'), 1);
    expect(rollouts.gateways()).toEqual([]);
  });

  it('tell at once that targets changed, and keep gateways apart', () => {
    const nodes = fleet(3);
    rollouts.accept(b);
    expect(told).toEqual(['edge']);
    expect(nodes.filter((each) => rollouts.targetFor(each) === b.snapshot)).toHaveLength(1);
    expect(rollouts.targetFor(node('n0', 'web'))).toBeUndefined();
  });

  it('take a snapshot with live endpoints for the revision that it belongs to (D19)', () => {
    const [only = node('')] = fleet(1);
    rollouts.accept(b);
    rollouts.reached(only, { ...b.snapshot, version: 'with endpoints', revision: b.snapshot.version }, 5);
    expect(kinds()).toEqual(['wave', 'wave', 'good', 'live']);
  });

  it('keep the clock: the next node is asked after two seconds, and no timer is left in the end', () => {
    const nodes = fleet(3);
    rollouts.accept(b);
    const [stuck] = nodes.filter((each) => rollouts.targetFor(each) === b.snapshot);
    clock.advance(1_999);
    expect(rollouts.status('edge')).toMatchObject({ state: 'offered', wave: { step: 1, steps: 2, asked: 1 }, waitingFor: [stuck?.id] });
    clock.advance(1);
    expect(rollouts.status('edge')).toMatchObject({ wave: { asked: 2 } });
    for (const each of nodes) if (each !== stuck) rollouts.reached(each, rollouts.targetFor(each) ?? a.snapshot, clock.nowMs);
    for (const each of nodes) if (each !== stuck) rollouts.reached(each, b.snapshot, clock.nowMs);
    clock.advance(10_000);
    expect(rollouts.status('edge')).toMatchObject({ state: 'offered', revision: 2, waitingFor: [stuck?.id], waitingForCount: 1 });
    expect(clock.timers).toBe(0);
    rollouts.nodeGone(stuck ?? node(''), clock.nowMs);
    expect(rollouts.status('edge')).toMatchObject({ state: 'live', waitingFor: [] });
  });

  it('show why a revision was withdrawn, by whom it was refused, and what is good (D15)', () => {
    const nodes = fleet(3);
    rollouts.accept(b);
    const [first = node('')] = nodes.filter((each) => rollouts.targetFor(each) === b.snapshot);
    const version = b.snapshot.views.get(CLUSTER)?.resources.get('orders')?.version ?? '';
    rollouts.refused({
      node: first,
      target: b.snapshot,
      typeUrl: CLUSTER,
      resources: [{ name: 'orders', version }],
      message: 'orders: no',
      atMs: 7,
    });
    expect(rollouts.status('edge')).toMatchObject({
      revision: 2,
      state: 'withdrawn',
      withdrawn: { reason: 'a node refused it', atMs: 7 },
      lastGood: { revision: 1 },
      nacks: [{ nodeId: first.id, message: 'orders: no' }],
      quarantine: [{ resources: [{ name: 'orders' }] }],
    });
    expect(rollouts.quarantined(b.snapshot)).toHaveLength(1);
    expect(rollouts.quarantined(a.snapshot)).toEqual([]);
    expect(rollouts.release('edge')).toHaveLength(1);
    expect(rollouts.quarantined(b.snapshot)).toEqual([]);
  });

  it('look at load reports every second while a revision is watched, and withdraw it for its errors (D14)', () => {
    const nodes = fleet(2);
    const watched = offer(2, 'b', { settings: { soakMs: 60_000, abortOn: { nacks: 1, error5xx: 5 } } });
    rollouts.accept(watched);
    for (const each of nodes) if (rollouts.targetFor(each) === watched.snapshot) rollouts.reached(each, watched.snapshot, 0);
    clock.advance(30_000);
    expect(rollouts.status('edge')?.wave).toMatchObject({ soakUntilMs: 60_000 });
    errors = { requests: 100, errors: 40 };
    clock.advance(1_000);
    expect(rollouts.status('edge')).toMatchObject({ state: 'withdrawn', withdrawn: { reason: '40.0 % of 100 answers were 5xx' } });
  });

  it('cost little for thousands of nodes: an edit through 5,000 of them in well under a second', () => {
    const nodes = fleet(5_000);
    const begun = performance.now();
    rollouts.accept(b);
    for (const each of nodes) if (rollouts.targetFor(each) === b.snapshot) rollouts.reached(each, b.snapshot, 1);
    for (const each of nodes) rollouts.reached(each, b.snapshot, 2);
    expect(kinds()).toEqual(['wave', 'wave', 'good', 'live']);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
