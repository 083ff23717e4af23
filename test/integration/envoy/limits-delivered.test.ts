// D11 for limits: they come, change and go over xDS while listeners stay as they are and a connection stays open.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CountingService, startCountingService } from '../../support/counting-service.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { compileGatewayFile } from '../../support/golden-gateway.ts';
import { openConnection } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

let gateway: Gateway;
let web: Upstream;
let service: CountingService;
let workspace: Workspace;
let port: number;
let limiterPort: number;

const config = (limits = '', names = ''): string => `
allowLargeRemoval: true
listeners:
  http: {port: ${port}}
rateLimitService: {endpoints: ["127.0.0.1:${limiterPort}"], timeout: 2s}
${limits === '' ? '' : `rateLimits: {${limits}}`}
services:
  web: {endpoints: ["${web.address}"]}
routes:
  - {name: web, matches: [{path: {prefix: /a}}, {path: {prefix: /b}}], backends: [web]${names === '' ? '' : `, rateLimits: [${names}]`}}
`;

const LOCAL = 'own: {key: [header.x-who], rate: 1/hour, burst: 2, scope: local}';
const SHARED = 'all: {key: [header.x-who], rate: 1/hour, phase: early, onFailure: deny}';

beforeAll(async () => {
  web = await startUpstream({ name: 'web' });
  port = await freePort();
  limiterPort = await freePort();
  workspace = await createWorkspace();
  const file = await workspace.write('gateway.yaml', `version: v1\ngateway: test\n${config(SHARED, 'all')}`);
  service = await startCountingService(await compileGatewayFile(file), limiterPort);
  gateway = await startGateway({ config: config() });
});
afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
  await web.close();
  await workspace.remove();
});

const listenerUpdates = async (): Promise<readonly number[]> =>
  Promise.all(
    ['listener_modified', 'listener_in_place_updated', 'listener_added'].map((name) =>
      gateway.envoy.admin.stat(`listener_manager.${name}`),
    ),
  );

test('R201, R212, D11: limits of both scopes come and go, no listener changes, and a connection outlives all of it', async () => {
  const before = await listenerUpdates();
  const connection = await openConnection({ port });
  const ask = async (who: string, path = '/a'): Promise<number> => (await connection.request({ path, headers: { 'x-who': who } })).status;
  expect([await ask('1'), await ask('1'), await ask('1')]).toEqual([200, 200, 200]);

  await gateway.apply(config(LOCAL, 'own'));
  expect([await ask('2'), await ask('2', '/b'), await ask('2')]).toEqual([200, 200, 429]);

  await gateway.apply(config(`${LOCAL}, ${SHARED}`, 'own, all'));
  await eventually(async () => (await ask(`warm-${service.calls.length}`)) === 200);
  expect([await ask('3'), await ask('3')]).toEqual([200, 429]);
  expect(service.calls.at(-1)).toEqual({ domain: 'chancery.test', descriptors: ['limit=all header.x-who=3'] });

  await gateway.apply(config());
  expect([await ask('3'), await ask('3')]).toEqual([200, 200]);
  expect(connection.isClosed).toBe(false);
  connection.close();
  expect(await listenerUpdates()).toEqual(before);
});
