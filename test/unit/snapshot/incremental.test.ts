// The whole way from text to snapshot: what a pipeline remembers from build to build must never show in its results.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createPipeline, type DetailedBuild, type Pipeline } from '../../../src/build/pipeline.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { diffSnapshots } from '../../../src/snapshot/diff.ts';
import { createWorkspace } from '../../support/workspace.ts';

const workspace = await createWorkspace();
const file = workspace.path('gateway.yaml');
afterAll(() => workspace.remove());

function newPipeline(): Pipeline {
  return createPipeline({ file, env: { TIMEOUT: '7s' }, api: loadEnvoyApi(), nowMs: () => 0 });
}

async function buildOf(pipeline: Pipeline, text: string): Promise<DetailedBuild> {
  await workspace.save('gateway.yaml', text, 'rename');
  return pipeline.build();
}

/** All that a build tells. */
function outcome({ issues, good, positions }: DetailedBuild): unknown {
  return {
    issues: issues.map((issue) => [issue.code, issue.message, issue.path, issue.position ?? positions.find(issue.path, issue.at)]),
    version: good?.snapshot.version,
    resources: good && [...good.snapshot.views.values()].map(({ version, resources }) => [version, [...resources.keys()]]),
    places: good?.compilation.resources.map(({ path }) => positions.find(path)),
  };
}

const SERVICES = {
  plain: 'endpoints: ["10.0.0.1:80"]',
  two: 'endpoints: ["10.0.0.1:80", {address: "10.0.0.2:80", weight: 3}]',
  grpc: 'endpoints: ["10.0.0.3:80"], protocol: grpc',
  guarded: 'endpoints: ["10.0.0.1:80"], circuitBreaker: {maxRequests: 5}, healthCheck: {http: /up}',
  alike: 'like: a, connectTimeout: 9s',
  broken: 'endpoints: ["10.0.0.1:80"], timeuot: 3s',
};
const ROUTES = {
  plain: 'backends: [a]',
  split: 'backends: [{service: a, weight: 1}, {service: b, weight: 9}], timeout: 3s',
  substituted: 'backends: [b], timeout: "${env:TIMEOUT}"',
  redirect: 'redirect: {host: other.test}',
  respond: 'respond: {status: 200, body: ok}',
  priority: 'backends: [a], priority: 5',
  missing: 'backends: [nowhere]',
};
const DEFAULTS = ['', 'defaults: {timeout: 9s}', 'defaults: {retry: {attempts: 2}, connectTimeout: 3s}'];
const LISTENERS = ['  http: {port: 10000}', '  http: {port: 10000}\n  more: {port: 10001}'];

const gateways = fc.record({
  services: fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c'), kind: fc.constantFrom(...keysOf(SERVICES)) }), {
    selector: ({ name }) => name,
    minLength: 2,
  }),
  routes: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5'),
      host: fc.constantFrom('x.test', '*.test', 'y.test'),
      prefix: fc.constantFrom('/', '/a', '/a/b', '/c'),
      kind: fc.constantFrom(...keysOf(ROUTES)),
    }),
    { selector: ({ name }) => name },
  ),
  defaults: fc.constantFrom(...DEFAULTS),
  listeners: fc.constantFrom(...LISTENERS),
  comment: fc.constantFrom('', '# one', '# one\n# two'),
});

function keysOf<Key extends string>(table: Readonly<Record<Key, string>>): readonly Key[] {
  return Object.keys(table) as Key[];
}

function textOf({
  services,
  routes,
  defaults,
  listeners,
  comment,
}: typeof gateways extends fc.Arbitrary<infer Value> ? Value : never): string {
  const routeLines = routes.map(
    ({ name, host, prefix, kind }) =>
      `  - name: ${name}\n    hostnames: ["${host}"]\n    matches: [{path: {prefix: ${prefix}}}]\n    ${ROUTES[kind].replaceAll(/, (?=timeout|priority)/g, '\n    ')}`,
  );
  return [
    'version: v1',
    'gateway: edge',
    defaults,
    'listeners:',
    listeners,
    comment,
    'services:',
    ...services.map(({ name, kind }) => `  ${name}: {${SERVICES[kind]}}`),
    ...(routeLines.length === 0 ? ['routes: []'] : ['routes:', ...routeLines]),
    '',
  ].join('\n');
}

describe('an incremental build', () => {
  it('gives what a full build gives, problems and places included, after any edits (P1, P2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(gateways, { minLength: 2, maxLength: 5 }), async (edits) => {
        const pipeline = newPipeline();
        for (const edit of edits) {
          const text = textOf(edit);
          const incremental = outcome(await buildOf(pipeline, text));
          expect(incremental).toEqual(outcome(await newPipeline().build()));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('compiles and encodes one route when one of many is edited (P3, P31, PB2)', async () => {
    const text = (timeout: string): string =>
      [
        'version: v1\ngateway: edge\nlisteners: {http: {port: 10000}}\nservices:\n  a: {endpoints: ["10.0.0.1:80"]}\nroutes:',
        ...Array.from(
          { length: 300 },
          (_, index) =>
            `  - name: r${index}\n    matches: [{path: {prefix: /p${index}}}]\n    backends: [a]\n    timeout: ${index === 150 ? timeout : '1s'}`,
        ),
      ].join('\n');
    const pipeline = newPipeline();
    const before = (await buildOf(pipeline, text('1s'))).good;
    const after = (await buildOf(pipeline, text('2s'))).good;
    if (before === undefined || after === undefined) throw new Error('the configuration is wrong');
    const known = new Set(routesOf(before.compilation));
    expect(routesOf(after.compilation).filter((route) => !known.has(route))).toHaveLength(1);
    expect([...diffSnapshots(before.snapshot, after.snapshot)]).toEqual([
      [TYPE_URLS.RouteConfiguration, { added: [], changed: ['routes/http'], removed: [] }],
    ]);
  });
});

function routesOf({ resources }: NonNullable<DetailedBuild['good']>['compilation']): readonly object[] {
  return resources
    .flatMap((resource) => (resource.kind === 'RouteConfiguration' ? (resource.message.virtual_hosts ?? []) : []))
    .flatMap(({ routes }) => routes ?? []);
}
