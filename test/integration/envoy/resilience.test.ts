// What happens when backends are slow, failing or too busy, against a real Envoy: timeouts, retries, circuit breakers, outlier ejection.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { createGate } from '../../support/gate.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcAnswer, grpcRequest } from '../../support/grpc-call.ts';
import { openConnection } from '../../support/http-client.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import type { Reply, SeenRequest } from '../../support/upstream-exchange.ts';

let gateway: Gateway;
let upstreams: Readonly<Record<'a' | 'b' | 'h2', Upstream>>;
let port: number;

const config = (): string => {
  const a = `endpoints: ["${upstreams.a.address}"]`;
  const pair = `endpoints: ["${upstreams.a.address}", "${upstreams.b.address}"]`;
  return `
listeners:
  http: {port: ${port}}
accessLog: {json: stdout}
services:
  plain: {${a}}
  pair: {${pair}}
  h2: {endpoints: ["${upstreams.h2.address}"], protocol: h2}
  one-request: {endpoints: ["${upstreams.h2.address}"], protocol: h2, circuitBreaker: {maxRequests: 1}}
  one-connection: {${a}, circuitBreaker: {maxConnections: 1, maxPendingRequests: 1}}
  many-retries: {${a}, circuitBreaker: {maxRetries: 100}}
  no-budget: {${a}, circuitBreaker: {retryBudget: {percent: 0, minConcurrency: 0}}}
  budget: {${a}, circuitBreaker: {retryBudget: {percent: 20, minConcurrency: 3}}}
  no-retries: {${a}, circuitBreaker: {maxRetries: 0}}
  ejecting: {${pair}, outlierDetection: {consecutive5xx: 3, interval: 50ms, baseEjectionTime: 300ms, maxEjectionTime: 300ms, maxEjectionPercent: 50}}
  ejecting-gateway: {${pair}, outlierDetection: {consecutive5xx: 0, consecutiveGatewayFailures: 3, interval: 50ms, baseEjectionTime: 60s, maxEjectionPercent: 50}}
  ejecting-local: {${pair}, outlierDetection: {consecutive5xx: 0, consecutiveLocalOriginFailures: 3, interval: 50ms, baseEjectionTime: 60s, maxEjectionPercent: 50}}
routes:
  - {name: t-short, hostnames: [t-short.test], backends: [plain], timeout: 200ms}
  - {name: t-none, hostnames: [t-none.test], backends: [plain], timeout: none}
  - {name: t-idle, hostnames: [t-idle.test], backends: [plain], timeout: none, idleTimeout: 200ms}
  - {name: t-grpc, hostnames: [t-grpc.test], matches: [{grpc: {service: shop.v1.Orders}}], backends: [h2], timeout: 300ms}
  - {name: y-none, hostnames: [y-none.test], backends: [plain]}
  - {name: y-5xx, hostnames: [y-5xx.test], backends: [plain], retry: {attempts: 2, retryOn: [5xx], backoff: 1ms..5ms}}
  - {name: y-default, hostnames: [y-default.test], backends: [plain], retry: {attempts: 2, backoff: 1ms..5ms}}
  - {name: y-codes, hostnames: [y-codes.test], backends: [plain], retry: {attempts: 3, statusCodes: [409, 429], backoff: 1ms..5ms}}
  - {name: y-reset, hostnames: [y-reset.test], backends: [plain], retry: {attempts: 1, retryOn: [reset], backoff: 1ms..5ms}}
  - {name: y-refused, hostnames: [y-refused.test], backends: [h2], retry: {attempts: 1, retryOn: [refused-stream], backoff: 1ms..5ms}}
  - {name: y-try, hostnames: [y-try.test], backends: [plain], timeout: 5s, retry: {attempts: 2, retryOn: [gateway-error], perTryTimeout: 150ms, backoff: 1ms..5ms}}
  - {name: y-whole, hostnames: [y-whole.test], backends: [plain], timeout: 300ms, retry: {attempts: 50, retryOn: [5xx], perTryTimeout: 100ms, backoff: 1ms..5ms}}
  - {name: y-backoff, hostnames: [y-backoff.test], backends: [many-retries], retry: {attempts: 1, retryOn: [5xx], backoff: 400ms..400ms}}
  - {name: y-connect, hostnames: [y-connect.test], backends: [pair], retry: {attempts: 3, retryOn: [connect-failure], backoff: 1ms..5ms}}
  - {name: c-requests, hostnames: [c-requests.test], backends: [one-request]}
  - {name: c-connections, hostnames: [c-connections.test], backends: [one-connection]}
  - {name: c-no-budget, hostnames: [c-no-budget.test], backends: [no-budget], retry: {attempts: 2, retryOn: [5xx], backoff: 1ms..5ms}}
  - {name: c-budget, hostnames: [c-budget.test], backends: [budget], retry: {attempts: 2, retryOn: [5xx], backoff: 1ms..5ms}}
  - {name: c-no-retries, hostnames: [c-no-retries.test], backends: [no-retries], retry: {attempts: 2, retryOn: [5xx], backoff: 1ms..5ms}}
  - {name: o-5xx, hostnames: [o-5xx.test], backends: [ejecting]}
  - {name: o-gateway, hostnames: [o-gateway.test], backends: [ejecting-gateway]}
  - {name: o-local, hostnames: [o-local.test], backends: [ejecting-local]}
`;
};

beforeAll(async () => {
  upstreams = {
    a: await startUpstream({ name: 'a' }),
    b: await startUpstream({ name: 'b' }),
    h2: await startUpstream({ name: 'h2', protocol: 'h2' }),
  };
  port = await freePort();
  gateway = await startGateway({ config: config() });
});
afterAll(async () => {
  await gateway?.stop();
  for (const upstream of Object.values(upstreams)) await upstream.close();
});
beforeEach(() => {
  for (const upstream of Object.values(upstreams)) upstream.reset();
});

/** Answers one after the other, then successes. */
const inTurn = (replies: readonly Reply[]): ((request: SeenRequest) => Reply) => {
  const left = [...replies];
  return () => left.shift() ?? {};
};

describe('a timeout', () => {
  test('ends a request with 504', async () => {
    upstreams.a.reply = () => ({ instead: 'hang' });
    const begun = performance.now();
    expect((await gateway.send({ host: 't-short.test' })).status).toBe(504);
    expect(performance.now() - begun).toBeGreaterThan(190);
  });

  test('of none lets a request take its time', async () => {
    upstreams.a.reply = () => ({ delayMs: 500 });
    expect((await gateway.send({ host: 't-none.test' })).status).toBe(200);
  });

  test('of silence ends a stream', async () => {
    upstreams.a.reply = () => ({ instead: 'hang' });
    expect((await gateway.send({ host: 't-idle.test' })).status).toBe(504);
  });
});

describe('the timeout of a gRPC route', () => {
  const ask = async (headers: Record<string, string> = {}): Promise<readonly [number | undefined, number]> => {
    upstreams.h2.reply = () => ({ instead: 'hang' });
    const begun = performance.now();
    const answer = grpcAnswer(
      await gateway.send({ http: '2', ...grpcRequest('/shop.v1.Orders/Get', undefined, { host: 't-grpc.test', headers }) }),
    );
    return [answer.status, performance.now() - begun];
  };

  test('ends a call with DEADLINE_EXCEEDED', async () => {
    const [status, tookMs] = await ask();
    expect(status).toBe(4);
    expect(tookMs).toBeGreaterThan(290);
  });

  test("gives way to a shorter time of the caller's, not to a longer one", async () => {
    const [[shorter, shorterMs], [longer, longerMs]] = [await ask({ 'grpc-timeout': '100m' }), await ask({ 'grpc-timeout': '5S' })];
    expect([shorter, longer]).toEqual([4, 4]);
    expect(shorterMs).toBeLessThan(290);
    expect(longerMs).toBeLessThan(2_000);
  });
});

describe('a retry', () => {
  const bad: Reply = { status: 503 };

  test.each([
    // [host, what the backend answers in turn, status of the client, tries seen by the backend]
    ['y-none.test', [bad], 503, 1],
    ['y-5xx.test', [bad, bad], 200, 3],
    ['y-5xx.test', [bad, bad, bad, bad], 503, 3],
    ['y-5xx.test', [{ status: 500 }], 200, 2],
    ['y-5xx.test', [{ status: 404 }], 404, 1],
    ['y-default.test', [bad], 503, 1],
    ['y-codes.test', [{ status: 409 }, { status: 429 }], 200, 3],
    ['y-codes.test', [{ status: 400 }], 400, 1],
    ['y-reset.test', [{ instead: 'reset' }], 200, 2],
    ['y-reset.test', [{ instead: 'reset' }, { instead: 'reset' }], 503, 2],
    ['y-try.test', [{ instead: 'hang' }, { instead: 'hang' }], 200, 3],
    ['y-try.test', [{ instead: 'hang' }, { instead: 'hang' }, { instead: 'hang' }], 504, 3],
  ] as const)('of %s over %j gives %i after %i tries', async (host, replies, status, tries) => {
    upstreams.a.reply = inTurn(replies);
    const response = await gateway.send({ host, method: 'PUT', body: 'the body' });
    expect([response.status, upstreams.a.requests.length]).toEqual([status, tries]);
    expect(upstreams.a.requests.every(({ body }) => body.toString() === 'the body')).toBe(true);
  });

  test('after a refused stream goes through', async () => {
    upstreams.h2.reply = inTurn([{ instead: 'refuse' }]);
    expect((await gateway.send({ host: 'y-refused.test' })).status).toBe(200);
    expect(upstreams.h2.requests.length).toBe(2);
  });

  test('ends with the time of the whole route', async () => {
    upstreams.a.reply = () => ({ instead: 'hang' });
    const begun = performance.now();
    expect((await gateway.send({ host: 'y-whole.test' })).status).toBe(504);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(upstreams.a.requests.length).toBeGreaterThanOrEqual(2);
  });

  test('waits its back-off', async () => {
    const failed = new Set<string>();
    upstreams.a.reply = ({ path }) => (failed.has(path) ? {} : failed.add(path) && bad);
    const paths = Array.from({ length: 12 }, (_, n) => `/${n}`);
    const answers = await Promise.all(paths.map((path) => gateway.send({ host: 'y-backoff.test', path })));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    // Envoy waits a random part of the 400 ms: that all twelve wait less than 100 is one in seventeen millions.
    const waits = paths.map((path) => {
      const [first, second] = upstreams.a.requests.filter((request) => request.path === path);
      return (second?.atMs ?? 0) - (first?.atMs ?? 0);
    });
    expect(Math.max(...waits)).toBeGreaterThan(100);
  });

  test('goes to another endpoint when one cannot be connected to', async () => {
    await upstreams.a.down();
    for (let n = 0; n < 6; n += 1) expect((await gateway.send({ host: 'y-connect.test' })).headers['x-upstream']).toBe('b');
    await upstreams.a.up();
  });
});

describe('a circuit breaker', () => {
  test('with maxRequests 1 answers the second of two concurrent requests 503 at once, and closes again', async () => {
    const gate = createGate<Reply>();
    upstreams.h2.reply = () => gate.promise;
    const first = gateway.send({ host: 'c-requests.test' });
    await eventually(() => upstreams.h2.requests.length === 1);
    const second = await gateway.send({ host: 'c-requests.test' });
    expect([second.status, second.headers['x-envoy-overloaded']]).toEqual([503, 'true']);
    const logged = await eventually(() => gateway.envoy.accessLog().find(({ route, status }) => route === 'c-requests' && status === 503));
    expect(logged.flags).toBe('UO');
    expect(await gateway.envoy.admin.stat('cluster.service/one-request.upstream_rq_active_overflow')).toBe(1);
    gate.open({});
    expect((await first).status).toBe(200);
    expect((await gateway.send({ host: 'c-requests.test' })).status).toBe(200);
    expect(upstreams.h2.requests.length).toBe(2);
  });

  test('with one connection and one waiting request turns the third away', async () => {
    const gate = createGate<Reply>();
    upstreams.a.reply = () => gate.promise;
    const first = gateway.send({ host: 'c-connections.test' });
    await eventually(() => upstreams.a.requests.length === 1);
    const second = gateway.send({ host: 'c-connections.test' });
    await eventually(async () => (await gateway.envoy.admin.stat('cluster.service/one-connection.upstream_rq_pending_active')) === 1);
    expect((await gateway.send({ host: 'c-connections.test' })).status).toBe(503);
    gate.open({});
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect(new Set(upstreams.a.requests.map(({ connection }) => connection)).size).toBe(1);
  });

  test.each([
    ['without any retry budget', 'c-no-budget.test', 1],
    ['within its retry budget', 'c-budget.test', 3],
    ['with maxRetries 0', 'c-no-retries.test', 1],
  ])('%s lets a failing request try %s: %i times', async (_title, host, tries) => {
    upstreams.a.reply = () => ({ status: 503 });
    expect((await gateway.send({ host })).status).toBe(503);
    expect(upstreams.a.requests.length).toBe(tries);
  });
});

describe('outlier detection', () => {
  const askUntilEjected = async (host: string, service: string): Promise<void> => {
    const connection = await openConnection({ port });
    await eventually(async () => {
      await connection.request({ host });
      return (await gateway.envoy.admin.stat(`cluster.service/${service}.outlier_detection.ejections_active`)) === 1;
    });
    connection.close();
  };
  const answerers = async (host: string, times = 8): Promise<string[]> => {
    const seen = new Set<string>();
    for (let n = 0; n < times; n += 1) seen.add((await gateway.send({ host })).headers['x-upstream'] ?? 'none');
    return [...seen].sort();
  };

  test('ejects an endpoint that fails three times in a row, and takes it back after its time', async () => {
    upstreams.b.reply = () => ({ status: 500 });
    await askUntilEjected('o-5xx.test', 'ejecting');
    expect(upstreams.b.requests.length).toBe(3);
    upstreams.b.reset();
    await eventually(async () => (await answerers('o-5xx.test')).join() === 'a,b');
  });

  test('ejects for gateway failures alone where only these count', async () => {
    upstreams.b.reply = () => ({ status: 500 });
    expect(await answerers('o-gateway.test', 12)).toEqual(['a', 'b']);
    upstreams.b.reply = () => ({ status: 503 });
    await askUntilEjected('o-gateway.test', 'ejecting-gateway');
    expect(await answerers('o-gateway.test')).toEqual(['a']);
  });

  test('ejects an endpoint that cannot be connected to where such failures count', async () => {
    await upstreams.b.down();
    await askUntilEjected('o-local.test', 'ejecting-local');
    expect(await answerers('o-local.test')).toEqual(['a']);
    await upstreams.b.up();
  });
});
