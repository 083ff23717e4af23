// Which issuers the supervisor of the authz companion follows, as its workers tell it.
import { describe, expect, it } from 'vitest';
import type { KeyOwner } from '../../../src/authz/jwks/key-source.ts';
import { AuthzSupervision } from '../../../src/companion/authz-supervision.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const owner = (issuer: string): KeyOwner => ({ issuer, algorithms: ['RS256'], keys: { kind: 'inline', jwks: '{"keys":[]}' } });

describe('the keys that workers need', () => {
  it('are those of all of them: one that starts anew and is a step behind takes no keys away from the others (authz J5, J7)', () => {
    const watched: (readonly string[])[] = [];
    const supervision = new AuthzSupervision({
      metrics: createMetrics({ version: 'test' }),
      broadcast: () => {},
      createKeyFeed: () => ({
        watch: (owners) => void watched.push(owners.map(({ issuer }) => issuer)),
        parcels: () => [],
        wanted: async () => ({ isKnown: false, quietUntilMs: 0 }),
        tried: async () => {},
        providers: () => [],
        stop: () => {},
      }),
    });
    const tell = (worker: number, ...issuers: readonly string[]): void =>
      supervision.receive({ kind: 'owners', owners: issuers.map(owner) }, () => {}, worker);
    tell(0, 'a');
    tell(1, 'a');
    tell(0, 'a', 'b');
    tell(1, 'a');
    expect(watched.at(-1)).toEqual(expect.arrayContaining(['a', 'b']));
    tell(1, 'a', 'b');
    tell(0, 'b');
    expect(watched.at(-1)).toEqual(expect.arrayContaining(['a', 'b']));
    tell(1, 'b');
    expect([...new Set(watched.at(-1))]).toEqual(['b']);
  });
});
