import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { widerHostnames } from '../../../src/compiler/virtual-host.ts';
import type { Model } from '../../../src/model/types.ts';
import { aListener, aMatch, aModel, aRoute, aService, redirectTo } from '../../support/model-builder.ts';

const SERVICE = aService('a');
const TO_A = { kind: 'respond', status: 200 } as const;

function routesOf(model: Model, listener = 'http') {
  const resource = createCompiler()
    .compile(model)
    .resources.find(({ name }) => name === `routes/${listener}`);
  if (resource?.kind !== 'RouteConfiguration') throw new Error(`there is no routes/${listener}`);
  return resource.message;
}

/** Hostname → names of its routes, in order. */
function hostsOf(model: Model, listener?: string) {
  const hosts = routesOf(model, listener).virtual_hosts ?? [];
  return Object.fromEntries(hosts.map(({ name = '', routes = [] }) => [name, routes.map((route) => route.name)]));
}

describe('virtual hosts', () => {
  test('each hostname is one, and a port in the Host is of no matter', () => {
    const message = routesOf(aModel({ routes: [aRoute('a', { hostnames: ['*.example.com', 'shop.example.com'], action: TO_A })] }));
    expect(message).toMatchObject({
      name: 'routes/http',
      ignore_port_in_host_matching: true,
      virtual_hosts: [
        { name: '*.example.com', domains: ['*.example.com'] },
        { name: 'shop.example.com', domains: ['shop.example.com'] },
      ],
    });
  });

  test('C1: the host decides first, then routes of wider hostnames follow', () => {
    const route = (name: string, hostname: string, path: string) =>
      aRoute(name, { hostnames: [hostname], matches: [aMatch(path)], action: TO_A });
    const routes = [
      route('any-exact', '*', '=/orders'),
      route('wide-exact', '*.com', '=/orders'),
      route('near-exact', '*.example.com', '=/orders'),
      route('own-prefix', 'shop.example.com', '/orders'),
    ];
    expect(hostsOf(aModel({ routes }))).toEqual({
      '*': ['any-exact'],
      '*.com': ['wide-exact', 'any-exact'],
      '*.example.com': ['near-exact', 'wide-exact', 'any-exact'],
      'shop.example.com': ['own-prefix', 'near-exact', 'wide-exact', 'any-exact'],
    });
  });

  test('a route that names a host and a wider one stands in the host once', () => {
    const routes = [aRoute('a', { hostnames: ['*', 'shop.example.com'], action: TO_A })];
    expect(hostsOf(aModel({ routes }))).toEqual({ '*': ['a'], 'shop.example.com': ['a'] });
  });

  test('wider hostnames are found nearest first', () => {
    expect(widerHostnames('a.b.com')).toEqual(['*.b.com', '*.com', '*']);
    expect(widerHostnames('*.b.com')).toEqual(['*.com', '*']);
    expect(widerHostnames('localhost')).toEqual(['*']);
    expect(widerHostnames('*')).toEqual([]);
  });
});

describe('C1, B16: precedence', () => {
  test('exact, longest prefix, regex; then methods, headers and query of every kind; file order never', () => {
    const header = (name: string) => ({ name, condition: { kind: 'present' as const }, ignoreCase: false, not: false });
    const regexHeader = { name: 'x', condition: { kind: 'regex' as const, value: '.+' }, ignoreCase: false, not: false };
    const ordered = [
      aRoute('g', { matches: [aMatch('=/orders')] }),
      aRoute('f', { matches: [aMatch('/orders/{id}')] }),
      aRoute('h', { matches: [aMatch('/orders', { methods: ['GET'] })] }),
      aRoute('e', { matches: [aMatch('/orders', { headers: [header('x'), header('y')] })] }),
      aRoute('i', { matches: [aMatch('/orders', { headers: [regexHeader], query: [header('q')] })] }),
      aRoute('d', { matches: [aMatch('/orders', { headers: [regexHeader] })] }),
      aRoute('c', { matches: [aMatch('/orders')] }),
      aRoute('j', { matches: [aMatch(undefined, { headers: [header('x')] })] }),
      aRoute('b', { matches: [aMatch()] }),
      aRoute('a', { matches: [aMatch('~/orders/.*')] }),
    ].map((route) => ({ ...route, action: TO_A }));
    const names = ordered.map(({ name }) => name);
    expect(hostsOf(aModel({ routes: ordered }))['*']).toEqual(names);
    expect(hostsOf(aModel({ routes: ordered.toReversed() }))['*']).toEqual(names);
  });

  test('priority wins over all but the host, and each match of a route stands at its own place', () => {
    const routes = [
      aRoute('first', { priority: 1, matches: [aMatch('~.*')], action: TO_A }),
      aRoute('both', { matches: [aMatch('/'), aMatch('=/a')], action: TO_A }),
      aRoute('middle', { matches: [aMatch('/a')], action: TO_A }),
    ];
    expect(hostsOf(aModel({ routes }))['*']).toEqual(['first', 'both', 'middle', 'both']);
  });
});

describe('listeners', () => {
  test('each has its own route configuration, with the routes that name it', () => {
    const listeners = [aListener({ name: 'http' }), aListener({ name: 'internal' })];
    const routes = [
      aRoute('a', { listeners: ['http', 'internal'], action: TO_A }),
      aRoute('b', { listeners: ['internal'], matches: [aMatch('/b')], action: TO_A }),
    ];
    const model = aModel({ listeners, routes });
    expect(hostsOf(model)).toEqual({ '*': ['a'] });
    expect(hostsOf(model, 'internal')).toEqual({ '*': ['b', 'a'] });
  });

  test('B18: a redirect on shared routes says each listener’s port', () => {
    const listeners = [aListener({ name: 'a', port: 8080 }), aListener({ name: 'b', port: 9090 })];
    const routes = [aRoute('old', { listeners: ['a', 'b'], action: redirectTo({ host: 'new.example.com' }) })];
    const portOf = (listener: string) =>
      routesOf(aModel({ listeners, routes }), listener).virtual_hosts?.[0]?.routes?.[0]?.redirect?.port_redirect;
    expect([portOf('a'), portOf('b')]).toEqual([8080, 9090]);
  });

  test('a listener that redirects has one route and no others', () => {
    const listeners = [aListener({ name: 'http', redirect: { scheme: 'https', port: 10_443, code: 301 } })];
    expect(routesOf(aModel({ listeners, services: [SERVICE], routes: [] })).virtual_hosts).toEqual([
      {
        name: '*',
        domains: ['*'],
        routes: [
          {
            name: 'redirect-to-https',
            match: { prefix: '/' },
            redirect: { scheme_redirect: 'https', port_redirect: 10_443, response_code: 'MOVED_PERMANENTLY' },
          },
        ],
      },
    ]);
  });

  test('a listener without routes answers 404 instead of waiting for a configuration', () => {
    expect(routesOf(aModel()).virtual_hosts).toEqual([]);
  });
});
