// Real Envoys, companions as processes, the control plane in this one: what callers see while policies change, while companions are paused, end
// in order and come back, and while the control plane is away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapJson } from '../../../src/cli/bootstrap-json.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { type AppFixture, createAppFixture, type RunningApp } from '../../features/app-fixture.ts';
import { type AuthzProcess, startAuthz } from '../../support/authz-process.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/free-port.ts';
import { request } from '../../support/http-client.ts';

/** Digest of nobody's key. */
const DIGEST = `sha256:${'ab'.repeat(32)}`;

function gateway(port: number, scope: string): string {
  return [
    'version: v1',
    'gateway: edge',
    `listeners: {http: {port: ${port}}}`,
    `apiKeys: {partners: {consumers: {acme: {keys: ["${DIGEST}"]}}}}`,
    'routes:',
    `  - {name: keyed, matches: [{path: {prefix: /}}], respond: {status: 200, body: in}, auth: {apiKeys: partners, scopes: [${scope}]}}`,
    '',
  ].join('\n');
}

describe('companions beside a real Envoy', () => {
  let fixture: AppFixture;
  let running: RunningApp;
  let envoy: Envoy;
  let companions: AuthzProcess[] = [];
  let port = 0;
  let xdsPort = 0;

  const join = async (id: string): Promise<AuthzProcess> => {
    const companion = await startAuthz(['--server', `127.0.0.1:${xdsPort}`, '--gateway', 'edge', '--node-id', id, '--workers', '1']);
    companions.push(companion);
    return companion;
  };
  const serving = () => running.app.companions().filter(({ state }) => state === 'serving');
  const revision = () => running.app.rollout('edge')?.revision;
  const edit = (scope: string): Promise<void> => fixture.workspace.save('edge.yaml', gateway(port, scope), 'rename');
  const ask = async (): Promise<string> => {
    const { status, body } = await request({ port, path: '/' });
    const { code } = JSON.parse(String(body)) as { code: string };
    return `${status} ${code}`;
  };
  /** What callers got while `act` ran, each answer once. */
  async function asked(act: () => Promise<unknown>): Promise<ReadonlySet<string>> {
    const answers = new Set<string>();
    let isOver = false;
    const load = (async () => {
      while (!isOver) answers.add(await ask());
    })();
    await act().finally(() => {
      isOver = true;
    });
    await load;
    return answers;
  }

  beforeAll(async () => {
    [port = 0, xdsPort = 0] = await freePorts(2);
    fixture = await createAppFixture({ 'edge.yaml': gateway(port, 'one') });
    running = await fixture.start(['edge.yaml'], { state: true, settings: { xdsPort } });
    await join('c1');
    await join('c2');
    await eventually(() => serving().length === 2, { what: 'two companions', timeoutMs: 20_000 });
    const xds = { host: '127.0.0.1', port: xdsPort };
    const bootstrap = bootstrapJson(loadEnvoyApi(), { nodeId: 'n1', gateway: 'edge', xds, admin: { host: '127.0.0.1', port: 0 } });
    envoy = await startEnvoy(bootstrap as object);
    await eventually(async () => (await ask()) === '401 apiKey.missing', { what: 'the companion to be asked' });
  }, 60_000);
  afterAll(async () => {
    await envoy?.stop();
    await Promise.all(companions.map(({ child }) => child.stop()));
    await fixture?.clean();
  });

  it('answer every request while policies change (authz D5, D7, D10)', async () => {
    const answers = await asked(async () => {
      for (const scope of ['two', 'three', 'four']) {
        const before = running.live.length;
        await edit(scope);
        await eventually(() => running.live.length > before, { what: `scope ${scope} to be live`, timeoutMs: 15_000 });
      }
    });
    expect([...answers]).toEqual(['401 apiKey.missing']);
  });

  it('that end in order and come back fail no request (authz D8, G13)', async () => {
    const answers = await asked(async () => {
      const [first] = companions;
      await first?.child.stop();
      companions = companions.slice(1);
      await eventually(() => serving().length === 1);
      await join('c1');
      await eventually(() => serving().length === 2, { what: 'the companion to be back', timeoutMs: 20_000 });
    });
    expect([...answers]).toEqual(['401 apiKey.missing']);
  });

  it('go on without the control plane, which finds them again (authz D8)', async () => {
    const answers = await asked(async () => {
      await running.stop();
      running = await fixture.start(['edge.yaml'], { state: true, settings: { xdsPort } });
      await eventually(() => serving().length === 2, { what: 'the companions', timeoutMs: 40_000 });
      await eventually(() => running.live.length > 0, { what: 'the Envoy', timeoutMs: 40_000 });
    });
    expect([...answers]).toEqual(['401 apiKey.missing']);
  });

  it('that are paused get no requests after ten seconds, and the edit goes out without them (authz D5, D7)', async () => {
    const [paused] = companions;
    const before = revision() ?? 0;
    paused?.child.signal('SIGSTOP');
    try {
      await edit('five');
      await eventually(() => running.app.rollout('edge')?.policies !== undefined, { what: 'the wait to show' });
      expect(revision()).toBe(before + 1);
      await eventually(() => running.app.rollout('edge')?.state === 'live', { what: 'the edit to be live', timeoutMs: 25_000 });
      expect(serving()).toHaveLength(1);
      expect(await ask()).toBe('401 apiKey.missing');
    } finally {
      paused?.child.signal('SIGCONT');
    }
    await eventually(() => serving().length === 2, { what: 'the companion to catch up', timeoutMs: 20_000 });
  }, 60_000);
});
