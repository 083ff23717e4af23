// Nodes that cannot run a revision: they are kept out of its rollout, told why, and take part again as soon as they can (ratelimit R207, R213).
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HeldNode } from '../../../src/delivery/held-nodes.ts';
import { createNodeNeeds } from '../../../src/delivery/node-needs.ts';
import type { Offer } from '../../../src/delivery/offer.ts';
import { createRollouts, type Rollouts } from '../../../src/delivery/rollouts.ts';
import { any } from '../../../src/proto/any.ts';
import type { ClientNode } from '../../../src/xds/node.ts';
import { testApi, testSnapshot } from '../../support/snapshots.ts';
import { offer } from './support.ts';

const LIMITS = { maxResponseBytes: 1_000_000, takesErrorsAlone: false, takesTtl: false, takesWrapped: false };
const FLEET = any('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', { stat_prefix: 'limit-fleet' });
const NOTHING = any('envoy.extensions.filters.http.rbac.v3.RBAC', {});

function node(id: string, parts: Partial<ClientNode> = {}): ClientNode {
  return { id, cluster: 'edge', userAgent: 'envoy', version: '1.40.0', isGrpc: false, limits: LIMITS, ...parts };
}

function debits(revision: number, takes_at_end: boolean): Offer {
  const snapshot = testSnapshot('edge', { RateLimitTable: { edge: { domain: 'edge', limits: [{ name: `l${revision}`, takes_at_end }] } } });
  return { ...offer(revision, 'x'), snapshot };
}

function fleet(revision: number, config = FLEET): Offer {
  const name = 'filter/limit-fleet';
  const snapshot = testSnapshot('edge', { TypedExtensionConfig: { [name]: { name, typed_config: config } } });
  return { ...offer(revision, 'x'), snapshot };
}

describe('what a revision needs of an Envoy', () => {
  const needs = createNodeNeeds(testApi());

  it.each([
    ['1.30.2', '1.34.13'],
    ['1.33.99', '1.34.13'],
    ['1.34.12', '1.34.13'],
    ['1.35.7', '1.35.8'],
    ['1.36.4', '1.36.5'],
    ['1.37.0', '1.37.1'],
  ])('is a version without CVE-2026-26330 for costs of responses: %s is told to become %s (ratelimit R207)', (version, remedy) => {
    const reason = needs.unmetBy(node('n', { version }), debits(1, true).snapshot);
    expect(reason).toContain(`is Envoy ${version}, which may crash`);
    expect(reason).toContain(`upgrade it to ${remedy} or later`);
    expect(needs.unmetBy(node('n', { version }), debits(1, false).snapshot)).toBeUndefined();
  });

  it.each(['1.34.13', '1.34.20', '1.35.8', '1.36.5', '1.37.1', '1.38.0', '1.40.0', '2.0.0', 'odd', undefined])(
    'is met by %s',
    (version) => {
      expect(needs.unmetBy(node('n', { version }), debits(1, true).snapshot)).toBeUndefined();
    },
  );

  it('is the cluster of all proxies where a limit is divided over them; an empty place asks for nothing (ratelimit R213)', () => {
    expect(needs.unmetBy(node('n'), fleet(1).snapshot)).toContain('start it with a new one: chancery bootstrap');
    expect(needs.unmetBy(node('n', { knowsFleet: true }), fleet(1).snapshot)).toBeUndefined();
    expect(needs.unmetBy(node('n', { isGrpc: true }), fleet(1).snapshot)).toBeUndefined();
    expect(needs.unmetBy(node('n'), fleet(1, NOTHING).snapshot)).toBeUndefined();
    expect([fleet(1), fleet(1, NOTHING), debits(1, true)].map(({ snapshot }) => needs.areNone(snapshot))).toEqual([false, true, false]);
  });
});

describe('a node that cannot run the newest revision', () => {
  let rollouts: Rollouts;
  let held: (HeldNode & { readonly revision: number })[];
  const [plain, divided] = [offer(1, 'a'), fleet(2)];
  const [able, older] = [node('able', { knowsFleet: true }), node('older')];

  beforeEach(() => {
    held = [];
    rollouts = createRollouts({
      nowMs: () => 0,
      after: () => () => undefined,
      needs: createNodeNeeds(testApi()),
      onHeld: (_gateway, each, revision) => held.push({ ...each, revision }),
    });
  });

  it('goes on with the one before, is not waited for, and status says why (R207, R213, D13)', () => {
    for (const each of [able, older]) rollouts.nodeConnected(each, 0);
    rollouts.accept(plain);
    for (const each of [able, older]) rollouts.reached(each, plain.snapshot, 0);
    expect(rollouts.status('edge')).toMatchObject({ state: 'live', nodes: 2 });
    rollouts.accept(divided);
    expect(rollouts.targetFor(older)).toBe(plain.snapshot);
    expect(rollouts.targetFor(able)).toBe(divided.snapshot);
    rollouts.reached(able, divided.snapshot, 0);
    expect(rollouts.status('edge')).toMatchObject({ revision: 2, state: 'live', nodes: 1, waitingForCount: 0, heldCount: 1 });
    expect(rollouts.status('edge')?.held).toEqual([{ id: 'older', reason: expect.stringContaining('chancery bootstrap') }]);
    expect(held.map(({ id, revision }) => [id, revision])).toEqual([['older', 2]]);
    // Its words about the old one are not taken for words about the new one.
    rollouts.reached(older, plain.snapshot, 0);
    rollouts.refused({ node: older, target: plain.snapshot, typeUrl: 't', resources: [], message: 'no', atMs: 0 });
    expect(rollouts.status('edge')).toMatchObject({ state: 'live', nacks: [] });
  });

  it('that comes new gets the last one that any Envoy can run, else nothing (X85)', () => {
    rollouts.accept(divided);
    rollouts.nodeConnected(older, 0);
    expect(rollouts.targetFor(older)).toBeUndefined();
    rollouts.nodeGone(older, 0);
    expect(rollouts.status('edge')?.held).toBeUndefined();
    rollouts.accept(plain);
    rollouts.nodeConnected(able, 0);
    rollouts.reached(able, plain.snapshot, 0);
    rollouts.accept(divided);
    rollouts.reached(able, divided.snapshot, 0);
    rollouts.nodeConnected(older, 0);
    expect(rollouts.targetFor(older)).toBe(plain.snapshot);
  });

  it('takes part again when the next revision asks nothing of it, or when it comes back able', () => {
    for (const each of [able, older]) rollouts.nodeConnected(each, 0);
    rollouts.accept(divided);
    rollouts.reached(able, divided.snapshot, 0);
    const next = offer(3, 'c');
    rollouts.accept(next);
    rollouts.reached(able, next.snapshot, 0);
    expect(rollouts.status('edge')).toMatchObject({ state: 'offered', nodes: 2, waitingFor: ['older'] });
    expect(rollouts.targetFor(older)).toBe(next.snapshot);
    rollouts.reached(older, next.snapshot, 0);
    expect(rollouts.status('edge')).toMatchObject({ state: 'live', nodes: 2 });
    rollouts.accept(fleet(4));
    rollouts.nodeGone(older, 0);
    rollouts.nodeConnected({ ...older, knowsFleet: true }, 0);
    expect(rollouts.status('edge')?.held).toBeUndefined();
    expect(rollouts.status('edge')?.nodes).toBe(2);
  });

  it('never gets what it cannot run, in any order of events (R207, R213)', () => {
    const offers = [plain, divided, offer(3, 'c'), fleet(4), debits(5, true)] as const;
    const nodes = [able, older, node('ancient', { version: '1.30.0' }), node('old-able', { version: '1.35.1', knowsFleet: true })] as const;
    const needs = createNodeNeeds(testApi());
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('connect', 'leave', 'reach', 'refuse'), at: fc.nat({ max: nodes.length - 1 }) }),
      fc.record({ kind: fc.constant('accept'), at: fc.nat({ max: offers.length - 1 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const all = createRollouts({ nowMs: () => 0, after: () => () => undefined, needs });
        const here = new Set<ClientNode>();
        for (const { kind, at } of steps) {
          const [one, wanted] = [nodes[at] ?? able, offers[at] ?? plain];
          const target = all.targetFor(one);
          if (kind === 'accept') all.accept(wanted);
          else if (kind === 'connect' && !here.has(one)) all.nodeConnected(one, 0);
          else if (kind === 'leave' && here.has(one)) all.nodeGone(one, 0);
          else if (kind === 'reach' && here.has(one) && target !== undefined) all.reached(one, target, 0);
          else if (kind === 'refuse' && here.has(one) && target !== undefined)
            all.refused({ node: one, target, typeUrl: 't', resources: [], message: 'no', atMs: 0 });
          if (kind === 'connect') here.add(one);
          if (kind === 'leave') here.delete(one);
          for (const each of nodes) {
            const given = all.targetFor(each);
            expect(given && needs.unmetBy(each, given)).toBeUndefined();
          }
          const { nodes: taking = 0, heldCount = 0 } = all.status('edge') ?? {};
          if (all.status('edge') !== undefined) expect(taking + heldCount).toBe(here.size);
        }
      }),
    );
  });
});
