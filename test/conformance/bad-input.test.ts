import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import { eventually } from '../support/eventually.ts';
import { testApi } from '../support/snapshots.ts';
import { openChannel } from '../support/xds-client.ts';
import { FORMS } from './test-client.ts';
import { PROMPT, withXds } from './with-xds.ts';

const NODE = { id: 'raw', cluster: 'edge' };

const rig = withXds();

describe.each(FORMS)('bad input, $title', (form) => {
  const { variant } = form;
  const service = form.ads ? undefined : 'Cluster';
  const request = testApi().encode(
    variant === 'sotw' ? 'envoy.service.discovery.v3.DiscoveryRequest' : 'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    { node: NODE, type_url: TYPE_URLS.Cluster, response_nonce: 'n', error_detail: { code: 3, message: 'no' } },
  );

  test('T2: any bytes, whole or cut or changed, are answered or end their stream with INVALID_ARGUMENT, counted; nobody else notices', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const good = rig.connect(form);
    good.want('Cluster', '*');
    await good.take('Cluster');
    const channel = openChannel(rig.xds.port);
    const garbled = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.nat({ max: request.length }).map((length) => request.subarray(0, length)),
      fc.tuple(fc.nat({ max: request.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
        const bytes = Buffer.from(request);
        bytes[at] = byte;
        return bytes;
      }),
    );
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(garbled, async (bytes) => {
        const stream = channel.open(variant, service);
        stream.sendBytes(bytes);
        stream.halfClose();
        const { code, details } = await stream.ended;
        expect(status[code]).toMatch(/^(OK|INVALID_ARGUMENT)$/);
        if (code !== status.OK) ended += 1;
        if (code !== status.OK) expect(details.length).toBeGreaterThan(10);
      }),
      { numRuns: 150 },
    );
    expect(ended).toBeGreaterThan(0);
    expect(rig.xds.counts.get('failed:INVALID_ARGUMENT')).toBe(ended);
    expect(rig.xds.counts.get('failed:INTERNAL')).toBeUndefined();
    channel.close();
    rig.xds.publish({ Cluster: { a: '2' } });
    expect(await good.contents('Cluster')).toEqual({ a: '2' });
    await eventually(() => (rig.xds.counts.get('streams') ?? 0) <= 2, { what: 'the other streams to be gone' });
  });

  test('wrong contents: odd names, doubled names, names of other types, absurd nonces are taken as they are', async () => {
    rig.xds.publish({ Cluster: { a: '1', 'ü\n"': '1' } });
    const client = rig.connect(form);
    const odd = ['a', 'a', '', ' ', '\u0000', 'ü\n"', '../..', TYPE_URLS.Listener, 'x'.repeat(100_000), 'xdstp:', 'xdstp://%%%?&&=#', '?*'];
    client.send('Cluster', { want: odd, nonce: 'n'.repeat(10_000), version: '\u0000', error: { code: -7, message: '\u0000' } });
    expect([...(await client.take('Cluster')).names].sort()).toEqual(['a', 'ü\n"'].sort());
    await client.silence();
    expect(rig.xds.counts.get('nacks:Cluster')).toBeUndefined();
  });

  test('X85: a node of an unknown gateway waits, without an answer, and is told in the log once', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const clients = ['x', 'y', 'z'].map((id) => rig.connect(form, { id, gateway: 'nobody' }));
    for (const client of clients) {
      client.want('Cluster', '*');
      await client.silence();
    }
    expect(rig.xds.logs.filter(({ fields }) => fields['gateway'] === 'nobody' && fields['event'] === 'xds.unknown_gateway')).toHaveLength(
      1,
    );
  });

  test('S1, X24: 50 streams that never answer get one response each over 200 changes, and nothing piles up', async () => {
    rig.xds.publish({ Cluster: { a: '0' } });
    const clients = Array.from({ length: 50 }, (_, index) => rig.connect(form, { id: `silent-${index}` }));
    for (const client of clients) {
      client.want('Cluster', '*');
      await client.next('Cluster');
    }
    const built = rig.xds.counts.get('framesBuilt');
    for (let turn = 1; turn <= 200; turn += 1) {
      rig.xds.publish({ Cluster: { a: String(turn) } });
      if (turn % 50 === 0) await clients[0]?.settled();
    }
    for (const client of clients) await client.silence();
    expect(rig.xds.counts.get('responses:Cluster')).toBe(50);
    expect(rig.xds.counts.get('framesBuilt')).toBe((built ?? 0) + (rig.xds.counts.get('responses:other') ?? 0));
    for (const client of clients) {
      client.send('Cluster', { nonce: 'r-1', want: ['*'] });
      client.disconnect();
    }
  });
});

describe.each(FORMS)('haste, $title', (form) => {
  const slow = withXds({ ...PROMPT, requestRate: { perSecond: 1, burst: 50 } });

  test('X98: requests beyond the rate wait at the client: none is lost, and others are served meanwhile', async () => {
    slow.xds.publish({ ClusterLoadAssignment: { a: '1' }, Secret: { s: '1' } });
    const hasty = slow.connect(form, { id: 'hasty' });
    const sent = 300;
    for (let index = 0; index < sent; index += 1) hasty.send('ClusterLoadAssignment', { want: ['a'] });
    await eventually(() => (slow.xds.counts.get('readingPauses') ?? 0) > 0, { what: 'a pause' });
    const read = (): number => slow.xds.counts.get('requests:ClusterLoadAssignment') ?? 0;
    for (let turn = 0; turn < 3; turn += 1) {
      expect(read()).toBeLessThan(sent);
      const other = slow.connect(form, { id: `other-${turn}` });
      other.want('Secret', 's');
      expect(await other.contents('Secret')).toEqual({ s: '1' });
      slow.xds.clock.pass(50_000);
    }
    while (read() < sent) {
      slow.xds.clock.pass(50_000);
      await new Promise(setImmediate);
    }
    expect((await hasty.next('ClusterLoadAssignment')).resources).toEqual({ a: '1' });
    expect(slow.xds.logs.filter(({ fields }) => fields['event'] === 'xds.reading_paused')).toHaveLength(1);
  });
});

describe('too much', () => {
  test('X94: a request above the limit ends its stream with RESOURCE_EXHAUSTED, and no other', { timeout: 30_000 }, async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const good = rig.connect({ variant: 'delta', ads: true });
    good.want('Cluster');
    await good.take('Cluster');
    const channel = openChannel(rig.xds.port);
    const stream = channel.open('delta');
    stream.sendBytes(Buffer.alloc(65 * 1024 * 1024));
    expect(status[(await stream.ended).code]).toBe('RESOURCE_EXHAUSTED');
    channel.close();
    rig.xds.publish({ Cluster: { a: '2' } });
    expect(await good.contents('Cluster')).toEqual({ a: '2' });
  });

  test('X95: clusters that a gRPC client cannot receive at once go whole, counted and logged once', async () => {
    const clusters = (last: string): Record<string, string> => ({
      ...Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c${index}`, 'x'.repeat(100_000)])),
      last,
    });
    rig.xds.publish({ Cluster: clusters('1') });
    const client = rig.connect({ variant: 'sotw', ads: true }, { userAgent: 'gRPC Go' });
    client.want('Cluster', '*');
    expect((await client.take('Cluster')).names).toHaveLength(51);
    rig.xds.publish({ Cluster: clusters('2') });
    expect((await client.take('Cluster')).names).toHaveLength(51);
    expect(rig.xds.counts.get('oversized:Cluster')).toBe(2);
    expect(rig.xds.logs.filter(({ fields }) => fields['event'] === 'xds.oversized_response')).toHaveLength(1);
  });
});
