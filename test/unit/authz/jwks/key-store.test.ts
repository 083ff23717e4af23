import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FetchOutcome } from '../../../../src/authz/jwks/fetch-key-set.ts';
import { KeyMirror } from '../../../../src/authz/jwks/key-mirror.ts';
import type { KeyParcel } from '../../../../src/authz/jwks/key-parcel.ts';
import type { KeyOwner } from '../../../../src/authz/jwks/key-source.ts';
import { KeyStore } from '../../../../src/authz/jwks/key-store.ts';
import { parseKeySet } from '../../../../src/lib/jose/key-set.ts';
import { type TestKey, testKey } from '../../../support/test-issuer.ts';

const OWNER: KeyOwner = {
  issuer: 'https://id.example.com/',
  algorithms: ['ES256'],
  keys: {
    kind: 'remote',
    url: 'https://id.example.com/jwks.json',
    discovery: false,
    cacheForMs: 300_000,
    timeoutMs: 2_000,
    serveStaleForMs: 3_600_000,
    ca: undefined,
  },
};
const FAILED: FetchOutcome = { kind: 'failed', reason: 'status', detail: '500' };

function keysOf(...keys: readonly TestKey[]): FetchOutcome {
  const parsed = parseKeySet(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }), ['ES256']);
  if (!parsed.ok) throw new Error(parsed.problem);
  return { kind: 'keys', keys: parsed.value.keys, skipped: 0 };
}

describe('keys of an issuer', () => {
  const [one, two] = [testKey('ES256', 1), testKey('ES256', 2)];
  let answer: FetchOutcome;
  let fetches: number;
  let delayMs: number;
  let store: KeyStore;
  let mirror: KeyMirror;
  let parcels: KeyParcel[];

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_800_000_000_000 });
    [answer, fetches, delayMs, parcels] = [keysOf(one), 0, 5, []];
    store = new KeyStore({
      fetch: () => {
        fetches += 1;
        return new Promise((resolve) => {
          setTimeout(() => resolve(answer), delayMs);
        });
      },
      dev: false,
      nowMs: Date.now,
      random: () => 0.5,
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      onChange: (parcel) => {
        parcels.push(parcel);
        mirror.apply(parcel);
      },
      onFetched: () => {},
    });
    mirror = new KeyMirror({ nowMs: Date.now, wanted: (owner) => store.wanted(owner) });
  });

  afterEach(() => {
    store.stop();
    vi.useRealTimers();
  });

  const watch = async (): Promise<void> => {
    store.watch([OWNER]);
    await vi.advanceTimersByTimeAsync(10);
  };
  const kids = (): string => {
    const found = mirror.keysOf(structuredClone(OWNER));
    if (found.kind === 'unavailable') return 'unavailable';
    return [one, two].flatMap(({ kid }) => found.keys.candidates('ES256', kid).map((key) => key.kid)).join(' ');
  };
  const want = async (): Promise<string> => {
    const asked = Promise.resolve(mirror.wanted(OWNER, 'made-up'));
    await vi.advanceTimersByTimeAsync(150);
    return (await asked).kind;
  };

  it('are refreshed at 80 % of their time without anybody waiting; equal settings are one provider (J4, J7)', async () => {
    store.watch([OWNER, structuredClone(OWNER)]);
    expect(kids()).toBe('unavailable');
    await vi.advanceTimersByTimeAsync(10);
    expect([kids(), fetches]).toEqual([one.kid, 1]);
    await vi.advanceTimersByTimeAsync(239_000);
    expect(fetches).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(fetches).toBe(2);
  });

  it('stay while the issuer is away, for as long as was said, then nobody can tell (J5, J8)', async () => {
    await watch();
    answer = FAILED;
    await vi.advanceTimersByTimeAsync(3_890_000);
    expect(kids()).toBe(one.kid);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(kids()).toBe('unavailable');
    // 1 s doubling to 30 s.
    expect(fetches).toBeLessThan(140);
    answer = keysOf(two);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(kids()).toBe(two.kid);
  });

  it('a new key comes with the first token that names it; a flood of made-up names causes one fetch in 30 s (J6, T12)', async () => {
    await watch();
    answer = keysOf(one, two);
    expect(await want()).toBe('keys');
    expect([kids(), fetches]).toEqual([`${one.kid} ${two.kid}`, 2]);
    for (let index = 0; index < 150; index += 1) expect(await want()).toBe('keys');
    expect(fetches).toBe(2);
    await vi.advanceTimersByTimeAsync(10_000);
    await want();
    expect(fetches).toBe(3);
  });

  it('nobody can tell while the issuer fails or is slow, for 100 ms at most; and it is not asked more often for that (J6)', async () => {
    await watch();
    delayMs = 1_000;
    expect(await want()).toBe('unavailable');
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.advanceTimersByTimeAsync(30_000);
    [answer, delayMs] = [FAILED, 5];
    const before = fetches;
    // The keys are still fresh, but an issuer that fails now may have another one: an outage is never the caller's fault (G5).
    expect(await want()).toBe('unavailable');
    expect(kids()).toBe(one.kid);
    expect(fetches).toBe(before + 1);
  });

  it('a key that is gone ends what it verified, one that is added does not (J10)', async () => {
    await watch();
    answer = keysOf(one, two);
    await want();
    expect(parcels.map(({ generation }) => generation)).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(31_000);
    answer = keysOf(two);
    await want();
    expect(parcels.at(-1)?.generation).toBe(2);
    expect(kids()).toBe(two.kid);
  });

  it('what an outage past all bounds forgot is not remembered after it: the old key may be gone by then (J5, J10)', async () => {
    await watch();
    answer = FAILED;
    await vi.advanceTimersByTimeAsync(3_910_000);
    expect(kids()).toBe('unavailable');
    answer = keysOf(two);
    await vi.advanceTimersByTimeAsync(31_000);
    const [first, ...later] = parcels.filter(({ jwks }) => jwks !== undefined).map(({ generation }) => generation);
    expect(later.every((generation) => generation > (first ?? 0))).toBe(true);
    expect(later).toHaveLength(1);
  });

  it('a provider that went and came back is another one to whoever remembers (J10)', async () => {
    await watch();
    store.watch([]);
    // Nobody keeps them fresh, so a mirror does not have them either: the issuer may be away when the provider comes back (J5).
    expect(kids()).toBe('unavailable');
    answer = keysOf(two);
    await watch();
    expect(parcels.map(({ jwks, generation }) => (jwks === undefined ? 'gone' : generation))).toEqual([1, 'gone', 2]);
  });

  it('are used on when only their patience changes, and looked at anew (J4, J5)', async () => {
    await watch();
    const { keys } = OWNER;
    if (keys.kind !== 'remote') throw new Error('not remote');
    const edited: KeyOwner = { ...OWNER, keys: { ...keys, cacheForMs: 60_000, timeoutMs: 500, serveStaleForMs: 120_000 } };
    answer = FAILED;
    store.watch([edited]);
    expect(kids()).toBe(one.kid);
    const found = mirror.keysOf(edited);
    expect(found.kind === 'keys' && found.keys.generation).toBe(1);
    expect(fetches).toBe(2);
    await vi.advanceTimersByTimeAsync(170_000);
    expect(kids()).toBe(one.kid);
    // The issuer stayed away: they are believed no longer than the new bound says.
    await vi.advanceTimersByTimeAsync(15_000);
    expect(kids()).toBe('unavailable');
  });

  it('that two providers name are fetched once, as often as either wants and believed as long as both allow, in any order (J7)', async () => {
    const { keys } = OWNER;
    if (keys.kind !== 'remote') throw new Error('not remote');
    const brief: KeyOwner = { ...OWNER, keys: { ...keys, cacheForMs: 60_000 } };
    store.watch([OWNER, brief]);
    await vi.advanceTimersByTimeAsync(10);
    store.watch([brief, OWNER]);
    await vi.advanceTimersByTimeAsync(10);
    expect([kids(), fetches, store.providers().length]).toEqual([one.kid, 1, 1]);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(fetches).toBe(2);
  });

  it('more keys than an issuer may have, once for each of their algorithms, reach a mirror (A19, J3, J7)', async () => {
    const algorithms = ['RS256', 'PS256'] as const;
    const owner = { ...OWNER, algorithms };
    const { alg: _alg, ...rsa } = testKey('RS256').jwk;
    const parsed = parseKeySet(JSON.stringify({ keys: Array.from({ length: 100 }, (_, kid) => ({ ...rsa, kid: `k${kid}` })) }), algorithms);
    if (!parsed.ok) throw new Error(parsed.problem);
    answer = { kind: 'keys', keys: parsed.value.keys, skipped: 0 };
    store.watch([owner]);
    await vi.advanceTimersByTimeAsync(10);
    const found = mirror.keysOf(owner);
    expect(found.kind === 'keys' && found.keys.candidates('PS256', 'k99')).toHaveLength(1);
  });
});
