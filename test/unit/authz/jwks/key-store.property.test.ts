// The key store under any order of answers, questions and time, beside a plain model of what it may do (authz J4-J8, J10, T12, T13).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FetchOutcome } from '../../../../src/authz/jwks/fetch-key-set.ts';
import { KeyMirror } from '../../../../src/authz/jwks/key-mirror.ts';
import type { KeyParcel } from '../../../../src/authz/jwks/key-parcel.ts';
import type { KeyOwner } from '../../../../src/authz/jwks/key-source.ts';
import { KeyStore } from '../../../../src/authz/jwks/key-store.ts';
import { type CanonicalJwk, parseKeySet } from '../../../../src/lib/jose/key-set.ts';
import { testKey } from '../../../support/test-issuer.ts';

const [CACHE_MS, STALE_MS, COOLDOWN_MS] = [300_000, 900_000, 30_000];
const OWNER: KeyOwner = {
  issuer: 'https://id.example.com/',
  algorithms: ['ES256'],
  keys: {
    kind: 'remote',
    url: 'https://id.example.com/jwks.json',
    discovery: false,
    cacheForMs: CACHE_MS,
    timeoutMs: 2_000,
    serveStaleForMs: STALE_MS,
    ca: undefined,
  },
};

const KEYS: readonly CanonicalJwk[] = [1, 2, 3].flatMap((serial) => {
  const parsed = parseKeySet(JSON.stringify({ keys: [testKey('ES256', serial).jwk] }), ['ES256']);
  return parsed.ok ? parsed.value.keys : [];
});
/** Another key under the name of the first. */
const IMPOSTOR: CanonicalJwk = { ...(KEYS[1] as CanonicalJwk), kid: KEYS[0]?.kid ?? '' };
const ALL = [...KEYS, IMPOSTOR];

/** Timers, time and fetches that move only when told. */
class World {
  nowMs = 1_800_000_000_000;
  readonly parcels: KeyParcel[] = [];
  readonly fetches: { readonly atMs: number; readonly etag: string | undefined; readonly finish: (outcome: FetchOutcome) => void }[] = [];
  inFlight = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  readonly store = new KeyStore({
    fetch: (_owner, { etag }) => {
      this.inFlight += 1;
      expect(this.inFlight).toBe(1);
      return new Promise((resolve) => {
        this.fetches.push({
          atMs: this.nowMs,
          etag,
          finish: (outcome) => {
            this.inFlight -= 1;
            resolve(outcome);
          },
        });
      });
    },
    dev: false,
    nowMs: () => this.nowMs,
    random: () => 0.5,
    after: (ms, run) => {
      const timer = { atMs: this.nowMs + ms, run };
      this.#timers.add(timer);
      return () => void this.#timers.delete(timer);
    },
    onChange: (parcel) => {
      this.parcels.push(parcel);
      this.mirror.apply(parcel);
    },
    onFetched: () => {},
  });
  readonly mirror: KeyMirror = new KeyMirror({ nowMs: () => this.nowMs, wanted: (owner) => this.store.wanted(owner) });

  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await settled();
    }
    this.nowMs = endMs;
    await settled();
  }

  async answer(outcome: FetchOutcome): Promise<void> {
    if (this.inFlight > 0) this.fetches.at(-1)?.finish(outcome);
    await settled();
  }

  kids(): readonly string[] | undefined {
    const found = this.mirror.keysOf(OWNER);
    return found.kind === 'keys' ? kidsOf(ALL).filter((kid) => found.keys.candidates('ES256', kid).length > 0) : undefined;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

function kidsOf(keys: readonly CanonicalJwk[]): readonly string[] {
  return [...new Set(keys.map(({ kid }) => kid))];
}

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'keys'; readonly keys: readonly CanonicalJwk[]; readonly maxAgeMs?: number }
  | { readonly kind: 'unchanged' | 'failed' | 'wanted' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(50, 1_000, 29_000, 31_000, 250_000, 700_000, 1_300_000).map((ms) => ({ kind: 'pass', ms }) as const),
  fc.subarray([...ALL], { minLength: 1 }).map((keys) => ({ kind: 'keys', keys }) as const),
  fc.subarray([...KEYS], { minLength: 1 }).map((keys) => ({ kind: 'keys', keys, maxAgeMs: 0 }) as const),
  fc.constantFrom<Step>({ kind: 'unchanged' }, { kind: 'failed' }, { kind: 'wanted' }, { kind: 'wanted' }),
);

/** What may be served, by the rules alone. */
interface Model {
  keys: readonly CanonicalJwk[] | undefined;
  /** When they must be gone. */
  untilMs: number;
  generations: number[];
}

function outcomeOf(taken: Exclude<Step, { readonly kind: 'pass' | 'wanted' }>): FetchOutcome {
  if (taken.kind === 'keys')
    return {
      kind: 'keys',
      keys: taken.keys,
      skipped: 0,
      etag: '"e"',
      ...(taken.maxAgeMs === undefined ? {} : { maxAgeMs: taken.maxAgeMs }),
    };
  return taken.kind === 'unchanged' ? { kind: 'unchanged' } : { kind: 'failed', reason: 'status', detail: '500' };
}

async function take(world: World, model: Model, taken: Step): Promise<void> {
  if (taken.kind === 'pass') return world.pass(taken.ms);
  if (taken.kind === 'wanted') {
    void world.mirror.wanted(OWNER, 'made-up');
    return settled();
  }
  const isHeard = world.inFlight > 0;
  const [before, told] = [model.keys, world.parcels.at(-1)];
  await world.answer(outcomeOf(taken));
  if (!isHeard || taken.kind === 'failed') return;
  if (taken.kind === 'keys') {
    model.keys = taken.keys;
    model.untilMs = world.nowMs + (taken.maxAgeMs === undefined ? CACHE_MS : 30_000) + STALE_MS;
    const lost = before === undefined || before.some((key) => !taken.keys.includes(key));
    const generation = world.parcels.at(-1)?.generation ?? 0;
    // J10: another one exactly where a key went or changed, and never one that was there before.
    expect(generation === told?.generation && before !== undefined).toBe(!lost);
    if (lost) expect(model.generations).not.toContain(generation);
    model.generations.push(generation);
  } else if (before !== undefined) {
    model.untilMs = world.nowMs + CACHE_MS + STALE_MS;
  }
}

describe('the key store', () => {
  it('serves the newest good set until its bound and no other, one fetch at a time; a mirror is its equal (authz J4, J5, J7, J8, J10)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = new World();
        const model: Model = { keys: undefined, untilMs: 0, generations: [] };
        world.store.watch([OWNER]);
        for (const taken of steps) {
          await take(world, model, taken);
          if (world.nowMs >= model.untilMs) model.keys = undefined;
          expect(world.kids()?.toSorted()).toEqual(model.keys && kidsOf(model.keys).toSorted());
          const told = world.store.provider(OWNER);
          expect(told?.state === 'unavailable').toBe(model.keys === undefined);
          expect(world.store.parcels()[0]?.jwks).toBe(told?.text);
          // J4, J5: somebody asks again before anything gets too old.
          expect(world.inFlight).toBeLessThanOrEqual(1);
        }
        world.store.stop();
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300), seed: Number(process.env['FUZZ_SEED'] ?? 1) },
    );
  });

  it('never fetches more often for unknown keys than once in 30 s, whatever the issuer does; a question ends in 100 ms (authz J6, T12)', async () => {
    const answer = fc.constantFrom<FetchOutcome>(outcomeOf({ kind: 'keys', keys: KEYS.slice(0, 1) }), outcomeOf({ kind: 'failed' }));
    const pause = fc.integer({ min: 0, max: 20_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(answer, pause), { minLength: 1, maxLength: 12 }), async (rounds) => {
        const world = new World();
        world.store.watch([OWNER]);
        await world.answer(outcomeOf({ kind: 'keys', keys: KEYS.slice(0, 1) }));
        let since = Number.NEGATIVE_INFINITY;
        for (const [outcome, ms] of rounds) {
          const before = world.fetches.length;
          let isAnswered = false;
          void Promise.resolve(world.mirror.wanted(OWNER, 'made-up')).then(() => (isAnswered = true));
          await settled();
          // A fetch on the spot is one for that question.
          if (world.fetches.length > before) {
            expect(world.nowMs - since).toBeGreaterThanOrEqual(COOLDOWN_MS);
            since = world.nowMs;
          }
          await world.pass(100);
          expect(isAnswered).toBe(true);
          await world.answer(outcome);
          await world.pass(ms);
          await world.answer(outcome);
        }
        world.store.stop();
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it.each(['healthy', 'failing'])('10,000 made-up names cause one fetch while the issuer is %s (authz J6, T12)', async (issuer) => {
    const world = new World();
    world.store.watch([OWNER]);
    await world.answer(outcomeOf({ kind: 'keys', keys: KEYS.slice(0, 1) }));
    const asked = Array.from({ length: 10_000 }, async (_, index) => await world.mirror.wanted(OWNER, `made-up-${index}`));
    await settled();
    await world.answer(outcomeOf(issuer === 'healthy' ? { kind: 'keys', keys: KEYS.slice(0, 1) } : { kind: 'failed' }));
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
    for (let index = 0; index < 10_000; index += 1) kinds.push((await world.mirror.wanted(OWNER, `later-${index}`)).kind);
    expect(world.fetches).toHaveLength(2);
    // Where nobody can tell, nobody is refused; where the issuer was heard, whoever asks later is.
    expect(new Set(kinds.slice(10_000))).toEqual(new Set([issuer === 'healthy' ? 'keys' : 'unavailable']));
  });

  it('a new key is used after one fetch, which the first token that names it causes (authz J6, T13)', async () => {
    const world = new World();
    world.store.watch([OWNER]);
    await world.answer(outcomeOf({ kind: 'keys', keys: KEYS.slice(0, 1) }));
    const asked = Promise.resolve(world.mirror.wanted(OWNER, KEYS[1]?.kid ?? ''));
    await world.answer(outcomeOf({ kind: 'keys', keys: KEYS.slice(0, 2) }));
    const answer = await asked;
    expect(answer.kind === 'keys' && answer.keys.candidates('ES256', KEYS[1]?.kid)).toHaveLength(1);
    expect(world.fetches).toHaveLength(2);
    // The old one goes: what it verified ends with the fetch that says so (J10).
    const generation = world.parcels.at(-1)?.generation ?? 0;
    await world.pass(CACHE_MS);
    await world.answer(outcomeOf({ kind: 'keys', keys: KEYS.slice(1, 2) }));
    expect(world.parcels.at(-1)?.generation).toBeGreaterThan(generation);
    expect(world.kids()).toEqual([KEYS[1]?.kid]);
  });
});
