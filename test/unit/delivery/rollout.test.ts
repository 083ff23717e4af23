import { beforeEach, describe, expect, it } from 'vitest';
import type { Offer } from '../../../src/delivery/offer.ts';
import { Rollout } from '../../../src/delivery/rollout.ts';
import { kindsOf, nodesOn, offer, refusal } from './support.ts';

const IDS = ['n1', 'n2', 'n3', 'n4', 'n5'];
const PLAIN = { isCanary: false };

/** Five nodes that run the good revision 1. */
function fleet(good: Offer, ids: readonly string[] = IDS): Rollout {
  const rollout = new Rollout();
  for (const id of ids) rollout.connected(id, PLAIN, 0);
  rollout.accept(good, 0);
  for (const id of ids) rollout.reached(id, good.snapshot.version, 1);
  return rollout;
}

function first(rollout: Rollout, revision: Offer): string {
  const [id, ...others] = nodesOn(rollout, revision);
  if (id === undefined || others.length > 0) throw new Error(`not one node: ${[id, ...others].join(', ')}`);
  return id;
}

function reachAll(rollout: Rollout, { snapshot }: Offer, nowMs: number, ids: Iterable<string> = rollout.nodes.keys()) {
  return [...ids].flatMap((id) => rollout.reached(id, snapshot.version, nowMs));
}

describe('a revision on its way through a fleet', () => {
  const [a, b, c] = [offer(1, 'a'), offer(2, 'b', { atMs: 10 }), offer(3, 'c', { atMs: 20 })];
  let rollout: Rollout;
  beforeEach(() => {
    rollout = fleet(a);
  });

  it('goes to everyone at once as long as nothing was good yet (D16)', () => {
    const fresh = new Rollout();
    fresh.connected('n1', PLAIN, 0);
    expect(fresh.targetOf('n1')).toBeUndefined();
    fresh.accept(a, 0);
    fresh.connected('n2', PLAIN, 0);
    expect(nodesOn(fresh, a)).toEqual(['n1', 'n2']);
  });

  it('goes to one node first, to all when that has accepted it, and is live when all have (D1, D13)', () => {
    expect(rollout.accept(b, 10).outcome.kind).toBe('offered');
    const id = first(rollout, b);
    expect(kindsOf(rollout.reached(id, b.snapshot.version, 15))).toEqual(['wave', 'targets']);
    expect(nodesOn(rollout, b)).toEqual(IDS);
    const events = reachAll(rollout, b, 40);
    expect(kindsOf(events)).toEqual(['good', 'live']);
    expect(events.at(-1)).toMatchObject({ revision: 2, nodes: 5, durationMs: 30 });
    expect(rollout.good).toBe(b);
  });

  it('takes another node first each time (D13)', () => {
    const firsts = Array.from({ length: 30 }, (_, index) => {
      const fresh = fleet(a);
      const next = offer(2, `content ${index}`);
      fresh.accept(next, 10);
      return first(fresh, next);
    });
    expect(new Set(firsts).size).toBe(IDS.length);
  });

  it('gives newcomers, and nodes that come back, what was good before while it is in waves (D16, B50)', () => {
    rollout.accept(b, 10);
    const id = first(rollout, b);
    rollout.connected('new', PLAIN, 11);
    expect(rollout.targetOf('new')).toBe(a.snapshot);
    rollout.gone(id, 12);
    rollout.connected(id, PLAIN, 13);
    expect(rollout.targetOf(id)).toBe(a.snapshot);
  });

  it('is withdrawn by one refusal: everyone is offered again what was good, and nobody gets the refused content again (D15)', () => {
    rollout.accept(b, 10);
    const id = first(rollout, b);
    const events = rollout.refused(refusal(id, b), 12);
    expect(kindsOf(events)).toEqual(['nack', 'quarantined', 'withdrawn', 'targets']);
    expect(nodesOn(rollout, a)).toEqual(IDS);
    expect(rollout.accept(offer(3, 'b'), 20).outcome).toMatchObject({ kind: 'quarantined', entries: [{ nodeId: id }] });
    expect(nodesOn(rollout, a)).toEqual(IDS);
    rollout.release();
    expect(rollout.accept(offer(4, 'b'), 30).outcome.kind).toBe('offered');
  });

  it('goes through when the refused resource was changed or left out (B51)', () => {
    rollout.accept(b, 10);
    rollout.refused(refusal(first(rollout, b), b), 12);
    expect(rollout.accept(c, 20).outcome.kind).toBe('offered');
    reachAll(rollout, c, 21);
    reachAll(rollout, c, 22);
    expect(rollout.good).toBe(c);
  });

  it('may hold some of what was refused together when the message named nothing, but not all of it', () => {
    const both = offer(2, { Cluster: { x: 'x2', y: 'y2' } });
    rollout.accept(both, 10);
    const id = first(rollout, both);
    const [x, y] = [refusal(id, both, 'x', 'malformed'), refusal(id, both, 'y', 'malformed')];
    rollout.refused({ ...x, resources: [...x.resources, ...y.resources] }, 11);
    expect(rollout.accept(offer(3, { Cluster: { x: 'x2', y: 'y2', z: 'z' } }), 12).outcome.kind).toBe('quarantined');
    expect(rollout.accept(offer(4, { Cluster: { x: 'x2', y: 'y3' } }), 13).outcome.kind).toBe('offered');
  });

  it('is not blamed for a resource that runs well in what was good before: that node alone is at fault', () => {
    const more = offer(2, { Cluster: { orders: 'a', cart: 'x' } });
    rollout.accept(more, 10);
    expect(kindsOf(rollout.refused(refusal(first(rollout, more), more, 'orders'), 11))).toEqual(['nack']);
    expect(rollout.wave?.offer).toBe(more);
  });

  it('stays on offer when the very first one is refused: there is nothing better (D16)', () => {
    const fresh = new Rollout();
    fresh.connected('n1', PLAIN, 0);
    fresh.connected('n2', PLAIN, 0);
    fresh.accept(a, 0);
    expect(kindsOf(fresh.refused(refusal('n1', a), 1))).toEqual(['nack']);
    expect(nodesOn(fresh, a)).toEqual(['n1', 'n2']);
    expect(kindsOf(fresh.reached('n2', a.snapshot.version, 2))).toEqual(['good']);
  });

  it('does not wait for a first node that does not answer: the next joins after 2 s, and one is enough (D13)', () => {
    rollout.accept(b, 10);
    const stuck = first(rollout, b);
    expect(rollout.nextDeadlineMs(10)).toBe(2_010);
    rollout.tick(2_010);
    const [next] = nodesOn(rollout, b).filter((id) => id !== stuck);
    if (next === undefined) throw new Error('nobody joined');
    expect(nodesOn(rollout, b)).toHaveLength(2);
    const events = rollout.reached(next, b.snapshot.version, 2_020);
    expect(kindsOf(events)).toEqual(['stale', 'wave', 'targets']);
    expect(events[0]).toMatchObject({ nodes: [stuck] });
  });

  it('waits for nobody longer than the clock: the node is stale and named, the revision good, and live when the node answers (D8, D14, B63)', () => {
    rollout.accept(b, 0);
    rollout.reached(first(rollout, b), b.snapshot.version, 1);
    const stuck = 'n3';
    const rest = IDS.filter((id) => id !== stuck);
    if (rollout.wave?.reached.has(stuck) === true) return;
    reachAll(rollout, b, 5, rest);
    expect(rollout.good).toBe(a);
    const events = rollout.tick(rollout.nextDeadlineMs(2_500) ?? 0);
    expect(events).toMatchObject([{ kind: 'stale', nodes: [stuck] }, { kind: 'good' }]);
    expect([...rollout.behind]).toEqual([stuck]);
    expect(kindsOf(rollout.reached(stuck, b.snapshot.version, 30_000))).toEqual(['live']);
  });

  it('ends although nobody answers: more and more nodes are asked, none for ever (D8)', () => {
    rollout.accept(b, 0);
    let nowMs = 0;
    for (let at = rollout.nextDeadlineMs(nowMs); at !== undefined; at = rollout.nextDeadlineMs(nowMs)) {
      nowMs = at;
      rollout.tick(nowMs);
    }
    expect(nodesOn(rollout, b)).toEqual(IDS);
    expect(nowMs).toBeLessThan(30_000);
  });

  it('is replaced by a newer one at any moment: only the newest matters (D9)', () => {
    rollout.accept(b, 10);
    expect(kindsOf(rollout.accept(c, 11).events)).toEqual(['superseded', 'wave', 'targets']);
    expect(nodesOn(rollout, b)).toEqual([]);
    expect(nodesOn(rollout, c)).toHaveLength(1);
    expect(nodesOn(rollout, a)).toHaveLength(4);
  });

  it('is what others go back to when it is replaced at its last step: a slow node does not send the fleet back', () => {
    rollout.accept(b, 10);
    rollout.reached(first(rollout, b), b.snapshot.version, 11);
    rollout.accept(c, 12);
    expect(rollout.good).toBe(b);
    expect(nodesOn(rollout, a)).toEqual([]);
  });

  it('gives way to what was good before when the edit is taken back, with no new revision (D2)', () => {
    rollout.accept(b, 10);
    expect(rollout.accept(offer(3, 'a'), 11).outcome).toEqual({ kind: 'returned', revision: 1 });
    expect(nodesOn(rollout, a)).toEqual(IDS);
    expect(rollout.accept(offer(3, 'a'), 12).outcome).toEqual({ kind: 'unchanged' });
  });

  it('goes to nodes that come back after a restart when they have what was good before (B54, D16, D25)', () => {
    const restarted = new Rollout();
    restarted.restore(a, []);
    restarted.accept(b, 0);
    for (const id of IDS) restarted.connected(id, PLAIN, 1);
    expect(nodesOn(restarted, a)).toEqual(IDS);
    reachAll(restarted, a, 2, ['n1']);
    expect(nodesOn(restarted, b)).toHaveLength(1);
  });

  it('waits for its first node when none is connected', () => {
    const empty = new Rollout();
    empty.restore(a, []);
    empty.accept(b, 0);
    expect(empty.nextDeadlineMs(0)).toBeUndefined();
    for (const id of IDS) empty.connected(id, PLAIN, 60_000);
    expect(nodesOn(empty, b)).toHaveLength(1);
    expect(nodesOn(empty, a)).toHaveLength(4);
  });
});

describe('steps', () => {
  const a = offer(1, 'a');
  const ten = Array.from({ length: 10 }, (_, index) => `n${index}`);

  it('are counts and shares, rounded up, each watched for the soak time (D13, D14)', () => {
    const rollout = fleet(a, ten);
    const steps = [{ kind: 'count', nodes: 2 } as const, { kind: 'share', percent: 41 } as const, { kind: 'share', percent: 100 } as const];
    const b = offer(2, 'b', { settings: { steps, soakMs: 30_000 } });
    rollout.accept(b, 0);
    expect(nodesOn(rollout, b)).toHaveLength(2);
    reachAll(rollout, b, 100, nodesOn(rollout, b));
    rollout.tick(30_099);
    expect(nodesOn(rollout, b)).toHaveLength(2);
    rollout.tick(30_100);
    expect(nodesOn(rollout, b)).toHaveLength(5);
    reachAll(rollout, b, 30_200, nodesOn(rollout, b));
    rollout.tick(60_200);
    expect(nodesOn(rollout, b)).toEqual(ten);
    reachAll(rollout, b, 60_300);
    expect(rollout.good).toBe(a);
    rollout.tick(90_300);
    expect(rollout.good).toBe(b);
  });

  it('may begin with the canaries, or with one node where there is none (D13)', () => {
    const settings = { steps: [{ kind: 'canary' } as const, { kind: 'share', percent: 100 } as const] };
    const without = fleet(a, ten);
    const b = offer(2, 'b', { settings });
    without.accept(b, 0);
    expect(nodesOn(without, b)).toHaveLength(1);
    const rollout = fleet(a, ten);
    for (const id of ['c1', 'c2']) {
      rollout.connected(id, { isCanary: true }, 0);
      rollout.reached(id, a.snapshot.version, 0);
    }
    rollout.accept(b, 0);
    expect(nodesOn(rollout, b)).toEqual(['c1', 'c2']);
  });

  it('that add nobody take no time', () => {
    const rollout = fleet(a, ['n1', 'n2']);
    const steps = [{ kind: 'count', nodes: 1 } as const, { kind: 'share', percent: 1 } as const, { kind: 'share', percent: 100 } as const];
    const b = offer(2, 'b', { settings: { steps } });
    rollout.accept(b, 0);
    rollout.reached(first(rollout, b), b.snapshot.version, 1);
    expect(nodesOn(rollout, b)).toEqual(['n1', 'n2']);
  });

  it('end a revision that too many refused, or that answers with too many 5xx (D14)', () => {
    const settings = { abortOn: { nacks: 10, error5xx: 5 }, soakMs: 1_000 };
    const refusedOne = fleet(a, ten);
    const b = offer(2, 'b', {
      settings: {
        ...settings,
        soakMs: 0,
        steps: [
          { kind: 'share', percent: 50 },
          { kind: 'share', percent: 100 },
        ],
      },
    });
    refusedOne.accept(b, 0);
    const [unhappy = '', ...happy] = nodesOn(refusedOne, b);
    refusedOne.refused(refusal(unhappy, b), 1);
    expect(reachAll(refusedOne, b, 2, happy).at(-2)).toMatchObject({
      kind: 'withdrawn',
      reason: { kind: 'quorum', accepted: 4, answered: 5 },
    });

    const failing = fleet(a, ten);
    const other = offer(2, 'c', { settings });
    failing.accept(other, 0);
    failing.reached(first(failing, other), other.snapshot.version, 1);
    expect(kindsOf(failing.errors({ requests: 19, errors: 19 }, 2))).toEqual([]);
    expect(kindsOf(failing.errors({ requests: 100, errors: 4 }, 3))).toEqual([]);
    expect(kindsOf(failing.errors({ requests: 100, errors: 5 }, 4))).toContain('withdrawn');
    expect(failing.accept(offer(3, 'c'), 5).outcome.kind).toBe('quarantined');
  });
});
