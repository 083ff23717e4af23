import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { channelOptions } from '../../src/xds/channel-options.ts';
import { eventually } from '../support/eventually.ts';
import { message, openStream } from '../support/xds-calls.ts';
import { GATEWAY, startXds } from './xds-harness.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

/** Passes bytes on in both directions until it is frozen: then neither side hears of the other, as with a cable that was pulled. */
async function startWire(target: number): Promise<{ readonly port: number; freeze(): void }> {
  const sockets: Socket[] = [];
  let isCut = false;
  const server: Server = createServer((down) => {
    if (isCut) return void down.destroy();
    const up = connect(target, '127.0.0.1');
    for (const socket of [down, up]) {
      sockets.push(socket);
      socket.on('error', () => {});
    }
    down.on('data', (bytes) => void up.write(bytes));
    up.on('data', (bytes) => void down.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
  };
}

describe('keep-alive', () => {
  test('T1: a client that vanished without a word is gone after a ping that it does not answer, and an idle one that lives stays', async () => {
    const xds = await startXds({ keepalive: { everyMs: 100, timeoutMs: 200 } });
    cleanUps.push(() => xds.close());
    xds.publish({ Cluster: { a: '1' } });
    const wire = await startWire(xds.port);
    const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
    for (const [id, port] of [
      ['dead', wire.port],
      ['alive', xds.port],
    ] as const) {
      const stream = openStream({ port }, path);
      cleanUps.push(() => stream.close());
      stream.write(message('envoy.service.discovery.v3.DiscoveryRequest', { node: { id, cluster: GATEWAY }, type_url: TYPE_URLS.Cluster }));
      await stream.nth(0);
    }
    expect(xds.server.nodes().map(({ id }) => id)).toEqual(['alive', 'dead']);
    wire.freeze();
    await eventually(() => xds.server.nodes().length === 1, { what: 'the end of the dead one' });
    expect(xds.server.nodes().map(({ id }) => id)).toEqual(['alive']);
  });

  test('T1: the limits of every channel', () => {
    expect(channelOptions({ maxConnectionAgeMs: 7 })).toEqual({
      'grpc.max_receive_message_length': 67_108_864,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 60_000,
      'grpc.max_concurrent_streams': 10_000,
      'grpc.enable_channelz': 0,
      'grpc.max_connection_age_ms': 7,
    });
  });
});
