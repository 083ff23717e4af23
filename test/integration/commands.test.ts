// The program as scripts use it: what it prints where, its exit codes, its signals (O1, O2, operating.md §6). No Envoy is needed.
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runChancery, spawnChancery, startChancery } from '../support/chancery-process.ts';
import type { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const GOOD = `version: v1
gateway: edge
listeners: {http: {port: 10000}}
services:
  orders: {endpoints: ["127.0.0.1:9000"]}
routes:
  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [orders]}
`;
const BROKEN = GOOD.replace('backends: [orders]', 'backends: [order]');

let workspace: Workspace;
let children: Child[];
beforeEach(async () => {
  workspace = await createWorkspace({ 'edge.yaml': GOOD });
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.stop()));
  await workspace.remove();
});

function serve(...args: readonly string[]): Child {
  const child = spawnChancery(['serve', '-c', workspace.path('edge.yaml'), '--xds-port', '0', '--admin-port', '0', ...args]);
  children.push(child);
  return child;
}

describe('chancery serve', () => {
  it('prints one line on standard output, and its log as JSON on standard error', async () => {
    const child = serve();
    await child.waitFor(/^ready /m);
    expect(child.stdout()).toMatch(/^ready xds=127\.0\.0\.1:\d+ admin=127\.0\.0\.1:\d+\n$/);
    const events = child
      .stderr()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events.filter((event) => event === 'ready')).toHaveLength(1);
    expect(events).toContain('companions');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly, quickly and with exit code 0 on %s', async (signal) => {
    const child = serve();
    await child.waitFor(/^ready /m);
    const startedAt = performance.now();
    child.signal(signal);
    expect(await child.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(child.stderr()).toContain('"event":"stopped"');
  });

  it('reads its files again on SIGHUP', async () => {
    const child = serve('--log-level', 'debug');
    await child.waitFor(/^ready /m);
    child.signal('SIGHUP');
    await child.waitFor(/"event":"reload"/);
    await child.waitFor(/"event":"config.unchanged"/);
  });

  it('prints every error as text and exits with 1 where the files are broken and nothing is kept', async () => {
    await workspace.write('edge.yaml', BROKEN.replace('port: 10000', 'port: none'));
    const child = serve('--state', workspace.path('state'));
    expect(await child.exited).toBe(1);
    expect(child.stdout()).toBe('');
    expect(child.stderr()).toMatch(/\nerror\[CH\d{4}\]: .*\n *--> .*edge\.yaml:3:\d+ /);
    expect(child.stderr()).toMatch(/\nerror: .*edge\.yaml cannot be served\n$/);
  });

  it('serves what it kept after it was killed at any moment and the files are broken (D17, D25)', async () => {
    const options = { files: [workspace.path('edge.yaml')], state: workspace.path('state') };
    const first = await startChancery(options);
    children.push(first.child);
    const gatewaysOf = async (server: typeof first) =>
      ((await server.api('/api/v1/gateways')) as { gateways: Record<string, unknown>[] }).gateways;
    const [before] = await gatewaysOf(first);
    for (let edit = 1; edit <= 5; edit += 1) await workspace.save('edge.yaml', GOOD.replace('v1\n', `v1 # ${edit}\n`), 'rename');
    await first.kill();
    await workspace.write('edge.yaml', BROKEN);
    const second = await startChancery(options);
    children.push(second.child);
    expect(await gatewaysOf(second)).toMatchObject([
      { gateway: 'edge', serving: 'last-good', isRestored: true, version: before?.['version'] },
    ]);
  });

  it('names the taken port and its flag, and opens nothing', async () => {
    const blocker = createServer();
    const [port, admin] = [await freePort(), await freePort()];
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
    const child = serve('--xds-port', String(port), '--admin-port', String(admin));
    expect(await child.exited).toBe(69);
    expect(child.stderr()).toContain(`port ${port} on 127.0.0.1, for the xDS server, is taken by another program`);
    expect(child.stderr()).toContain('--xds-port');
    await new Promise((resolve) => blocker.close(resolve));
  });

  it('takes every setting from the environment too', async () => {
    const state = workspace.path('elsewhere');
    const env = { CHANCERY_CONFIG: workspace.path('edge.yaml'), CHANCERY_XDS_PORT: '0', CHANCERY_ADMIN_PORT: '0', CHANCERY_STATE: state };
    const child = spawnChancery(['serve'], env);
    children.push(child);
    await child.waitFor(/^ready /m);
    expect(child.stderr()).not.toContain('state.none');
  });
});

describe('chancery status', () => {
  it('shows what a running control plane serves, as a table, JSON and YAML', async () => {
    const server = await startChancery({ files: [workspace.path('edge.yaml')], state: workspace.path('state') });
    children.push(server.child);
    const status = (format: string) => runChancery(['status', '--server', `http://127.0.0.1:${server.adminPort}`, '-o', format]);
    expect((await status('table')).stdout).toMatch(/^GATEWAY +SERVING .*\nedge +current /);
    const [json, yaml] = [JSON.parse((await status('json')).stdout), parse((await status('yaml')).stdout)];
    expect(json).toMatchObject({ gateways: [{ gateway: 'edge', serving: 'current' }], nodes: [] });
    expect(yaml).toEqual(json);
    const nobody = await runChancery(['status', 'nobody', '--server', `http://127.0.0.1:${server.adminPort}`]);
    expect(nobody).toMatchObject({ code: 64, stderr: expect.stringContaining('no node "nobody" is connected') });
  });
});

describe('chancery validate', () => {
  const validate = (...args: readonly string[]) => runChancery(['validate', '-c', workspace.path('edge.yaml'), ...args]);

  it('says what a good file holds, and exits with 0', async () => {
    expect(await validate()).toEqual({
      code: 0,
      stdout: expect.stringMatching(/edge\.yaml: valid \(gateway edge: 1 listeners, 1 routes, 1 services\)\n$/),
      stderr: '',
    });
  });

  it('prints errors with place, caret and help on standard error, and exits with 1', async () => {
    await workspace.write('edge.yaml', BROKEN);
    const { code, stdout, stderr } = await validate();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error\[CH\d{4}\]: unknown service "order"\n *--> .*edge\.yaml:7:\d+ [^]*\^\^\^\^\^[^]*did you mean "orders"/);
  });

  it('gives the same as JSON on standard output', async () => {
    await workspace.write('edge.yaml', BROKEN);
    const { code, stdout, stderr } = await validate('-o', 'json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      files: [{ valid: false, issues: [{ severity: 'error', message: 'unknown service "order"', line: 7 }] }],
    });
  });

  it('refuses two files of one gateway, as serve would (C14)', async () => {
    await workspace.write('twin.yaml', GOOD);
    const { code, stderr } = await validate('-c', workspace.path('twin.yaml'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/gateway "edge" is already defined by .*edge\.yaml/);
  });
});

describe('chancery render and bootstrap', () => {
  const edge = () => ['-c', workspace.path('edge.yaml')];

  it('print the same each time, as YAML or JSON', async () => {
    const [yaml, again, json] = await Promise.all([
      runChancery(['render', ...edge()]),
      runChancery(['render', ...edge()]),
      runChancery(['render', ...edge(), '-o', 'json']),
    ]);
    expect(yaml).toEqual(again);
    expect(yaml).toMatchObject({ code: 0, stderr: '' });
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    expect(JSON.parse(json.stdout)).toMatchObject({ static_resources: { listeners: [{ name: 'listener/http' }] } });
  });

  it('show resources of one type, and the model with every default (C5)', async () => {
    const clusters = await runChancery(['render', ...edge(), '--type', 'Cluster', '-o', 'json']);
    expect(JSON.parse(clusters.stdout)).toMatchObject([{ type: 'Cluster', name: 'service/orders', resource: { name: 'service/orders' } }]);
    const model = await runChancery(['render', ...edge(), '--defaults', '-o', 'json']);
    expect(JSON.parse(model.stdout)).toMatchObject({
      routes: [{ action: { timeoutMs: 15_000 } }],
      services: [{ connectTimeoutMs: 5_000 }],
    });
  });

  it('print nothing but the errors of a broken file', async () => {
    await workspace.write('edge.yaml', BROKEN);
    for (const command of [['render'], ['render', '--to', 'model'], ['render', '--type', 'Cluster']]) {
      const { code, stdout, stderr } = await runChancery([...command, ...edge()]);
      expect({ code, stdout, hasError: stderr.includes('error[CH') }).toEqual({ code: 1, stdout: '', hasError: true });
    }
  });

  it('name node, gateway and control plane in a bootstrap', async () => {
    const { stdout } = await runChancery([
      'bootstrap',
      ...edge(),
      '--node',
      'edge-7',
      '--xds-host',
      'control.internal',
      '--xds-port',
      '1234',
      '--sotw',
    ]);
    const bootstrap = parse(stdout);
    expect(bootstrap).toMatchObject({ node: { id: 'edge-7', cluster: 'edge' }, dynamic_resources: { ads_config: { api_type: 'GRPC' } } });
    expect(JSON.stringify(bootstrap)).toContain('"address":"control.internal","port_value":1234');
  });
});
