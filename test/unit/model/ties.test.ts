import { describe, expect, it } from 'vitest';
import { issueTexts, resolveSections, routeEntry } from './support.ts';

interface Entry {
  readonly [key: string]: unknown;
}

/** Issues of routes named a, b, c … in this order. */
function tell(...entries: readonly Entry[]): readonly string[] {
  const listeners = { http: { port: 10_000 }, other: { port: 10_001 } };
  const routes = entries.map((entry, index) => routeEntry({ name: String.fromCharCode(97 + index), ...entry }));
  return issueTexts(resolveSections({ listeners, routes }).issues);
}

const path = { prefix: '/orders' };

describe('equal matches of two routes (C1, B17)', () => {
  it('are refused with both places', () => {
    const routes = [routeEntry({ name: 'b', matches: [{ path }] }), routeEntry({ name: 'a', hostnames: ['*'], matches: [{}, { path }] })];
    const { issues, model } = resolveSections({ routes });
    expect(model).toBeUndefined();
    expect(issues).toMatchObject([
      {
        code: 'CH2501',
        severity: 'error',
        path: ['routes', 'a', 'matches', 1],
        message: 'routes "b" and "a" match the same requests on listener "http" for any host',
        related: [{ message: '"b" is here', path: ['routes', 'b', 'matches', 0] }],
      },
    ]);
  });

  it.each([
    ['without any match', {}, {}, 'CH2501 routes/b/name'],
    ['no path and the prefix /', {}, { matches: [{ path: { prefix: '/' } }] }, 'CH2501 routes/b/matches/0'],
    [
      'a prefix with and without a last slash',
      { matches: [{ path }] },
      { matches: [{ path: { prefix: '/orders/' } }] },
      'CH2501 routes/b/matches/0',
    ],
    [
      'templates that differ in names',
      { matches: [{ path: { template: '/a/{x}' } }] },
      { matches: [{ path: { template: '/a/{y}' } }] },
      'CH2501 routes/b/matches/0',
    ],
    [
      'conditions in another order and case',
      { matches: [{ headers: { 'x-a': '1', 'x-b': { present: true } }, methods: ['GET', 'POST'] }] },
      { matches: [{ headers: { 'X-B': { present: true }, 'X-A': { exact: '1' } }, methods: ['POST', 'GET'] }] },
      'CH2501 routes/b/matches/0',
    ],
    ['one of several hosts', { hostnames: ['a', 'b'] }, { hostnames: ['B', 'c'] }, 'CH2501 routes/b/name'],
    ['one of several listeners', { listeners: ['http'] }, { listeners: ['other', 'http'] }, 'CH2501 routes/b/name'],
  ])('are found: %s', (_what, first, second, text) => {
    expect(tell(first, second)).toEqual([text]);
  });

  it.each([
    ['another host', { hostnames: ['a'] }, { hostnames: ['b'] }],
    ['a narrower host', { hostnames: ['*'] }, { hostnames: ['b'] }],
    ['another listener', { listeners: ['http'] }, { listeners: ['other'] }],
    ['another method', { matches: [{ methods: ['GET'] }] }, { matches: [{ methods: ['POST'] }] }],
    ['one more method', { matches: [{ methods: ['GET'] }] }, { matches: [{ methods: ['GET', 'POST'] }] }],
    ['another value of a header', { matches: [{ headers: { 'x-a': '1' } }] }, { matches: [{ headers: { 'x-a': '2' } }] }],
    ['one more condition', { matches: [{ headers: { 'x-a': '1' } }] }, { matches: [{ headers: { 'x-a': '1' }, query: { q: '1' } }] }],
    ['another path', { matches: [{ path }] }, { matches: [{ path: { exact: '/orders' } }] }],
    ['another priority', { priority: 1 }, {}],
  ])('are not seen in %s', (_what, first, second) => {
    expect(tell(first, second).filter((text) => !text.includes('CH2504'))).toEqual([]);
  });

  it('tell each of many twins once', () => {
    expect(tell({}, {}, {}, { hostnames: ['a', 'b'] }, { hostnames: ['b', 'a'] })).toEqual([
      'CH2501 routes/b/name',
      'CH2501 routes/c/name',
      'CH2501 routes/e/name',
    ]);
  });

  it('inside one route are only a warning', () => {
    expect(tell({ matches: [{ path }, { path: { prefix: '/orders/' } }] })).toEqual(['warning CH2503 routes/a/matches/1']);
  });
});

describe('matches of equal rank that overlap (C1)', () => {
  const header = (name: string, condition: unknown): Entry => ({ matches: [{ headers: { [name]: condition } }] });

  it.each([
    ['different headers', header('x-a', '1'), header('x-b', '1')],
    ['a value and any value', header('x-a', '1'), header('x-a', { present: true })],
    ['a value and a prefix of it', header('x-a', 'abc'), header('x-a', { prefix: 'ab' })],
    ['a value and a regex', header('x-a', 'abc'), header('x-a', { regex: 'a.*' })],
    ['some of the methods', { matches: [{ methods: ['GET', 'POST'] }] }, { matches: [{ methods: ['GET', 'PUT'] }] }],
  ])('are a warning: %s', (_what, first, second) => {
    expect(tell(first, second)).toEqual(['warning CH2502 routes/b/matches/0']);
  });

  it.each([
    ['present and absent', header('x-a', { present: true }), header('x-a', { present: false })],
    ['a value and its absence', header('x-a', '1'), header('x-a', { present: false })],
    ['a value and not this value', header('x-a', '1'), header('x-a', { not: '1' })],
    ['a value outside a range', header('x-a', '9'), header('x-a', { range: { from: 1, to: 9 } })],
    ['a value and another prefix', header('x-a', 'abc'), header('x-a', { prefix: 'b' })],
    ['a value and another suffix', header('x-a', 'abc'), header('x-a', { suffix: 'b' })],
    ['a value without the part', header('x-a', 'abc'), header('x-a', { contains: 'd' })],
    ['one of the route itself', { matches: [{ headers: { 'x-a': '1' } }, { headers: { 'x-b': '1' } }] }, { hostnames: ['a'] }],
  ])('are no matter when they exclude each other: %s', (_what, first, second) => {
    expect(tell(first, second)).toEqual([]);
  });

  it('are found in a crowd in which all others exclude each other', () => {
    const crowd = Array.from({ length: 200 }, (_, index) => header('x-tenant', `t${index}`));
    expect(tell(...crowd.slice(0, 20), header('x-user', '1'))).toEqual(['warning CH2502 routes/u/matches/0']);
  });
});

describe('routes that can never be reached (C1)', () => {
  it('are a warning that names their shadow and its priority', () => {
    const routes = [
      routeEntry({ name: 'all', priority: 5 }),
      routeEntry({ name: 'orders', matches: [{ path }, { path: { exact: '/x' } }] }),
    ];
    expect(resolveSections({ routes }).issues).toMatchObject([
      {
        code: 'CH2504',
        severity: 'warning',
        path: ['routes', 'orders', 'name'],
        message: 'route "orders" can never be reached: "all" takes its requests first',
        related: [{ path: ['routes', 'all', 'name'] }, { path: ['routes', 'all', 'priority'] }],
      },
    ]);
  });

  it.each([
    ['a wider prefix', { priority: 1, matches: [{ path: { prefix: '/a' } }] }, { matches: [{ path: { prefix: '/a/b/c' } }] }],
    ['a prefix over an exact path', { priority: 1, matches: [{ path: { prefix: '/a' } }] }, { matches: [{ path: { exact: '/a' } }] }],
    ['a prefix over a template', { priority: 1, matches: [{ path: { prefix: '/a' } }] }, { matches: [{ path: { template: '/a/{x}/b' } }] }],
    ['everything over a regex', { priority: 1 }, { matches: [{ path: { regex: '/a.*' } }] }],
    [
      'the same regex',
      { priority: 1, matches: [{ path: { regex: '/a.*' } }] },
      { matches: [{ path: { regex: '/a.*' }, methods: ['GET'] }] },
    ],
    [
      'fewer conditions',
      { priority: 1, matches: [{ headers: { a: '1' } }] },
      { matches: [{ headers: { a: '1', b: '2' }, query: { q: '1' } }] },
    ],
    ['more methods', { priority: 1, matches: [{ methods: ['GET', 'POST'] }] }, { matches: [{ methods: ['GET'] }] }],
    ['the other one below zero', {}, { priority: -1, matches: [{ path }] }],
  ])('are found under %s', (_what, first, second) => {
    expect(tell(first, second)).toEqual(['warning CH2504 routes/b/name']);
  });

  it.each([
    ['a wider host', { priority: 1 }, { hostnames: ['a'] }],
    ['only one of the hosts', { priority: 1, hostnames: ['a'] }, { hostnames: ['a', 'b'] }],
    ['only one of the listeners', { priority: 1, listeners: ['http'] }, {}],
    ['another beginning of a segment', { priority: 1, matches: [{ path: { prefix: '/a' } }] }, { matches: [{ path: { prefix: '/ab' } }] }],
    [
      'a template that only begins alike',
      { priority: 1, matches: [{ path: { prefix: '/a/v' } }] },
      { matches: [{ path: { template: '/a/v{x}' } }] },
    ],
    ['other conditions', { priority: 1, matches: [{ headers: { a: '1' } }] }, { matches: [{ headers: { a: '2' } }] }],
    ['fewer methods', { priority: 1, matches: [{ methods: ['GET'] }] }, {}],
    ['an exact path over its prefix', { priority: 1, matches: [{ path: { exact: '/a' } }] }, { matches: [{ path: { prefix: '/a' } }] }],
  ])('are not seen under %s', (_what, first, second) => {
    expect(tell(first, second)).toEqual([]);
  });

  it('are told match by match where others can be reached', () => {
    const second = { matches: [{ path: { prefix: '/b' } }, { path: { prefix: '/a/b' } }] };
    expect(tell({ priority: 1, matches: [{ path: { prefix: '/a' } }] }, second)).toEqual(['warning CH2504 routes/b/matches/1']);
  });
});
