import { describe, expect, it } from 'vitest';
import { largeRemoval } from '../../../src/delivery/large-removal.ts';
import type { GatewayShape } from '../../../src/model/delivery-settings.ts';

const BEFORE: GatewayShape = {
  listeners: ['http', 'https'],
  services: ['a', 'b', 'c', 'd'],
  hosts: { '*': ['health'], 'shop.example': ['cart', 'orders'], 'old.example': ['old'] },
};

const after = (change: Partial<GatewayShape>) => largeRemoval(BEFORE, { ...BEFORE, ...change });

describe('an edit that takes much away (D18, X86, B53)', () => {
  it('is one that leaves no listener', () => {
    expect(after({ listeners: [] })).toMatchObject({ listeners: ['http', 'https'], hosts: [] });
    expect(after({ listeners: ['https'] })).toBeUndefined();
  });

  it('is one that takes all routes of a host that had several', () => {
    expect(after({ hosts: { '*': ['health'], 'old.example': ['old'] } })).toMatchObject({ hosts: ['shop.example'] });
    expect(after({ hosts: { '*': ['health'], 'shop.example': ['cart'], 'old.example': ['old'] } })).toBeUndefined();
  });

  it('is not one that deletes the only route of a host, or moves its routes to another host', () => {
    expect(after({ hosts: { '*': ['health'], 'shop.example': ['cart', 'orders'] } })).toBeUndefined();
    expect(after({ hosts: { '*': ['health'], 'shop.test': ['cart', 'orders'], 'old.example': ['old'] } })).toBeUndefined();
  });

  it('is one that takes more than half of the services, not half of them, and not one that renames them all', () => {
    expect(after({ services: ['a'] })).toMatchObject({ services: { removed: 3, of: 4 } });
    expect(after({ services: ['a', 'b'] })).toBeUndefined();
    expect(after({ services: ['a2', 'b2', 'c2', 'd2'] })).toBeUndefined();
  });

  it('is one that empties the file', () => {
    expect(after({ listeners: [], services: [], hosts: {} })).toEqual({
      listeners: ['http', 'https'],
      hosts: ['shop.example'],
      services: { removed: 4, of: 4 },
    });
  });

  it('is nothing at all where nothing was served before', () => {
    const nothing = { listeners: [], services: [], hosts: {} };
    expect(largeRemoval({ ...nothing, listeners: ['http'] }, { ...nothing, listeners: ['http'] })).toBeUndefined();
  });
});
