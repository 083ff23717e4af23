import { describe, expect, test } from 'vitest';
import { issueTexts, modelOf, resolveSections, routeOf, type Section, type Sections } from './support.ts';

const CORS = { origins: ['https://shop.test'] };
const preflights = (entry: Section, sections: Sections = {}) =>
  routeOf(entry, sections).matches.flatMap(({ isPreflight, methods, headers }) =>
    isPreflight === true
      ? [`${methods.join()} ${headers.map(({ name, condition }) => `${name}=${JSON.stringify(condition)}`).join(' ')}`]
      : [],
  );

describe('a policy', () => {
  test('is the route’s own, else the default of the gateway; none takes the default away', () => {
    const routes = [
      { name: 'default', matches: [{ path: { prefix: '/a' } }], backends: ['orders'] },
      { name: 'none', matches: [{ path: { prefix: '/b' } }], backends: ['orders'], cors: 'none' },
      { name: 'own', matches: [{ path: { prefix: '/c' } }], backends: ['orders'], cors: { origins: ['*'], maxAge: '1h' } },
    ];
    const { routes: resolved } = modelOf({ defaults: { cors: CORS }, routes });
    expect(resolved.map(({ cors }) => cors?.origins)).toEqual([
      [{ kind: 'exact', value: 'https://shop.test' }],
      undefined,
      [{ kind: 'any' }],
    ]);
    expect(resolved[2]?.cors?.maxAgeMs).toBe(3_600_000);
  });

  test('compares origins as browsers send them: lower case, without a port that is the scheme’s own', () => {
    const origins = ['HTTPS://Shop.test:443', 'http://a.test:80', 'http://a.test:8080', 'https://*.shop.test', 'capacitor://localhost'];
    expect(routeOf({ cors: { origins } }).cors?.origins.map((origin) => ('value' in origin ? origin.value : '*'))).toEqual([
      'capacitor://localhost',
      'http://a.test',
      'http://a.test:8080',
      'https://shop.test',
      'https://*.shop.test',
    ]);
  });

  test('for every page cannot allow credentials, in whatever words it says every page', () => {
    const codesOf = (origins: readonly unknown[]) =>
      issueTexts(resolveSections({ routes: [{ name: 'r', backends: ['orders'], cors: { origins, credentials: true } }] }).issues);
    expect(codesOf(['*'])).toEqual(['CH2419 routes/r/cors/origins/0']);
    expect(codesOf(['https://shop.test', { regex: '.*' }])).toEqual(['CH2419 routes/r/cors/origins/1']);
    expect(codesOf([{ regex: 'https://.*' }])).toEqual([]);
  });
});

describe('preflight requests', () => {
  test('are taken by a match without conditions that they would miss', () => {
    expect(preflights({ cors: CORS })).toEqual([]);
    expect(preflights({ cors: CORS, matches: [{ methods: ['GET', 'OPTIONS'], query: { a: '1' } }] })).toEqual([]);
  });

  test('of a match with methods, headers or gRPC have a match for each method that may follow', () => {
    const of = (value: unknown) => `OPTIONS access-control-request-method=${JSON.stringify(value)} origin={"kind":"present"}`;
    const exact = (value: string) => of({ kind: 'exact', value });
    expect(preflights({ cors: CORS, matches: [{ methods: ['PUT', 'GET'] }] })).toEqual([exact('GET'), exact('PUT')]);
    expect(preflights({ cors: CORS, matches: [{ headers: { 'x-v': '2' } }] })).toEqual([of({ kind: 'present' })]);
    const services = { orders: { endpoints: ['orders.internal:80'], protocol: 'grpc' } };
    expect(preflights({ cors: CORS, matches: [{ grpc: { service: 'shop.v1.Orders' } }] }, { services })).toEqual([exact('POST')]);
  });

  test('that two matches of a route share have one', () => {
    const matches = [{ headers: { 'x-v': '1' } }, { headers: { 'x-v': '2' } }];
    expect(preflights({ cors: CORS, matches })).toHaveLength(1);
  });

  test('C1: tie with nothing, since nobody wrote them', () => {
    const route = (name: string, value: string) => ({ name, backends: ['orders'], cors: CORS, matches: [{ headers: { 'x-v': value } }] });
    expect(resolveSections({ routes: [route('one', '1'), route('two', '2')] }).issues).toEqual([]);
  });
});
