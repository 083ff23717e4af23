// Limits come, move between the ways of counting and go, while load runs through real Envoys (ratelimit R1011, R111, R208; delivery D10, D11): no request is lost, and
// the bound of each way holds. The limiter is that of the control plane's own process.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drill } from '../support/drill.ts';
import { type Fleet, startFleet } from '../support/fleet.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const PER_SECOND = 20;
const BURST = 20;
let [web, rpc]: Upstream[] = [];
let fleet: Fleet;

/** `limits` and the names of those that stand on the routes that are under load. */
const config = (limits = '', names: readonly string[] = [], bound = ''): string => `
accessLog: {json: stdout}
listeners: {http: {port: 10080}}
allowLargeRemoval: true
rateLimitService: {timeout: 5s}
${limits === '' ? '' : `rateLimits: {${limits}}`}
services:
  web: {endpoints: ["${web?.address}"]}
  rpc: {endpoints: ["${rpc?.address}"], protocol: grpc}
routes:
  - {name: web, matches: [{path: {prefix: /orders}}], backends: [web]${on(names)}}
  - {name: rpc, matches: [{grpc: {service: shop.v1.Orders}}], backends: [rpc]${on(names)}}
  - {name: bound, matches: [{path: {exact: /bound}}], backends: [web]${on(bound === '' ? [] : [bound])}}
`;
const on = (names: readonly string[]): string => (names.length === 0 ? '' : `, rateLimits: [${names.join(', ')}]`);
/** So large that nobody is denied. */
const vast = (name: string, more: string): string => `${name}: {key: [route], rate: 1000000/second, ${more}}`;

beforeAll(async () => {
  web = await startUpstream({ name: 'web' });
  rpc = await startUpstream({ name: 'rpc', protocol: 'h2' });
  fleet = await startFleet({ control: 'process', config: config(), proxies: { delta: {}, sotw: { variant: 'sotw' } } });
});
afterAll(async () => {
  await fleet?.stop();
  await web?.close();
  await rpc?.close();
});

test('limits that are added, moved and taken away under load lose no request (R208, D10, D11)', () =>
  drill(async () => {
    const shared = vast('a', 'onFailure: deny');
    const early = vast('b', 'onFailure: deny, phase: early');
    const local = vast('c', 'scope: local');
    const edits = [
      config(shared, ['a']),
      config(`${shared}, ${early}`, ['a', 'b']),
      config(`${early}, ${local}`, ['b', 'c']),
      config(vast('a', 'scope: local'), ['a']),
      config(vast('a', 'scope: quota'), ['a']),
      config(`${shared}, ${early}, ${local}`, ['a', 'b', 'c']),
      config(),
    ];
    await fleet.underLoad(async (more) => {
      await more(12);
      for (const edit of edits) {
        await fleet.apply(edit);
        await more(12);
      }
    });
  }));

/** How many of the requests to `/bound` that two clients of each proxy sent for so long passed, and for how long that was. */
async function passed(seconds: number): Promise<{ readonly passed: number; readonly seconds: number }> {
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  let count = 0;
  const client = async (proxy: string): Promise<void> => {
    while (performance.now() < endMs) {
      const { status } = await fleet.send({ proxy, path: '/bound' });
      expect([200, 429]).toContain(status);
      if (status === 200) count += 1;
    }
  };
  await Promise.all(['delta', 'delta', 'sotw', 'sotw'].map(client));
  return { passed: count, seconds: (performance.now() - startMs) / 1_000 };
}

test.each([
  // Two proxies, each of which counts for itself.
  ['local', 'scope: local', { bursts: 2, rates: 2 }],
  ['shared', 'onFailure: deny', { bursts: 1, rates: 1 }],
  // A proxy whose part changes begins with a full bucket of it.
  ['quota', 'scope: quota, onFailure: deny', { bursts: 3, rates: 1 }],
])('one limit lets pass what it says when it has moved to scope %s (R105, R111, R705)', async (_scope, more, { bursts, rates }) => {
  await fleet.apply(config(`bound: {key: [route], rate: ${PER_SECOND}/second, burst: ${BURST}, ${more}}`, [], 'bound'));
  const seen = await passed(1.5);
  expect(seen.passed).toBeLessThanOrEqual(bursts * BURST + rates * PER_SECOND * seen.seconds);
  expect(seen.passed).toBeGreaterThan(0);
});
