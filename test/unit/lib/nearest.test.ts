import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/lib/nearest.ts';

describe('nearest', () => {
  const services = ['orders-v1', 'orders-v2', 'cart', 'payments'];

  it.each([
    ['order-v1', 'orders-v1'],
    ['orders-v3', 'orders-v1'],
    ['Cart', 'cart'],
    ['crat', 'cart'],
    ['paymnets', 'payments'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearest(name, services)).toBe(meant);
  });

  it.each(['inventory', '', 'x', 'a'.repeat(10_000)])('offers nothing for a name that resembles none (%#)', (name) => {
    expect(nearest(name, services)).toBeUndefined();
  });

  it('prefers the fewest edits over the first candidate', () => {
    expect(nearest('routes', ['rotes-x', 'router', 'route'])).toBe('route');
  });

  it('gives the same answer whatever the order of the candidates', () => {
    expect(nearest('orders-v3', [...services].reverse())).toBe(nearest('orders-v3', services));
  });
});
