import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { redactResource } from '../../src/admin/redact.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { createRestServer } from '../../src/xds/rest-server.ts';
import { newestSnapshots } from '../../src/xds/targets.ts';
import { eventually } from '../support/eventually.ts';
import { quietLogger } from '../support/quiet-logger.ts';
import { testApi } from '../support/snapshots.ts';
import { callBytes, message, openStream } from '../support/xds-calls.ts';
import type { Form } from './test-client.ts';
import { PROMPT, withXds } from './with-xds.ts';
import { GATEWAY } from './xds-harness.ts';

const PATH = '/envoy.service.status.v3.ClientStatusDiscoveryService';
const ADS: Form = { variant: 'sotw', ads: true };
const EVERYBODY = { node_matchers: [{ node_id: { safe_regex: { regex: '.*' } } }] };

const context = withXds({ ...PROMPT, redact: redactResource });

interface Config {
  readonly name: string;
  readonly config_status: string;
  readonly version_info?: string;
  readonly error_state?: { readonly details: string; readonly version_info: string };
  readonly xds_config?: object;
}

interface Client {
  readonly node: { readonly id: string; readonly cluster: string };
  readonly generic_xds_configs: readonly Config[];
}

function read(bytes: Buffer): readonly Client[] {
  const json = testApi().toJson(
    'envoy.service.status.v3.ClientStatusResponse',
    testApi().decode('envoy.service.status.v3.ClientStatusResponse', bytes),
  );
  return (json as { readonly config?: readonly Client[] }).config ?? [];
}

async function ask(request: object = EVERYBODY): Promise<readonly Client[]> {
  const { bytes, details } = await callBytes(
    context.xds,
    `${PATH}/FetchClientStatus`,
    message('envoy.service.status.v3.ClientStatusRequest', request),
  );
  if (bytes === undefined) throw new Error(details);
  return read(bytes);
}

async function statuses(request?: object): Promise<Readonly<Record<string, string>>> {
  const [client] = await ask(request);
  return Object.fromEntries((client?.generic_xds_configs ?? []).map(({ name, config_status: found }) => [name, found]));
}

describe('the client-status service', () => {
  test('R31: NOT_SENT, STALE, SYNCED and ERROR with its reason, by resource', async () => {
    const client = context.connect(ADS, { id: 'n1' });
    context.xds.publish({ Cluster: { a: '1', b: '1' } });
    client.want('Cluster');
    const first = await client.next('Cluster');
    expect(await statuses()).toEqual({ a: 'STALE', b: 'STALE' });
    client.ack('Cluster', first);
    await eventually(async () => (await statuses())['a'] === 'SYNCED');
    client.want('ClusterLoadAssignment', 'missing');
    await eventually(async () => (await statuses())['missing'] === 'NOT_SENT');
    context.xds.publish({ Cluster: { a: '2', b: '1' } });
    const second = await client.next('Cluster');
    expect(await statuses()).toMatchObject({ a: 'STALE', b: 'SYNCED' });
    client.nack('Cluster', second, { error: { code: 13, message: 'no such thing' } });
    await eventually(async () => (await statuses())['a'] === 'ERROR');
    const [found] = await ask();
    const a = found?.generic_xds_configs.find(({ name }) => name === 'a');
    expect(a?.error_state).toMatchObject({ details: 'no such thing', version_info: a?.version_info });
    expect(a?.xds_config).toMatchObject({ name: 'a', alt_stat_name: '2' });
    expect(found?.generic_xds_configs.find(({ name }) => name === 'b')).not.toHaveProperty('error_state');
  });

  test('R31: one entry per node; matchers are alternatives, without one nobody is meant; contents can be left out', async () => {
    context.xds.publish({ Cluster: { a: '1' } });
    for (const id of ['n1', 'n2', 'other']) {
      const client = context.connect({ variant: 'delta', ads: false }, { id });
      client.want('Cluster');
      client.ack('Cluster', await client.next('Cluster'));
      client.want('Listener');
    }
    const ids = async (request: object): Promise<readonly string[]> => (await ask(request)).map(({ node }) => node.id);
    await eventually(async () => (await ids(EVERYBODY)).join() === 'n1,n2,other');
    expect(await ids({})).toEqual([]);
    expect(await ids({ node_matchers: [{ node_id: { exact: 'n2' } }, { node_id: { safe_regex: { regex: 'oth.*' } } }] })).toEqual([
      'n2',
      'other',
    ]);
    expect(
      await ids({
        node_matchers: [{ node_id: { exact: 'n1' }, node_metadatas: [{ path: [{ key: 'x' }], value: { present_match: true } }] }],
      }),
    ).toEqual([]);
    const [bare] = await ask({ ...EVERYBODY, exclude_resource_contents: true });
    expect(bare?.generic_xds_configs).toEqual([expect.not.objectContaining({ xds_config: expect.anything() as object })]);
  });

  test('X100: contents are shown without secrets', async () => {
    context.xds.publish({
      Secret: {
        key: {
          name: 'key',
          tls_certificate: { certificate_chain: { inline_string: 'public' }, private_key: { inline_string: 'canary-key' } },
        },
        token: 'canary-token',
      },
    });
    const client = context.connect(ADS, { id: 'n1' });
    client.want('Secret', 'key', 'token');
    client.ack('Secret', await client.next('Secret'));
    const shown = JSON.stringify(await ask());
    expect(shown).toContain('public');
    expect(shown).toContain('sha256:');
    expect(shown).not.toContain('canary');
    expect(JSON.stringify(context.xds.logs)).not.toContain('canary');
  });

  test('R32: a stream gives one answer to each request, and ends with its client; what is no request ends it', async () => {
    context.xds.publish({ Cluster: { a: '1' } });
    const client = context.connect(ADS, { id: 'n1' });
    client.want('Cluster');
    client.ack('Cluster', await client.next('Cluster'));
    const stream = openStream(context.xds, `${PATH}/StreamClientStatus`);
    for (const index of [0, 1]) {
      stream.write(message('envoy.service.status.v3.ClientStatusRequest', EVERYBODY));
      expect(read(await stream.nth(index))).toMatchObject([{ node: { id: 'n1', cluster: GATEWAY } }]);
    }
    stream.halfClose();
    expect((await stream.ended).code).toBe(status.OK);
    const bad = openStream(context.xds, `${PATH}/StreamClientStatus`);
    bad.write(Buffer.from('no message'));
    expect((await bad.ended).code).toBe(status.INVALID_ARGUMENT);
  });

  test('R31: types keep their own names', async () => {
    context.xds.publish({ Cluster: { a: '1' }, ClusterLoadAssignment: { a: '1' } });
    const client = context.connect(ADS, { id: 'n1' });
    client.want('Cluster');
    client.ack('Cluster', await client.next('Cluster'));
    client.want('ClusterLoadAssignment', 'a');
    client.ack('ClusterLoadAssignment', await client.next('ClusterLoadAssignment'));
    const [found] = await ask();
    expect(found?.generic_xds_configs).toMatchObject([
      { type_url: TYPE_URLS.Cluster, name: 'a' },
      { type_url: TYPE_URLS.ClusterLoadAssignment, name: 'a' },
    ]);
  });

  test('R32: the same by REST, in JSON', async () => {
    const { xds } = context;
    const rest = createRestServer({
      api: testApi(),
      logger: quietLogger(),
      targets: newestSnapshots(xds.store),
      identifier: 'test',
      clientStatus: { clients: () => xds.server.clients(), redact: redactResource },
    });
    const port = await rest.listen({ host: '127.0.0.1', port: 0 });
    try {
      xds.publish({ Cluster: { a: '1' }, Secret: { token: 'canary-token' } });
      const client = context.connect(ADS, { id: 'n1' });
      client.want('Cluster');
      client.ack('Cluster', await client.next('Cluster'));
      client.want('Secret', 'token');
      client.ack('Secret', await client.next('Secret'));
      const answer = await fetch(`http://127.0.0.1:${port}/v3/discovery:client_status`, {
        method: 'POST',
        body: JSON.stringify(EVERYBODY),
      });
      const text = await answer.text();
      const { config } = JSON.parse(text) as { readonly config: readonly Client[] };
      expect(config).toMatchObject([
        { node: { id: 'n1' }, generic_xds_configs: [{ name: 'token' }, { name: 'a', xds_config: { name: 'a' } }] },
      ]);
      expect(text).not.toContain('canary');
    } finally {
      await rest.close();
    }
  });
});
