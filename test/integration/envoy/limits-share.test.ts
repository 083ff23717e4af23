// Limits that all proxies of a gateway have together (ratelimit R213): real Envoys, each with its even share, which grows when one of them leaves.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type Fleet, startFleet } from '../../support/fleet.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';

const LIMIT = 12;
/** So slow that nothing is added while the test runs. */
const configOf = (backend: string): string => `
listeners: {http: {port: 10000}}
rateLimits:
  before: {key: [], rate: ${LIMIT}/day, scope: local, per: fleet}
  after: {key: [header.x-case], rate: ${LIMIT}/day, scope: local, per: fleet}
  own: {key: [], rate: ${LIMIT}/day, scope: local}
services: {backend: {endpoints: ["${backend}"]}}
routes:
  - {name: before, matches: [{path: {exact: /before}}], backends: [backend], rateLimits: [before]}
  - {name: after, matches: [{path: {exact: /after}}], backends: [backend], rateLimits: [after]}
  - {name: own, matches: [{path: {exact: /own}}], backends: [backend], rateLimits: [own]}
`;

let fleet: Fleet;
let backend: Upstream;

beforeAll(async () => {
  backend = await startUpstream({ name: 'backend' });
  fleet = await startFleet({ config: configOf(backend.address), proxies: { one: {}, two: { variant: 'sotw' } } });
});
afterAll(async () => {
  await fleet.stop();
  await backend.close();
});

/** How many of twice as many requests as the limit has pass. */
async function passed(proxy: string, path: string, headers = {}): Promise<number> {
  let count = 0;
  for (let sent = 0; sent < 2 * LIMIT; sent += 1) {
    const { status } = await fleet.send({ proxy, port: 10_000, path, headers });
    if (status === 200) count += 1;
  }
  return count;
}

async function knows(proxy: string, proxies: number): Promise<void> {
  const { admin } = fleet.proxy(proxy).envoy;
  const look = async (): Promise<boolean> => (await admin.stat('cluster.chancery/fleet.membership_total')) === proxies;
  await eventually(look, { what: `${proxy} to know of ${proxies} proxies`, timeoutMs: 20_000 });
}

describe('a limit that all proxies have together', () => {
  test('is divided evenly, whichever form of xDS they speak, and grows when one leaves; one of its own is whole (R212, R213, R1011)', async () => {
    await Promise.all([knows('one', 2), knows('two', 2)]);
    expect(await passed('one', '/before')).toBe(LIMIT / 2);
    expect(await passed('two', '/before')).toBe(LIMIT / 2);
    expect([await passed('one', '/own'), await passed('two', '/own')]).toEqual([LIMIT, LIMIT]);
    expect(await passed('one', '/after', { 'x-case': 'divided' })).toBe(LIMIT / 2);
    await fleet.leave('two');
    await knows('one', 1);
    expect(await passed('one', '/after', { 'x-case': 'alone' })).toBe(LIMIT);
  });
});
