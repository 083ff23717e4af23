// Random lives of a fleet: whatever happens in whatever order, the promises of D13-D16 hold after every event, and nothing waits for ever.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Offer } from '../../../src/delivery/offer.ts';
import { quarantinedIn } from '../../../src/delivery/quarantine.ts';
import { Rollout } from '../../../src/delivery/rollout.ts';
import { stepSize } from '../../../src/delivery/waves.ts';
import type { RolloutStep } from '../../../src/model/delivery-settings.ts';
import { offer, refusal } from './support.ts';

type Act =
  | { readonly kind: 'accept'; readonly content: number; readonly settings: number }
  | { readonly kind: 'connect' | 'leave' | 'reach' | 'refuse'; readonly node: number }
  | { readonly kind: 'wait'; readonly ms: number };

const node = fc.nat({ max: 6 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('accept' as const), content: fc.nat({ max: 2 }), settings: fc.nat({ max: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('connect' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), node }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('reach' as const), node }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('refuse' as const), node }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 1_000, 2_000, 10_000) }) },
);

const STEPS: readonly (readonly RolloutStep[])[] = [
  [
    { kind: 'count', nodes: 1 },
    { kind: 'share', percent: 100 },
  ],
  [{ kind: 'canary' }, { kind: 'share', percent: 40 }, { kind: 'share', percent: 100 }],
  [{ kind: 'share', percent: 100 }],
];

/** Plays the acts against a rollout, with nodes that answer for what they are to reach. */
class Fleet {
  readonly rollout = new Rollout();
  nowMs = 0;
  #revision = 0;
  #acceptedMs = 0;
  #newest: Offer | undefined;
  readonly #offers = new Map<string, Offer>();
  readonly #refused = new Set<string>();

  play(each: Act): void {
    const id = 'node' in each ? `n${each.node}` : '';
    const target = this.rollout.targetOf(id);
    const isConnected = this.rollout.nodes.has(id);
    if (each.kind === 'wait') this.#wait(each.ms);
    else if (each.kind === 'accept') this.#accept(each.content, STEPS[each.settings] ?? []);
    else if (each.kind === 'connect' && !isConnected) this.#connect(id);
    else if (each.kind === 'leave') this.rollout.gone(id, this.nowMs);
    else if (each.kind === 'reach' && target !== undefined) this.rollout.reached(id, target.version, this.nowMs);
    else if (each.kind === 'refuse' && target !== undefined && isConnected) this.#refuse(id, target.version);
  }

  /** Lets time pass, in the steps that the rollout asks for. */
  #wait(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let at = this.rollout.nextDeadlineMs(this.nowMs); at !== undefined && at <= endMs; at = this.rollout.nextDeadlineMs(this.nowMs)) {
      this.nowMs = at;
      this.rollout.tick(this.nowMs);
    }
    this.nowMs = endMs;
  }

  #accept(content: number, steps: readonly RolloutStep[]): void {
    this.#revision += 1;
    const next = offer(this.#revision, `content ${content}`, { settings: { steps }, atMs: this.nowMs });
    this.#offers.set(next.snapshot.version, next);
    const { outcome } = this.rollout.accept(next, this.nowMs);
    if (outcome.kind !== 'quarantined') this.#newest = next;
    if (outcome.kind === 'offered') this.#acceptedMs = this.nowMs;
  }

  #connect(id: string): void {
    const { wave, good } = this.rollout;
    const isWaiting = wave !== undefined && !wave.isEveryone && (wave.wasReached || this.nowMs < wave.lastAskedMs + 2_000);
    this.rollout.connected(id, { isCanary: id === 'n0' }, this.nowMs);
    if (good !== undefined && (wave === undefined || isWaiting)) expect(this.rollout.targetOf(id)).toBe(good.snapshot);
  }

  #refuse(id: string, version: string): void {
    const refused = this.#offers.get(version);
    if (refused === undefined) return;
    const hadGood = this.rollout.good;
    this.rollout.refused({ ...refusal(id, refused), atMs: this.nowMs }, this.nowMs);
    if (hadGood === undefined || hadGood.snapshot.version === version) return;
    this.#refused.add(version);
    for (const each of this.rollout.nodes.keys()) expect(this.rollout.targetOf(each)).toBe(hadGood.snapshot);
  }

  #step(): RolloutStep {
    const { wave } = this.rollout;
    return wave?.offer.settings.steps[wave.step] ?? { kind: 'count', nodes: 1 };
  }

  check(): void {
    const { wave, good, nodes } = this.rollout;
    const targets = [...nodes.keys()].map((id) => this.rollout.targetOf(id));
    for (const target of targets) {
      expect([good?.snapshot, wave?.offer.snapshot]).toContain(target);
      if (target === undefined) continue;
      expect(this.#refused.has(target.version)).toBe(false);
      if (target !== good?.snapshot) expect(quarantinedIn(target, this.rollout.quarantine)).toEqual([]);
    }
    const ahead = targets.filter((target) => target === wave?.offer.snapshot).length;
    // Nobody joins for a slow node within its patience: the first wave is all that has it.
    if (good !== undefined && wave !== undefined && !wave.wasReached && this.nowMs < this.#acceptedMs + 2_000) {
      expect(ahead).toBeLessThanOrEqual(Math.max(1, stepSize(this.#step(), nodes), wave.asked.size));
      expect(wave.step).toBe(0);
    }
  }

  /** All stay connected, all but one that hangs answer, and time passes: what is newest is what everyone runs, unless it was refused. */
  settle(stuck: string): void {
    for (let round = 0; round < 40; round++) {
      for (const id of this.rollout.nodes.keys()) {
        if (id === stuck) continue;
        const target = this.rollout.targetOf(id);
        if (target !== undefined && this.rollout.wave?.everRefused.has(id) !== true) this.rollout.reached(id, target.version, this.nowMs);
      }
      this.#wait(5_000);
    }
    const newest = this.#newest?.snapshot.version;
    if (this.rollout.nodes.size === 0 || newest === undefined || this.#refused.has(newest)) return;
    for (const id of this.rollout.nodes.keys()) expect(this.rollout.targetOf(id)?.version).toBe(newest);
    const answering = [...this.rollout.nodes.keys()].filter((id) => id !== stuck && this.rollout.wave?.everRefused.has(id) !== true);
    if (answering.length > 0) expect(this.rollout.good?.snapshot.version).toBe(newest);
  }
}

describe('a fleet in a random life', () => {
  it('has at most two targets, never a refused content, one wave before success, and comes to its end (D8, D13-D16)', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80, size: 'max' }), node, (acts, stuck) => {
        const fleet = new Fleet();
        for (const each of acts) {
          fleet.play(each);
          fleet.check();
        }
        fleet.settle(`n${stuck}`);
      }),
      { numRuns: 500 },
    );
  });

  it('asks everyone in the end although nobody ever answers: every wait has its clock (D8)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.constantFrom(...STEPS), (size, steps) => {
        const rollout = new Rollout();
        rollout.restore(offer(1, 'a'), []);
        for (let index = 0; index < size; index++) rollout.connected(`n${index}`, { isCanary: false }, 0);
        const b = offer(2, 'b', { settings: { steps } });
        rollout.accept(b, 0);
        let nowMs = 0;
        for (let at = rollout.nextDeadlineMs(nowMs); at !== undefined; at = rollout.nextDeadlineMs(nowMs)) {
          nowMs = at;
          rollout.tick(nowMs);
        }
        expect([...rollout.nodes.keys()].every((id) => rollout.targetOf(id) === b.snapshot)).toBe(true);
        expect(nowMs).toBeLessThanOrEqual(40_000);
      }),
      { numRuns: 60 },
    );
  });

  it('lets replicas choose the same nodes without talking, in whatever order those came (D13, D22)', () => {
    const ids = Array.from({ length: 12 }, (_, index) => `envoy-${index}`);
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: 12 }), fc.string(), (order, content) => {
        const chosen = [ids, order].map((each) => {
          const rollout = new Rollout();
          rollout.restore(offer(1, 'a'), []);
          for (const id of each) rollout.connected(id, { isCanary: false }, 0);
          for (const id of each) rollout.reached(id, rollout.targetOf(id)?.version ?? '', 0);
          const b = offer(2, `b ${content}`);
          rollout.accept(b, 0);
          return ids.filter((id) => rollout.targetOf(id) === b.snapshot);
        });
        expect(chosen[0]).toEqual(chosen[1]);
      }),
      { numRuns: 50 },
    );
  });
});
