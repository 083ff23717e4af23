// Waiting for companions at a start.
import { describe, expect, it } from 'vitest';
import { CompanionArrivals } from '../../../src/app/companion-arrivals.ts';

const LONG_MS = 60_000;

describe('a companion that is waited for', () => {
  it('is one of that gateway and role: another one that comes first ends nobody’s wait', async () => {
    const arrivals = new CompanionArrivals();
    const ended: string[] = [];
    const waits = (['authz', 'ratelimit'] as const).map((role) =>
      arrivals.next({ gateway: 'edge', role }, LONG_MS).then(() => void ended.push(role)),
    );
    arrivals.came({ gateway: 'other', role: 'authz' });
    arrivals.came({ gateway: 'edge', role: 'ratelimit' });
    await waits[1];
    expect(ended).toEqual(['ratelimit']);
    arrivals.came({ gateway: 'edge', role: 'authz' });
    await waits[0];
    expect(arrivals.waiting).toBe(0);
  });

  it('and does not come is forgotten when the time is up', async () => {
    const arrivals = new CompanionArrivals();
    await Promise.all([1, 2, 3].map(() => arrivals.next({ gateway: 'edge', role: 'authz' }, 1)));
    expect(arrivals.waiting).toBe(0);
  });
});
