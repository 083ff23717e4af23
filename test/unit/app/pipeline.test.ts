import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPipeline } from '../../../src/build/pipeline.ts';
import { type EnvoyApi, loadEnvoyApi } from '../../../src/proto/api.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const GOOD = `version: v1
gateway: edge
listeners: {http: {port: 10000}}
services:
  orders: {endpoints: ["127.0.0.1:9000"]}
routes:
  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [orders]}
`;

describe('the pipeline from files to a snapshot', () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = await createWorkspace({ 'edge.yaml': GOOD });
  });
  afterEach(() => workspace.remove());

  const pipeline = (api: EnvoyApi = loadEnvoyApi()) =>
    createPipeline({ file: workspace.path('edge.yaml'), env: {}, api, nowMs: () => Date.parse('2026-11-22T00:00:00Z') });

  it('gives model, resources and snapshot of good files, and what to watch', async () => {
    const { good, issues, files } = await pipeline().build();
    expect(issues).toEqual([]);
    expect(good?.model.gateway).toBe('edge');
    expect(good?.snapshot.gateway).toBe('edge');
    expect(good?.compilation.resources.map(({ name }) => name)).toContain('service/orders');
    expect(files).toContain(workspace.path('edge.yaml'));
  });

  it('stops at the first step with errors, and still says what to watch', async () => {
    await workspace.write('edge.yaml', GOOD.replace('prefix: /orders', 'prefixx: /orders'));
    const build = await pipeline().build();
    expect(build.good).toBeUndefined();
    expect(build.issues.map(({ severity }) => severity)).toContain('error');
    expect(build.files).toContain(workspace.path('edge.yaml'));
  });

  it('tells 100 mistakes of every stage at once (C3)', async () => {
    const services = Array.from({ length: 50 }, (_, n) => `  s${n}: {endpoints: ["127.0.0.1:${9000 + n}"], conectTimeout: 5s}\n`);
    const routes = Array.from(
      { length: 50 },
      (_, n) => `  - {name: r${n}, matches: [{path: {prefix: /p${n}}}], backends: [nowhere${n}]}\n`,
    );
    await workspace.write(
      'edge.yaml',
      `version: v1\ngateway: edge\nlisteners: {http: {port: 10000}}\nservices:\n${services.join('')}routes:\n${routes.join('')}`,
    );
    const { issues, positions } = await pipeline().build();
    expect(issues).toHaveLength(100);
    expect(new Set(issues.map(({ code }) => code))).toEqual(new Set(['CH1101', 'CH2104']));
    expect(new Set(issues.map(({ path, at }) => positions.find(path, at)?.line)).size).toBe(100);
  });

  it('does not tell what only follows from a broken entry', async () => {
    await workspace.write(
      'edge.yaml',
      `version: v1
gateway: edge
listeners: {http: {port: 10000, adress: "::"}}
certificates: {own: {cert: x, key: 5, kee: 1}}
services:
  orders: {endpoints: ["127.0.0.1:9000"], conectTimeout: 5s}
  copies: {like: orders, tls: {ca: system, sni: a.example, clientCertificate: own}}
routes:
  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [orders, copies]}
  - {name: named, listeners: [http], matches: [{path: {prefix: /named}}], backends: [copies]}
`,
    );
    const { issues } = await pipeline().build();
    expect(issues.map(({ path }) => path.slice(0, 2).join('.')).filter((path, index, all) => all.indexOf(path) === index)).toEqual([
      'listeners.http',
      'certificates.own',
      'services.orders',
    ]);
  });

  it('gives the same snapshot object when nothing changed for Envoy (C15)', async () => {
    const steps = pipeline();
    const first = await steps.build();
    await workspace.write('edge.yaml', `# a comment\n${GOOD}`);
    const second = await steps.build();
    expect(second.contentHash).not.toBe(first.contentHash);
    expect(second.good?.snapshot).toBe(first.good?.snapshot);
  });

  it('goes on from the last good build after a broken one', async () => {
    const steps = pipeline();
    const first = await steps.build();
    await workspace.write('edge.yaml', 'not: [yaml');
    expect((await steps.build()).good).toBeUndefined();
    await workspace.write('edge.yaml', GOOD);
    expect((await steps.build()).good?.snapshot).toBe(first.good?.snapshot);
  });

  it('tells what Envoy would refuse at the line that it was made from (O5)', async () => {
    const api = loadEnvoyApi();
    const strict = withCheck(api, (typeName, message) =>
      typeName.endsWith('.Cluster') ? [{ path: ['connect_timeout'], message: 'must be greater than 0s' }] : api.check(typeName, message),
    );
    const { good, issues, positions } = await pipeline(strict).build();
    expect(good).toBeUndefined();
    expect(issues).toMatchObject([
      { code: 'CH3001', severity: 'error', message: 'Envoy would refuse Cluster service/orders: connect_timeout must be greater than 0s' },
    ]);
    expect(positions.find(issues[0]?.path ?? [])).toMatchObject({ file: workspace.path('edge.yaml'), line: 5 });
  });
});

/** The API with another check. */
function withCheck(api: EnvoyApi, check: EnvoyApi['check']): EnvoyApi {
  return new Proxy(api, {
    get: (target, name) => {
      const value: unknown = name === 'check' ? check : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
