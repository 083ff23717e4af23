import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDiscoveryPorts } from '../../../src/app/discovery-ports.ts';
import { startHttpSource } from '../../../src/discovery/http-source.ts';
import type { ListSource } from '../../../src/discovery/list-source.ts';
import { eventually } from '../../support/eventually.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

let server: Server;
let origin: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
const seen: IncomingMessage[] = [];
const ports = createDiscoveryPorts({ nowMs: () => 0, random: () => 0 });

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    handle(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('a list behind a URL', () => {
  let clock: FakeClock;
  let source: ListSource | undefined;
  const listener = { answered: vi.fn(), unchanged: vi.fn(), failed: vi.fn() };

  beforeEach(() => {
    clock = createFakeClock();
    seen.length = 0;
    for (const told of Object.values(listener)) told.mockReset();
    return () => source?.close();
  });

  const start = (path = '/orders?token=canary', timeoutMs = 2_000): void => {
    const headers = { authorization: 'Bearer canary' };
    source = startHttpSource(
      { kind: 'http', url: `${origin}${path}`, intervalMs: 10_000, timeoutMs, headers },
      { ...ports, clock },
      listener,
    );
  };
  const failure = async (): Promise<string> => {
    await eventually(() => listener.failed.mock.calls.length > 0);
    return String(listener.failed.mock.calls[0]?.[0]);
  };
  const addresses = (call: number): unknown =>
    (listener.answered.mock.calls[call] as [{ address: object }[]])[0].map(({ address }) => address);

  test('is asked again and again, with its tag, and not read again while it is the same', async () => {
    let tag = '"1"';
    handle = ({ headers }, response) => {
      if (headers['if-none-match'] === tag) response.writeHead(304).end();
      else response.writeHead(200, { etag: tag }).end(tag === '"1"' ? '["10.0.0.1:80"]' : '{"endpoints": ["10.0.0.2:80"]}');
    };
    start();
    await eventually(() => listener.answered.mock.calls.length === 1);
    expect(addresses(0)).toEqual([{ kind: 'ip', ip: '10.0.0.1', port: 80 }]);
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer canary', accept: 'application/json' });
    await eventually(() => clock.waiting === 1);
    await clock.pass(9_999);
    expect(seen.length).toBe(1);
    await clock.pass(1);
    await eventually(() => listener.unchanged.mock.calls.length === 1);
    tag = '"2"';
    await eventually(() => clock.waiting === 1);
    await clock.pass(10_000);
    await eventually(() => listener.answered.mock.calls.length === 2);
    expect(addresses(1)).toEqual([{ kind: 'ip', ip: '10.0.0.2', port: 80 }]);
  });

  test('with a mistake is a failure that shows no query, and is asked for in full again', async () => {
    handle = (_request, response) => response.writeHead(200, { etag: '"1"' }).end('["nope"]');
    start();
    expect(await failure()).toBe(`${origin}/orders: endpoints.0: "nope" is not an address`);
    await eventually(() => clock.waiting === 1);
    await clock.pass(10_000);
    await eventually(() => seen.length === 2);
    expect(seen[1]?.headers['if-none-match']).toBeUndefined();
    expect(listener.answered).not.toHaveBeenCalled();
  });

  test.each([
    ['answers 500', (response: ServerResponse) => response.writeHead(500).end(), 'it answered 500'],
    ['is too long', (response: ServerResponse) => response.end(`["${'x'.repeat(1_100_000)}"]`), 'longer than 1048576 bytes'],
    [
      'leads to another host',
      (response: ServerResponse) => response.writeHead(302, { location: 'http://localhost:1/' }).end(),
      'another host',
    ],
    ['leads in a circle', (response: ServerResponse) => response.writeHead(302, { location: '/orders' }).end(), 'more than 3 times'],
    ['breaks off', (response: ServerResponse) => response.destroy(), 'other side closed'],
  ])('that %s is a failure', async (_what, reply, words) => {
    handle = (_request, response) => reply(response);
    start();
    expect(await failure()).toContain(words);
  });

  test('that does not answer in time is a failure', async () => {
    handle = () => undefined;
    start('/orders', 50);
    expect(await failure()).toMatch(/timeout/);
  });

  test('is followed to another place on its host', async () => {
    handle = ({ url }, response) =>
      url === '/moved' ? response.end('["10.0.0.3:80"]') : response.writeHead(307, { location: '/moved' }).end();
    start();
    await eventually(() => listener.answered.mock.calls.length === 1);
  });

  test('is asked no more once it is closed', async () => {
    handle = (_request, response) => response.end('[]');
    start();
    await eventually(() => clock.waiting === 1);
    source?.close();
    await clock.pass(100_000);
    expect([seen.length, clock.waiting]).toEqual([1, 0]);
  });
});
