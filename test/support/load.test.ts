import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grpcRequest } from './grpc-call.ts';
import { startLoad } from './load.ts';
import { startUpstream, type Upstream } from './upstream.ts';

describe.each(['1.1', '2'] as const)('load over HTTP/%s', (http) => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream({ name: 'backend', protocol: http === '2' ? 'h2' : 'http1' });
  });
  afterAll(() => upstream.close());
  const load = (more: Partial<Parameters<typeof startLoad>[0]> = {}) =>
    startLoad({ target: { port: upstream.port, http }, request: () => ({ path: '/' }), perSecond: 200, ...more });

  test('counts every answer of a healthy backend and finds no failure', async () => {
    upstream.reset();
    const running = await load();
    await running.more(50);
    const report = await running.stop();
    expect(report.failures).toEqual([]);
    expect(report.sent).toBe(upstream.requests.length);
    expect(report.byUpstream.get('backend')).toBe(report.sent);
  });

  test('keeps the rate whether or not answers come', async () => {
    upstream.reset();
    upstream.reply = () => ({ delayMs: 300 });
    const begun = performance.now();
    const running = await load();
    await running.more(40);
    await running.stop();
    const seconds = (performance.now() - begun) / 1_000;
    expect(upstream.requests.length).toBeGreaterThan(40);
    expect(upstream.requests.length).toBeLessThanOrEqual(seconds * 200);
  });

  test.each([
    ['a status', { status: 503 }, /^status 503/],
    ['a reset', { instead: 'reset' }, /reset|RESET|hang up|INTERNAL_ERROR/],
    ['an answer cut off', { instead: 'cut' }, /reset|RESET|aborted|INTERNAL_ERROR/],
    ['a late answer', { delayMs: 2_500 }, /^took \d+ ms/],
    ['no answer', { instead: 'hang' }, /no answer in time|aborted/],
  ] as const)('counts %s as a failure, once for each', async (_title, bad, problem) => {
    upstream.reset();
    upstream.reply = ({ path }) => (Number(path.slice(1)) % 10 === 3 ? bad : {});
    // Far above what a busy machine may take for a good answer, far below what is counted as bad.
    const running = await load({ request: (n) => ({ path: `/${n}`, timeoutMs: 4_000 }), lateAfterMs: 2_000 });
    await running.more(40);
    const { failures, sent } = await running.stop();
    expect(failures.map(({ n }) => n).sort((a, b) => a - b)).toEqual(
      Array.from({ length: Math.floor((sent + 6) / 10) }, (_, index) => index * 10 + 3),
    );
    for (const failure of failures) expect(failure.problem).toMatch(problem);
  });

  test('counts requests that find the backend down and goes on when it is back', async () => {
    upstream.reset();
    const running = await load();
    await running.more(20);
    await upstream.down();
    await running.more(20);
    await upstream.up();
    await running.more(40);
    const { failures, sent, opened } = await running.stop();
    expect(failures.length).toBeGreaterThanOrEqual(15);
    expect(failures.length).toBeLessThan(sent - 40);
    expect(opened).toBeGreaterThan(0);
  });
});

test('load over gRPC counts a status other than OK', async () => {
  const upstream = await startUpstream({ name: 'backend', protocol: 'h2' });
  upstream.reply = ({ body }) => ({ grpcStatus: body[5] === 7 ? 14 : 0 });
  const running = await startLoad({
    target: { port: upstream.port, http: '2' },
    request: (n) => grpcRequest('/shop.Orders/Get', Buffer.from([n % 10])),
    perSecond: 200,
  });
  await running.more(30);
  const { failures, sent } = await running.stop();
  expect(failures.length).toBe(Math.floor((sent + 2) / 10));
  expect(failures.every(({ n, problem }) => n % 10 === 7 && problem.startsWith('grpc-status 14'))).toBe(true);
  await upstream.close();
});
