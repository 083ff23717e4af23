import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCompiler } from '../../../src/compiler/compile.ts';
import type { Compilation } from '../../../src/compiler/types.ts';
import type { Listener, Model, Route, Service } from '../../../src/model/types.ts';
import { aListener, aMatch, aModel, anEndpoint, aRoute, aService, forwardTo, redirectTo } from '../../support/model-builder.ts';

const labelsOf = ({ resources }: Compilation) => resources.map(({ kind, name }) => `${kind} ${name}`);

const MODEL = aModel({
  listeners: [aListener({ name: 'b' }), aListener({ name: 'a' })],
  services: [aService('two'), aService('one', { endpoints: [anEndpoint('one.internal:80')] }), aService('mirror'), aService('unused')],
  routes: [aRoute('r', { listeners: ['a', 'b'], action: forwardTo({ two: 1, one: 1 }, { mirrors: [{ service: 'mirror', percent: 1 }] }) })],
});

test('resources are sorted by kind and name; B28: a service that no route names is none of them', () => {
  expect(labelsOf(createCompiler().compile(MODEL))).toEqual([
    'Cluster service/mirror',
    'Cluster service/one',
    'Cluster service/two',
    'ClusterLoadAssignment service/mirror',
    'ClusterLoadAssignment service/two',
    'Listener listener/a',
    'Listener listener/b',
    'RouteConfiguration routes/a',
    'RouteConfiguration routes/b',
    'Runtime runtime',
    ...[
      'api-key',
      'authz',
      'authz-open',
      'jwt',
      'limit-early-allow',
      'limit-early-deny',
      'limit-fleet',
      'limit-local',
      'limit-main-allow',
      'limit-main-deny',
      'limit-quota',
    ].map((slot) => `TypedExtensionConfig filter/${slot}`),
  ]);
});

test('C15, B14: places in the files reach no message', () => {
  const moved = JSON.parse(JSON.stringify(MODEL), (key, value: unknown) =>
    key === 'path' && Array.isArray(value) ? ['elsewhere'] : value,
  ) as Model;
  const messagesOf = (model: Model) =>
    JSON.stringify(
      createCompiler()
        .compile(model)
        .resources.map(({ message }) => message),
    );
  expect(messagesOf(moved)).toBe(messagesOf(MODEL));
});

describe('P3: what did not change is the same object', () => {
  const services = Array.from({ length: 20 }, (_, index) => aService(`s${index}`));
  const routes = services.map(({ name }, index) =>
    aRoute(name, { hostnames: [`h${index % 4}.example.com`], matches: [aMatch(`/${name}`)] }),
  );
  const model = aModel({ services, routes });

  const messageOf = (compilation: Compilation, label: string) =>
    compilation.resources.find(({ kind, name }) => `${kind} ${name}` === label)?.message;
  const routeMessages = ({ resources }: Compilation) =>
    resources
      .flatMap((resource) => (resource.kind === 'RouteConfiguration' ? (resource.message.virtual_hosts ?? []) : []))
      .flatMap(({ routes: all = [] }) => all);
  const replace = (route: Route): Model => ({ ...model, routes: model.routes.map((old) => (old.name === route.name ? route : old)) });

  test('an equal model gives every message again', () => {
    const compiler = createCompiler();
    const before = compiler.compile(model);
    const after = compiler.compile({ ...model });
    expect(after.resources.every(({ message }, index) => message === before.resources[index]?.message)).toBe(true);
  });

  test('one route edited: one new route message, in one new virtual host', () => {
    const compiler = createCompiler();
    const before = compiler.compile(model);
    const after = compiler.compile(replace(aRoute('s5', { hostnames: ['h1.example.com'], matches: [aMatch('/elsewhere')] })));
    const known = new Set(routeMessages(before));
    expect(routeMessages(after).filter((message) => !known.has(message))).toHaveLength(1);
    const hosts = (compilation: Compilation) => {
      const resource = compilation.resources.find(({ kind }) => kind === 'RouteConfiguration');
      return resource?.kind === 'RouteConfiguration' ? (resource.message.virtual_hosts ?? []) : [];
    };
    expect(hosts(after).map((host, index) => host === hosts(before)[index])).toEqual([true, false, true, true]);
  });

  test('endpoints edited: cluster and assignment of that service, no route', () => {
    const compiler = createCompiler();
    const before = compiler.compile(model);
    const edited = aService('s5', { endpoints: [anEndpoint('10.0.0.9:80')] });
    const after = compiler.compile({ ...model, services: model.services.map((service) => (service.name === 's5' ? edited : service)) });
    const changed = after.resources.filter(({ message }, index) => message !== before.resources[index]?.message);
    expect(changed.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Cluster service/s5', 'ClusterLoadAssignment service/s5']);
  });

  test('a service turned to gRPC: its routes, which carry the maximum duration then', () => {
    const compiler = createCompiler();
    const known = new Set(routeMessages(compiler.compile(model)));
    const edited = aService('s5', { protocol: 'grpc' });
    const after = compiler.compile({ ...model, services: model.services.map((service) => (service.name === 's5' ? edited : service)) });
    expect(
      routeMessages(after)
        .filter((message) => !known.has(message))
        .map(({ name }) => name),
    ).toEqual(['s5']);
  });

  test('another file for the access log changes the listeners and nothing else', () => {
    const compiler = createCompiler();
    const before = compiler.compile(model);
    const after = compiler.compile({ ...model, accessLog: { path: [], file: '/dev/stdout' } });
    expect(messageOf(after, 'Listener listener/http')).not.toBe(messageOf(before, 'Listener listener/http'));
    expect(messageOf(after, 'RouteConfiguration routes/http')).toBe(messageOf(before, 'RouteConfiguration routes/http'));
  });
});

test('B13, D11: CORS, faults, headers and runtime values change no listener and no filter of one', () => {
  const plain = aModel({ services: [aService('a')], routes: [aRoute('a')] });
  const cors = {
    origins: [{ kind: 'any' }],
    methods: [],
    headers: [],
    exposeHeaders: [],
    credentials: false,
    privateNetwork: false,
  } as const;
  const edited: readonly Partial<Route>[] = [
    { cors },
    { fault: { delay: { fixedMs: 10, percent: 1 } } },
    { requestHeaders: { set: { 'x-a': 'b' }, add: {}, remove: ['x-c'] } },
  ];
  const fixed = (model: Model) =>
    createCompiler()
      .compile(model)
      .resources.filter(({ kind }) => kind === 'Listener' || kind === 'TypedExtensionConfig')
      .map(({ message }) => JSON.stringify(message));
  for (const parts of edited) expect(fixed({ ...plain, routes: [aRoute('a', parts)] })).toEqual(fixed(plain));
  expect(fixed({ ...plain, runtime: { path: [], values: [['a.b', 1]] } })).toEqual(fixed(plain));
});

describe('hosts on demand', () => {
  const listener = aListener({ onDemandHosts: true });
  const hostsOf = (...names: readonly string[]) => names.map((name) => aRoute(name, { hostnames: [`${name}.test`] }));
  const model = aModel({
    listeners: [listener],
    services: ['a', 'b', 'any'].map((name) => aService(name)),
    routes: [...hostsOf('a', 'b'), aRoute('any')],
  });

  test('R20: each is a resource under the name of the route configuration, which holds none; any host is none of them', () => {
    const { resources } = createCompiler().compile(model);
    expect(resources.flatMap(({ kind, name }) => (kind === 'VirtualHost' ? [name] : []))).toEqual([
      'routes/http/a.test',
      'routes/http/b.test',
    ]);
    const routes = resources.find(({ kind }) => kind === 'RouteConfiguration');
    expect(routes?.message).toMatchObject({ name: 'routes/http', virtual_hosts: [], vhds: {} });
  });

  test('R22: an edited host changes its own resource and not the route configuration, so that proxies keep the others', () => {
    const compiler = createCompiler();
    const before = compiler.compile(model);
    const edited = aRoute('a', { hostnames: ['a.test'], matches: [aMatch('/new')] });
    const after = compiler.compile({ ...model, routes: model.routes.map((route) => (route.name === 'a' ? edited : route)) });
    const changed = after.resources.filter(({ message }, index) => message !== before.resources[index]?.message);
    expect(changed.map(({ name }) => name)).toEqual(['routes/http/a.test']);
  });

  test('a request waits seconds for its host, and a stream of a known route may be silent as long as elsewhere', () => {
    const { resources } = createCompiler().compile(model);
    const texts = resources.map(({ kind, name, message }) => `${kind} ${name} ${JSON.stringify(message)}`);
    expect(texts.find((text) => text.startsWith('Listener'))).toContain('"stream_idle_timeout":{"seconds":5,"nanos":0}');
    expect(texts.find((text) => text.includes('a.test'))).toContain('"idle_timeout":{"seconds":300,"nanos":0}');
  });

  test('O5: a place in a virtual host leads back to its route', () => {
    const { sourceMap } = createCompiler().compile(model);
    expect(sourceMap.find('VirtualHost', 'routes/http/b.test', ['routes', 0, 'route'])).toEqual(['routes', 'b']);
    expect(sourceMap.find('VirtualHost', 'routes/http/b.test', ['routes', 1, 'route'])).toEqual(['routes', 'any']);
    expect(sourceMap.find('VirtualHost', 'routes/http/b.test')).toEqual(['routes', 'b']);
  });
});

describe('P1: compiling step by step gives what compiling from nothing gives', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const listenerNames = fc.uniqueArray(fc.constantFrom('http', 'https', 'old'), { minLength: 1 });
  const hostnames = fc.uniqueArray(fc.constantFrom('*', '*.example.com', 'shop.example.com', 'api.example.com'), { minLength: 1 });
  const match = fc.record({
    path: fc.constantFrom('=/a', '/a', '/a/b', '/{id}', '~/a.*', '/'),
    method: fc.constantFrom('GET', 'PUT', undefined),
  });
  const action = fc.oneof(
    name.map((service) => forwardTo(service)),
    fc.tuple(name, name).map(([one, other]) => forwardTo({ [one]: 1, [other]: 2 })),
    fc.constantFrom(redirectTo({ host: 'new.example.com' }), redirectTo({ scheme: 'https' })),
    fc.constant({ kind: 'respond', status: 200 } as const),
  );
  const route = fc
    .record({
      name,
      listeners: listenerNames,
      hostnames,
      matches: fc.array(match, { minLength: 1, maxLength: 3 }),
      priority: fc.nat(1),
      action,
    })
    .map(
      ({ matches, ...parts }): Route =>
        aRoute(parts.name, {
          ...parts,
          matches: matches.map(({ path, method }) => aMatch(path, { methods: method === undefined ? [] : [method] })),
        }),
    );
  const service = fc
    .record({ name, protocol: fc.constantFrom('http1', 'grpc'), host: fc.constantFrom('10.0.0.1:80', 'x.internal:80') })
    .map(({ name: key, protocol, host }): Service => aService(key, { protocol, endpoints: [anEndpoint(host)] }));
  const listener = fc
    .record({
      name: fc.constantFrom('http', 'https', 'old'),
      port: fc.integer({ min: 1, max: 3 }),
      kind: fc.constantFrom('plain', 'redirect', 'on demand'),
    })
    .map(
      ({ name: key, port, kind }): Listener =>
        aListener({
          name: key,
          port,
          ...(kind === 'redirect' ? { redirect: { scheme: 'https' as const, code: 301 as const } } : {}),
          ...(kind === 'on demand' ? { onDemandHosts: true as const } : {}),
        }),
    );
  const edit = fc.oneof(
    { arbitrary: route.map((value) => ({ kind: 'route' as const, value })), weight: 4 },
    { arbitrary: service.map((value) => ({ kind: 'service' as const, value })), weight: 2 },
    { arbitrary: listener.map((value) => ({ kind: 'listener' as const, value })), weight: 1 },
    { arbitrary: name.map((value) => ({ kind: 'removal' as const, value })), weight: 2 },
  );

  const START = aModel({
    listeners: [aListener({ name: 'http' }), aListener({ name: 'https' }), aListener({ name: 'old' })],
    services: ['a', 'b', 'c', 'd', 'e'].map((key) => aService(key)),
  });

  const put = <Item extends { readonly name: string }>(items: readonly Item[], item: Item): readonly Item[] => [
    ...items.filter((old) => old.name !== item.name),
    item,
  ];

  function apply(model: Model, { kind, value }: typeof edit extends fc.Arbitrary<infer Edit> ? Edit : never): Model {
    switch (kind) {
      case 'route':
        return aModel({ ...model, routes: put(model.routes, value) });
      case 'service':
        return aModel({ ...model, services: put(model.services, value) });
      case 'listener':
        return aModel({ ...model, listeners: put(model.listeners, value) });
      case 'removal':
        return aModel({ ...model, routes: model.routes.filter((old) => old.name !== value) });
    }
  }

  test('under random edits', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        const compiler = createCompiler();
        let model = START;
        compiler.compile(model);
        for (const step of edits) {
          model = apply(model, step);
          expect(compiler.compile(model).resources).toEqual(createCompiler().compile(model).resources);
        }
      }),
      { numRuns: 150 },
    );
  });
});
