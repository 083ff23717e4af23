import { expect, test } from 'vitest';
import { issueTexts, resolveSections } from './support.ts';

const LISTENERS = { many: { port: 10_000, onDemandHosts: true }, plain: { port: 10_001 } };
const issuesOf = (...hosts: readonly (readonly [listener: string, ...hostnames: string[]])[]) =>
  issueTexts(
    resolveSections({
      listeners: LISTENERS,
      routes: hosts.map(([listener, ...hostnames], index) => ({
        name: `r${index}`,
        listeners: [listener],
        backends: ['orders'],
        ...(hostnames.length > 0 ? { hostnames } : { matches: [{ path: { exact: `/${index}` } }] }),
      })),
    }).issues,
  );

test('R20: a host below a wildcard would never be asked for, so it is refused on such a listener', () => {
  expect(issuesOf(['many', 'a.shop.test'], ['many', '*.shop.test'])).toEqual(['CH2207 routes/r0/hostnames']);
  expect(issuesOf(['many', '*.a.shop.test'], ['many', '*.shop.test'])).toEqual(['CH2207 routes/r0/hostnames']);
});

test('hosts beside each other, the domain above a wildcard and any host are no such hosts', () => {
  expect(issuesOf(['many', 'a.test', 'b.test'], ['many', 'shop.test'], ['many', '*.shop.test'], ['many'])).toEqual([]);
});

test('on other listeners hosts may lie as they like', () => {
  expect(issuesOf(['plain', 'a.shop.test'], ['plain', '*.shop.test'], ['many', 'a.shop.test'])).toEqual([]);
});

test('without a named host there would be nothing to ask for', () => {
  expect(issuesOf(['many'])).toEqual(['CH2208 listeners/many/onDemandHosts']);
});
