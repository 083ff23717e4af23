// The parity table through the handler alone, and what only a held clock can show: the exact seconds of A12 and A13 (authz C8).
import { beforeAll, describe, expect, it } from 'vitest';
import { bearer, createMint, type TokenParts } from '../../src/prover/mint.ts';
import { differences } from '../../src/prover/outcome.ts';
import type { ParityRow } from '../../src/prover/parity-row.ts';
import { PARITY_TABLE } from '../../src/prover/table.ts';
import { testApi } from '../support/snapshots.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';

const NOW = 1_800_000_000;
const mint = createMint(NOW);
let evaluator: Evaluator;

beforeAll(async () => {
  evaluator = await createEvaluator(testApi(), mint);
});

/** Answered by the proxy itself before anybody is asked. */
function isOfProxy({ expect: expected }: ParityRow): boolean {
  return expected.decision === 'deny' && expected.status !== undefined;
}

describe('the handler without a proxy', () => {
  it('answers every row of the table as the table says (authz C8)', async () => {
    const wrong: string[] = [];
    for (const row of PARITY_TABLE.filter((each) => !isOfProxy(each))) {
      const found = differences(row, await evaluator.evaluate(row, NOW * 1_000));
      wrong.push(...found.map((difference) => `${row.name} (${row.rules.join(', ')}): ${difference}`));
    }
    expect(wrong).toEqual([]);
    expect(evaluator.faults).toEqual([]);
  });

  it('answers the same row twice alike, remembered or not (authz P4, A17)', async () => {
    for (const row of PARITY_TABLE) {
      // One token for both: a new signature would be a new token.
      const shown = row.credential?.(mint);
      const same = { ...row, ...(shown === undefined ? {} : { credential: () => shown }) };
      const first = await evaluator.evaluate(same, NOW * 1_000);
      expect(await evaluator.evaluate(same, NOW * 1_000), row.name).toEqual(first);
    }
  });
});

describe('whole seconds', () => {
  /** `strict` has 10 s of skew and an hour of life, `user` 30 s. */
  const rows: readonly (readonly [what: string, policy: 'user' | 'strict', parts: TokenParts, atMs: number, expected: string])[] = [
    ['the last millisecond of exp + skew', 'user', { claims: { exp: NOW } }, 30_999, '200'],
    ['a second after exp + skew', 'user', { claims: { exp: NOW } }, 31_000, '401 jwt.expired'],
    ['a fraction of exp is cut', 'user', { claims: { exp: NOW + 0.9 } }, 31_000, '401 jwt.expired'],
    ['the first millisecond of nbf - skew', 'user', { claims: { nbf: NOW + 30 } }, 0, '200'],
    ['a millisecond before nbf - skew', 'user', { claims: { nbf: NOW + 30 } }, -1, '401 jwt.notYetValid'],
    ['iat in the future is not compared', 'user', { claims: { iat: NOW + 10_000 } }, 0, '200'],
    ['another provider has its own skew: within', 'strict', { claims: { exp: NOW } }, 10_999, '200'],
    ['another provider has its own skew: past', 'strict', { claims: { exp: NOW } }, 11_000, '401 jwt.expired'],
    ['exactly the longest life', 'strict', { claims: { exp: NOW + 3_600 } }, 0, '200'],
    ['a second more than the longest life', 'strict', { claims: { exp: NOW + 3_601 } }, 999, '401 jwt.lifetime'],
    ['a second later it is the longest life', 'strict', { claims: { exp: NOW + 3_601 } }, 1_000, '200'],
  ];

  it.each(rows)('%s (%s; authz A12, A13)', async (_what, policy, parts, atMs, expected) => {
    const token = mint.token(parts);
    const shown = policy === 'user' ? bearer(token) : { headers: [['x-strict-token', token] as const] };
    const row = { policy, credential: () => shown };
    const answer = async (): Promise<string> => {
      const { status, reason } = await evaluator.evaluate(row, NOW * 1_000 + atMs);
      return reason === undefined ? String(status) : `${status} ${reason}`;
    };
    expect(await answer()).toBe(expected);
    // Remembered or not: the clock decides (A17).
    expect(await answer()).toBe(expected);
  });

  it('a remembered token ends in its second (authz A17, S1, T16)', async () => {
    const shown = bearer(mint.token({ claims: { exp: NOW } }));
    const at = async (ms: number) => (await evaluator.evaluate({ policy: 'user', credential: () => shown }, NOW * 1_000 + ms)).reason;
    expect([await at(0), await at(30_999), await at(31_000), await at(30_999), await at(31_001)]).toEqual([
      undefined,
      undefined,
      'jwt.expired',
      undefined,
      'jwt.expired',
    ]);
  });
});
