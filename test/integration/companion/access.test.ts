// Who may call a companion, and what stands in the way of a start (authz G15, T18); the companion as threads of another process.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as inProcessAuthz from '../../../src/companion/in-process-authz.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { API_KEY, apiKeyPolicy } from '../../support/api-key-policy.ts';
import { checkCaller, startAuthz } from '../../support/authz-process.ts';
import { createAuthority } from '../../support/certificates.ts';
import { runChancery } from '../../support/chancery-process.ts';
import { REPOSITORY } from '../../support/envoy-binary.ts';
import { eventually } from '../../support/eventually.ts';
import { quietLogger } from '../../support/quiet-logger.ts';
import { testApi } from '../../support/snapshots.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const api = testApi();
const edge = apiKeyPolicy(api);
// Nothing listens there.
const NOWHERE = '127.0.0.1:1';

describe('access to a companion', () => {
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await createWorkspace();
  });

  afterEach(async () => {
    await workspace.remove();
  });

  it('beyond this machine it does not start without mTLS and the names of the proxies (authz G15)', async () => {
    const { code, stderr } = await runChancery(['authz', '--gateway', 'edge', '--host', '0.0.0.0', '--port', '0']);
    expect(code).toBe(64);
    expect(stderr).toContain('--client-names');
  });

  it('answers proxies with the right certificate, and no stranger (authz T18)', async () => {
    const [ours, foreign] = await Promise.all([createAuthority(), createAuthority('Another authority')]);
    const server = await ours.issue({ name: 'localhost', names: ['localhost', '127.0.0.1'] });
    const file = (name: string, text: string): Promise<string> => workspace.write(name, text);
    const authz = await startAuthz(
      ['--server', NOWHERE, '--gateway', 'edge', '--workers', '1'].concat(
        ['--tls-cert', await file('c.pem', server.cert), '--tls-key', await file('k.pem', server.key)],
        ['--client-ca', await file('ca.pem', ours.cert), '--client-names', 'envoy.example.com'],
      ),
    );
    const call = async (pair?: { readonly cert: string; readonly key: string }): Promise<number> => {
      const [key, cert] = pair === undefined ? [null, null] : [Buffer.from(pair.key), Buffer.from(pair.cert)];
      const caller = checkCaller(authz.endpoints[0] ?? '', credentials.createSsl(Buffer.from(ours.cert), key, cert));
      try {
        return (await caller.check(edge.check(API_KEY))).code;
      } finally {
        caller.close();
      }
    };
    try {
      const client = { client: true, name: 'envoy.example.com' };
      expect(await call(await ours.issue(client))).toBe(status.OK);
      expect(await call(await ours.issue({ ...client, name: 'other.example.com' }))).toBe(status.PERMISSION_DENIED);
      expect(await call(await foreign.issue(client))).toBe(status.UNAUTHENTICATED);
      expect(await call()).toBe(status.UNAUTHENTICATED);
      const plain = checkCaller(authz.endpoints[0] ?? '');
      expect((await plain.check(edge.check(API_KEY), 1_000)).code).not.toBe(status.OK);
      plain.close();
    } finally {
      await authz.child.stop();
    }
  });

  it('takes the socket file of a companion that was killed, never that of one that lives; says who does not answer', async () => {
    const socket = path.join(workspace.root, 'authz.sock');
    await writeFile(socket, '');
    const args = ['--server', NOWHERE, '--gateway', 'edge', '--workers', '1', '--listen', `unix:${socket}`];
    const authz = await startAuthz(args);
    try {
      expect(authz.endpoints).toEqual([`unix:${socket}`]);
      await authz.child.waitFor(/companion\.disconnected.*127\.0\.0\.1:1/);
      const { code, stderr } = await runChancery(['authz', ...args]);
      expect(code).toBe(69);
      expect(stderr).toContain(socket);
      const caller = checkCaller(`unix:${socket}`);
      expect((await caller.check(edge.check(API_KEY))).response.error_response?.status?.code).toBe('ServiceUnavailable');
      caller.close();
    } finally {
      await authz.child.stop();
    }
  });

  it('runs on threads of another process, fed by hand (P19)', async () => {
    const { startInProcessAuthz } = (await import(
      pathToFileURL(path.join(REPOSITORY, 'dist/companion/in-process-authz.js')).href
    )) as typeof inProcessAuthz;
    const metrics = createMetrics({ version: 'test' });
    const authz = await startInProcessAuthz({ logger: quietLogger(), metrics, host: '127.0.0.1', port: 0, workers: 2 });
    const callers = authz.endpoints().map((endpoint) => checkCaller(endpoint));
    try {
      expect(callers).toHaveLength(2);
      const refused = await authz.apply({
        policies: [edge.policy, { name: 'edge/bad@0', bytes: Buffer.from([1]) }],
        apiKeys: [edge.keys],
        secrets: [],
        removed: [],
      });
      expect(refused.refused.map(({ name }) => name)).toEqual(['edge/bad@0']);
      for (const caller of callers) {
        await eventually(async () => (await caller.health()) === 1);
        await eventually(async () => (await caller.check(edge.check(API_KEY))).response.ok_response?.headers?.length === 1);
      }
      expect(authz.status()).toMatchObject({ isServing: true, policies: 1 });
      await authz.apply({ policies: [], apiKeys: [], secrets: [], removed: [edge.policy.name] });
      await eventually(async () => (await callers[0]?.check(edge.check(API_KEY)))?.response.error_response !== undefined);
    } finally {
      for (const caller of callers) caller.close();
      await authz.stop();
    }
    expect(authz.endpoints()).toEqual([]);
  });
});
