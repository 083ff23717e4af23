import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { openChannel } from '../support/xds-client.ts';
import { type AppFixture, createAppFixture } from './app-fixture.ts';

const GATEWAY = [
  'version: v1',
  'gateway: edge',
  'listeners: {http: {port: 8080}}',
  "services: {orders: {endpoints: ['127.0.0.1:9000']}}",
  'routes: [{name: orders, matches: [{path: {prefix: /}}], backends: [orders]}]',
  '',
].join('\n');

let fixture: AppFixture | undefined;

afterEach(async () => {
  await fixture?.clean();
  fixture = undefined;
});

it('is not ready while it stops, and waits for a node in the middle of a change (T8, D24)', async () => {
  fixture = await createAppFixture({ 'edge.yaml': GATEWAY });
  const running = await fixture.start(['edge.yaml'], {
    settings: { xdsStreams: { stopWithinMs: 30_000, streamsPerSecond: 1_000, firstPushes: 32 } },
  });
  expect((await running.get('/readyz')).status).toBe(200);
  const channel = openChannel(running.xds);
  const stream = channel.open('delta');
  stream.send({ node: { id: 'node-1', cluster: 'edge' }, type_url: TYPE_URLS.Cluster });
  const clusters = await stream.next();
  const stopped = running.app.stop();
  expect((await running.get('/readyz')).status).toBe(503);
  expect(stream.isOpen).toBe(true);
  stream.send({ type_url: TYPE_URLS.Cluster, response_nonce: clusters.nonce });
  expect(await stream.ended).toMatchObject({ code: status.OK });
  channel.close();
  await stopped;
});
