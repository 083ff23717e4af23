import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompanionFacts } from '../../../src/delivery/companion-facts.ts';
import { judgePolicies } from '../../../src/delivery/policy-gate.ts';

const NEED = { role: 'authz' as const, policies: ['edge/a@1', 'edge/b@1'], sinceMs: 1_000, waitMs: 10_000 };

function companion(id: string, held: readonly string[], more: Partial<CompanionFacts> = {}): CompanionFacts {
  return { id, isConnected: true, held: new Set(held), refused: new Map(), ...more };
}

describe('the gate of the policies', () => {
  it('opens at once when every connected companion has all of them (authz D5, D10)', () => {
    const all = [companion('x', NEED.policies), companion('y', ['edge/old@1', ...NEED.policies])];
    expect(judgePolicies(NEED, all, 1_000)).toEqual({ kind: 'open', without: [] });
  });

  it('waits for a companion that has not answered, and says what it lacks (authz D5)', () => {
    const all = [companion('x', NEED.policies), companion('y', ['edge/a@1'])];
    expect(judgePolicies(NEED, all, 10_999)).toEqual({
      kind: 'wait',
      role: 'authz',
      untilMs: 11_000,
      missing: [{ companion: 'y', policies: ['edge/b@1'] }],
    });
  });

  it('opens after ten seconds without the companion that is late (authz D5, D8)', () => {
    const all = [companion('x', NEED.policies), companion('y', [])];
    expect(judgePolicies(NEED, all, 11_000)).toEqual({ kind: 'open', without: ['y'] });
  });

  it('does not wait for one that refused, where another has them (authz D5)', () => {
    const all = [companion('x', NEED.policies), companion('y', [], { refused: new Map([['edge/a@1', 'no']]) })];
    expect(judgePolicies(NEED, all, 1_000)).toEqual({ kind: 'open', without: ['y'] });
  });

  it('is shut where all refuse, with the policy and the words (authz D3, D5)', () => {
    const refused = new Map([['edge/b@1', 'unknown field']]);
    expect(judgePolicies(NEED, [companion('x', ['edge/a@1'], { refused })], 1_000)).toEqual({
      kind: 'refused',
      role: 'authz',
      refusals: [{ companion: 'x', policy: 'edge/b@1', message: 'unknown field' }],
    });
  });

  it('stays shut while no companion is connected, however long (authz D5)', () => {
    expect(judgePolicies(NEED, [companion('x', NEED.policies, { isConnected: false })], 99_000)).toEqual({
      kind: 'lacking',
      role: 'authz',
      missing: [],
    });
  });

  it('asks nobody where no policy is needed', () => {
    expect(judgePolicies({ ...NEED, policies: [] }, [], 1_000)).toEqual({ kind: 'open', without: [] });
  });

  it('never opens without a companion that has all, and never waits beyond its clock (property, authz D5, D8)', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const facts = fc.record({
      id: fc.string(),
      isConnected: fc.boolean(),
      held: fc.uniqueArray(name).map((names) => new Set(names)),
      refused: fc.uniqueArray(name).map((names) => new Map(names.map((each) => [each, 'no']))),
    });
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.array(facts), fc.nat(20_000), (policies, companions, nowMs) => {
        const verdict = judgePolicies({ role: 'authz', policies, sinceMs: 0, waitMs: 10_000 }, companions, nowMs);
        const connected = companions.filter(({ isConnected }) => isConnected);
        const serving = connected.filter(({ held }) => policies.every((each) => held.has(each)));
        if (verdict.kind === 'open') {
          expect(serving.length).toBeGreaterThan(0);
          expect(verdict.without).toHaveLength(connected.length - serving.length);
        } else expect(serving.length === 0 || verdict.kind === 'wait').toBe(true);
        if (nowMs >= 10_000) expect(verdict.kind).not.toBe('wait');
      }),
    );
  });
});
