import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { ADS_FORMS, FORMS, type TestClient } from './test-client.ts';
import { withXds } from './with-xds.ts';

const AGE_MS = 60_000;
/** 1.2 ages less ten per cent, and more. */
const YOUNG_MS = 64_000;
const OLD_MS = 79_300;

const ended = (client: TestClient) => client.stream('Cluster').ended;
const isOpen = (client: TestClient): boolean => client.stream('Cluster').isOpen;

describe.each(FORMS)('an old connection, $title', (form) => {
  const rig = withXds({ maxConnectionAgeMs: AGE_MS });

  test('T7: ends with OK at 1.2 times its age, not before', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    await client.settled();
    rig.xds.clock.pass(YOUNG_MS);
    await client.settled();
    expect(isOpen(client)).toBe(true);
    rig.xds.clock.pass(OLD_MS - YOUNG_MS);
    expect(await ended(client)).toMatchObject({ code: status.OK });
  });

  test('D24, T7: not while an answer is due', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    await client.settled();
    rig.xds.clock.pass(YOUNG_MS);
    rig.xds.publish({ Cluster: { a: '2' } });
    const unanswered = await client.next('Cluster');
    rig.xds.clock.pass(OLD_MS - YOUNG_MS);
    await new Promise(setImmediate);
    expect(isOpen(client)).toBe(true);
    client.ack('Cluster', unanswered);
    expect(await ended(client)).toMatchObject({ code: status.OK });
  });

  test('D24, T7: a client that does not answer is waited for half an age', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    await client.settled();
    rig.xds.clock.pass(YOUNG_MS);
    rig.xds.publish({ Cluster: { a: '2' } });
    await client.next('Cluster');
    rig.xds.clock.pass(OLD_MS + AGE_MS / 2 - YOUNG_MS);
    expect(await ended(client)).toMatchObject({ code: status.OK });
  });
});

describe.each(FORMS)('a connection that is very soon old, $title', (form) => {
  const rig = withXds({ maxConnectionAgeMs: 1_000 });

  test('X12, T7: does not end before its first response, however late that comes', async () => {
    const client = rig.connect(form);
    client.want('Cluster', '*');
    while (rig.xds.counts.get('streams') !== 1) await new Promise(setImmediate);
    for (let turn = 0; turn < 5; turn += 1) {
      rig.xds.clock.pass(60_000);
      await new Promise(setImmediate);
    }
    expect(isOpen(client)).toBe(true);
    rig.xds.publish({ Cluster: { a: '1' } });
    expect((await client.take('Cluster')).resources).toEqual({ a: '1' });
    expect(await ended(client)).toMatchObject({ code: status.OK });
  });
});

describe.each(ADS_FORMS)('in the middle of a switch, $title', (form) => {
  const rig = withXds({ maxConnectionAgeMs: AGE_MS });

  test('D24: a stream ends when the switch is over', async () => {
    rig.xds.publish({ Cluster: { old: '1' }, RouteConfiguration: { r: 'old' } });
    const client = rig.connect(form);
    client.want('Cluster');
    await client.take('Cluster');
    client.want('RouteConfiguration', 'r');
    await client.take('RouteConfiguration');
    await client.settled();
    rig.xds.clock.pass(YOUNG_MS);
    rig.xds.publish({ Cluster: { new: '1' }, RouteConfiguration: { r: 'new' } });
    await client.take('Cluster');
    const routes = await client.next('RouteConfiguration');
    rig.xds.clock.pass(OLD_MS - YOUNG_MS);
    await new Promise(setImmediate);
    expect(isOpen(client)).toBe(true);
    client.ack('RouteConfiguration', routes);
    expect(await ended(client)).toMatchObject({ code: status.OK });
  });
});

describe.each(FORMS)('a stop, $title', (form) => {
  const rig = withXds();

  test('T8: streams end with OK one after the other, within the time that they are given', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const clients = Array.from({ length: 20 }, (_, index) => rig.connect(form, { id: `node-${index}` }));
    for (const client of clients) {
      client.want('Cluster', '*');
      await client.take('Cluster');
    }
    while (rig.xds.counts.get('acks:Cluster') !== clients.length) await new Promise(setImmediate);
    const closing = rig.xds.server.close({ spreadMs: 100_000 });
    while (rig.xds.counts.get('streams') === clients.length) await new Promise(setImmediate);
    expect(rig.xds.counts.get('streams')).toBeGreaterThan(0);
    rig.xds.clock.pass(1_000);
    for (const client of clients) expect(await ended(client)).toMatchObject({ code: status.OK });
    await closing;
  });

  test('T8, D24: what is under way is waited for; no new streams come', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    const unanswered = await client.next('Cluster');
    const closing = rig.xds.server.close({ spreadMs: 10_000 });
    await new Promise(setImmediate);
    expect(isOpen(client)).toBe(true);
    const late = rig.connect(form);
    late.want('Cluster', '*');
    expect((await ended(late)).code).toBe(status.UNAVAILABLE);
    client.ack('Cluster', unanswered);
    expect(await ended(client)).toMatchObject({ code: status.OK });
    await closing;
  });

  test('T8, X12: who has had no answer yet is kept until the time is up', async () => {
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.settled();
    const closing = rig.xds.server.close({ spreadMs: 10_000 });
    rig.xds.clock.pass(9_000);
    await new Promise(setImmediate);
    expect(isOpen(client)).toBe(true);
    rig.xds.clock.pass(1_001);
    expect(await ended(client)).toMatchObject({ code: status.OK });
    await closing;
  });
});

describe.each(FORMS)('many at once, $title', (form) => {
  const rig = withXds({ admission: { firstPushes: 2, smallBytes: 0, streamsPerSecond: 1_000 } });
  const connect = (count: number): readonly TestClient[] =>
    Array.from({ length: count }, (_, index) => rig.connect(form, { id: `node-${index}` }));

  test('T9, D26, B69: so many first pushes at once; the others wait open, in order, and nobody waits for a change', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const clients = connect(5);
    for (const [index, client] of clients.entries()) {
      client.want('Cluster', '*');
      while ((rig.xds.counts.get('requests:Cluster') ?? 0) <= index) await new Promise(setImmediate);
    }
    const [one, two, three, four, five] = clients;
    const first = await one?.next('Cluster');
    await two?.take('Cluster');
    expect((await three?.next('Cluster'))?.resources).toEqual({ a: '1' });
    expect([one, two, three, four, five].map((client) => client?.stream('Cluster').waiting.length)).toEqual([0, 0, 0, 0, 0]);
    rig.xds.publish({ Cluster: { a: '2' } });
    expect((await two?.take('Cluster'))?.resources).toEqual({ a: '2' });
    if (first !== undefined) one?.ack('Cluster', first);
    expect((await one?.take('Cluster'))?.resources).toEqual({ a: '2' });
    expect((await four?.take('Cluster'))?.resources).toEqual({ a: '2' });
    expect((await five?.take('Cluster'))?.resources).toEqual({ a: '2' });
  });

  test('T9: one without progress for ten seconds gives its place back', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const clients = connect(3);
    for (const [index, client] of clients.entries()) {
      client.want('Cluster', '*');
      while ((rig.xds.counts.get('requests:Cluster') ?? 0) <= index) await new Promise(setImmediate);
    }
    await clients[0]?.next('Cluster');
    await clients[1]?.next('Cluster');
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(clients[2]?.stream('Cluster').waiting).toEqual([]);
    rig.xds.clock.pass(10_001);
    expect((await clients[2]?.take('Cluster'))?.resources).toEqual({ a: '1' });
  });

  test('T9: who waits and goes lets the next one in', async () => {
    rig.xds.publish({ Cluster: { a: '1' } });
    const clients = connect(4);
    for (const [index, client] of clients.entries()) {
      client.want('Cluster', '*');
      while ((rig.xds.counts.get('requests:Cluster') ?? 0) <= index) await new Promise(setImmediate);
    }
    const [one, two, three, four] = clients;
    await one?.next('Cluster');
    await two?.next('Cluster');
    three?.disconnect();
    one?.disconnect();
    expect((await four?.take('Cluster'))?.resources).toEqual({ a: '1' });
  });
});
