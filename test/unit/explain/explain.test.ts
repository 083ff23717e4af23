// Which listener, route and policy take a request, and what a token says to the policy.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { explain } from '../../../src/explain/explain.ts';
import { orderedMatches } from '../../../src/explain/find-route.ts';
import { readRequest } from '../../../src/explain/request.ts';
import { requestPath } from '../../../src/explain/request-path.ts';
import { routeCoverage } from '../../../src/explain/route-coverage.ts';
import { weakerSpellings } from '../../../src/explain/weaker-spellings.ts';
import type { Model } from '../../../src/model/types.ts';
import { BASE, modelOf, NOW, tokenOf } from './support.ts';

const ROUTES = `${BASE}routes:
  - {name: rest, backends: [orders], auth: none}
  - {name: list, matches: [{path: {prefix: /orders}, methods: [GET]}], backends: [orders], auth: {jwt: main, scopes: [orders:read]}}
  - {name: open, matches: [{path: {prefix: /open}}], backends: [orders], auth: {anyOf: [{jwt: main}, {anonymous: true}]}}
`;
const GOOD = { iss: 'https://id.example.com/', aud: 'shop', exp: NOW / 1000 + 60, scope: 'orders:read' };

function ask(
  model: Model,
  url: string,
  details: { readonly token?: string; readonly headers?: readonly string[]; readonly method?: string } = {},
) {
  const request = readRequest(details.method ?? 'GET', url, details.headers ?? []);
  if (!request.ok) throw new Error(request.problem);
  const { token } = details;
  return explain(model, {
    request: request.value,
    nowMs: NOW,
    formOf: () => ({ form: 'proxy', obstacles: [] }),
    ...(token === undefined ? {} : { token }),
  });
}

describe('explain', () => {
  it('finds the route by precedence, not by order, and names what came near (C1)', async () => {
    const model = await modelOf(ROUTES);
    expect(ask(model, 'http://shop/orders/7').found?.route.name).toBe('list');
    const posted = ask(model, 'http://shop/orders/7', { method: 'POST' });
    expect(posted.found?.route.name).toBe('rest');
    expect(posted.nearMisses.map(({ route, why }) => `${route.name}: ${why}`)).toEqual(['list: method is not GET']);
  });

  it.each([
    ['no token', undefined, 'fails', /^jwt\.missing/],
    ['a good token', GOOD, 'holds', /signature is not checked/],
    ['a token of another audience', { ...GOOD, aud: 'other' }, 'fails', /^jwt\.audience/],
    ['a token within the skew', { ...GOOD, exp: NOW / 1000 - 30 }, 'holds', /signature/],
    ['an expired token', { ...GOOD, exp: NOW / 1000 - 31 }, 'fails', /^jwt\.expired/],
    ['a token without the scope', { ...GOOD, scope: 'orders:write' }, 'fails', /^scope\.insufficient/],
    ['a token of a stranger', { ...GOOD, iss: 'https://id.example.com' }, 'fails', /^jwt\.issuer/],
  ] as const)('says what the policy makes of %s (authz A10-A16, M7)', async (_what, claims, standing, why) => {
    const model = await modelOf(ROUTES);
    const { auth } = ask(model, 'http://shop/orders', claims === undefined ? {} : { token: tokenOf(claims) });
    expect(auth?.rule.standing).toBe(standing);
    expect(auth?.rule.why).toMatch(why);
  });

  it('holds a broken credential against who could be anonymous (authz M4)', async () => {
    const model = await modelOf(ROUTES);
    expect(ask(model, 'http://shop/open').auth?.rule.standing).toBe('holds');
    expect(ask(model, 'http://shop/open', { headers: ['Authorization: Bearer nonsense'] }).auth?.rule.standing).toBe('fails');
  });

  it('says that the listener refuses parameters and escaped slashes once there is auth (authz H4, C3)', async () => {
    const model = await modelOf(ROUTES);
    expect(ask(model, 'http://shop/orders;x').path).toMatchObject({ kind: 'refused' });
    expect(ask(model, 'http://shop/a%2forders').path).toMatchObject({ kind: 'refused' });
    expect(ask(model, 'http://shop//orders/../orders').found?.route.name).toBe('list');
  });

  it('never throws for any path', () => {
    const handling = { escapedSlashes: 'unescape', mergeSlashes: true, parameters: 'allow' } as const;
    fc.assert(fc.property(fc.string(), (text) => requestPath(`/${text}`, handling, true).kind !== undefined));
  });
});

describe('the order in which explain asks', () => {
  it('is the order that the compiler writes (C1)', async () => {
    const match = fc.record(
      {
        path: fc.oneof(
          fc.constantFrom('/a', '/a/b', '/a/b/c').map((prefix) => ({ prefix })),
          fc.constantFrom('/a', '/a/b').map((exact) => ({ exact })),
          fc.constantFrom('/a/{x}', '/{x}/b').map((template) => ({ template })),
          fc.constantFrom('/a.*', '/[ab]').map((regex) => ({ regex })),
        ),
        methods: fc.constantFrom(['GET'], ['GET', 'POST']),
        headers: fc.constantFrom({ 'x-a': '1' }, { 'x-a': '1', 'x-b': '2' }),
      },
      { requiredKeys: ['path'] },
    );
    const routes = fc.uniqueArray(match, { selector: (each) => JSON.stringify(each), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(routes, async (matches) => {
        const listed = matches.map((each, index) =>
          JSON.stringify({ name: `r${index}`, matches: [each], priority: index, respond: { status: 200 } }),
        );
        const model = await modelOf(`${BASE}routes: [${listed.join(', ')}]\n`);
        const table = createCompiler()
          .compile(model)
          .resources.find(({ kind }) => kind === 'RouteConfiguration')?.message as { virtual_hosts: { routes: { name: string }[] }[] };
        const written = table.virtual_hosts.flatMap((host) => host.routes.map(({ name }) => name.replace(/#.*$/, '')));
        expect(written).toEqual(orderedMatches(model, 'http', '*').map(({ route }) => route.name));
      }),
      { numRuns: 40, seed: 20261122 },
    );
  });
});

describe('route coverage (authz M12)', () => {
  it('tells public, anonymous and authenticated routes apart, with their scopes', async () => {
    const model = await modelOf(ROUTES);
    expect(routeCoverage(model).map(({ route, coverage, scopes }) => [route.name, coverage, ...scopes])).toEqual([
      ['list', 'authenticated', 'orders:read'],
      ['open', 'anonymous'],
      ['rest', 'public'],
    ]);
  });

  it('warns of another case that a weaker route takes, and of parameters where they pass (CH2830, authz T7)', async () => {
    const model = await modelOf(ROUTES);
    expect(weakerSpellings(model).map(({ code, message }) => `${code} ${message}`)).toEqual([
      'CH2830 /Orders is not protected by route "list" but taken by "rest", which is weaker',
      'CH2830 /Open is not protected by route "open" but taken by "rest", which is weaker',
    ]);
    const closed = await modelOf(ROUTES.replace('auth: none', 'auth: {jwt: main}'));
    expect(weakerSpellings(closed)).toEqual([]);
  });
});
