// Limits divided over real Envoys (ratelimit §7, R214, R1011): what all let pass together, a proxy that is killed, and a companion that is gone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Compilation } from '../../../src/compiler/types.ts';
import { startCompiledEnvoy } from '../../support/compiled-envoy.ts';
import type { Envoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { compileGatewayFile } from '../../support/golden-gateway.ts';
import { request } from '../../support/http-client.ts';
import { type QuotaServer, startQuotaService } from '../../support/quota-service.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const LIMIT = 40;

let workspace: Workspace;
let upstream: Upstream;
const services: QuotaServer[] = [];
const envoys: Envoy[] = [];

const gatewayText = (limiter: number): string => `version: v1
gateway: shop
listeners:
  http: {port: 10000}
rateLimitService: {endpoints: ["127.0.0.1:${limiter}"]}
rateLimits:
  report: {key: [route, const.50%], rate: ${LIMIT}/second, scope: quota, reserve: 0%}
  blocked: {key: [], rate: ${LIMIT}/second, scope: quota, onFailure: deny}
  tier: {key: [service, {header: x-tier, in: [gold, free]}], rate: 600/minute, burst: 3, scope: quota, reserve: 0%, onFailure: deny}
services:
  backend: {endpoints: ["${upstream.address}"]}
routes:
  - {name: report, matches: [{path: {prefix: /report}}], backends: [backend], rateLimits: [report]}
  - {name: blocked, matches: [{path: {prefix: /blocked}}], backends: [backend], rateLimits: [blocked]}
  - {name: tier, matches: [{path: {prefix: /tier}}], backends: [backend], rateLimits: [tier]}
`;

beforeAll(async () => {
  workspace = await createWorkspace();
  upstream = await startUpstream({ name: 'backend' });
});
afterAll(async () => {
  await Promise.all(envoys.map((envoy) => envoy.stop()));
  await Promise.all(services.map((service) => service.stop()));
  await upstream.close();
  await workspace.remove();
});

async function startFleet(name: string, proxies: number): Promise<{ readonly service: QuotaServer; readonly fleet: readonly Proxy[] }> {
  const limiter = await freePort();
  const compilation = await compileGatewayFile(await workspace.write(`${name}.yaml`, gatewayText(limiter)));
  const service = await startQuotaService(compilation, limiter);
  services.push(service);
  const fleet = await Promise.all(Array.from({ length: proxies }, () => startProxy(compilation)));
  return { service, fleet };
}

interface Proxy {
  readonly envoy: Envoy;
  readonly port: number;
  get(path: string, headers?: Readonly<Record<string, string>>): ReturnType<typeof request>;
}

async function startProxy(compilation: Compilation): Promise<Proxy> {
  const { envoy, port } = await startCompiledEnvoy(compilation);
  envoys.push(envoy);
  return { envoy, port, get: (path, headers = {}) => request({ port, path, headers }) };
}

interface Load {
  /** Requests that passed so far. */
  passed: number;
  stop(): void;
}

/** So many requests a second, however they are answered. */
function load({ get }: Proxy, path: string, perSecond: number): Load {
  const state = { passed: 0, stop: () => clearInterval(timer) };
  const timer = setInterval(() => {
    void get(path)
      .then(({ status }) => {
        if (status === 200) state.passed += 1;
      })
      .catch(() => {});
  }, 1_000 / perSecond);
  return state;
}

/** Requests a second that pass, over so many seconds. */
async function rateOf(loads: readonly Load[], seconds: number): Promise<number> {
  const sum = (): number => loads.reduce((all, { passed }) => all + passed, 0);
  const [before, startMs] = [sum(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return ((sum() - before) * 1_000) / (performance.now() - startMs);
}

describe.concurrent('a limit of scope quota', () => {
  test('two proxies let pass what it says together, and one of them all of it when the other was killed (R703, R704, R1011)', async () => {
    const { fleet } = await startFleet('two', 2);
    const [first, second] = fleet;
    if (first === undefined || second === undefined) throw new Error('two proxies');
    const loads = [load(first, '/report/x', 50), load(second, '/report/x', 50)];
    const isHalf = async (one: Load): Promise<boolean> => Math.abs((await rateOf([one], 2)) - LIMIT / 2) < LIMIT * 0.1;
    await eventually(async () => (await Promise.all(loads.map(isHalf))).every((half) => half), {
      timeoutMs: 30_000,
      what: 'a division by demand',
    });
    const together = await rateOf(loads, 5);
    expect(together).toBeGreaterThan(LIMIT * 0.95);
    expect(together).toBeLessThan(LIMIT * 1.05);
    await second.envoy.stop();
    loads[1]?.stop();
    const killedMs = performance.now();
    await eventually(async () => expect(await rateOf(loads.slice(0, 1), 2)).toBeGreaterThan(LIMIT * 0.9), { timeoutMs: 32_000 });
    expect(performance.now() - killedMs).toBeLessThan(30_000);
    loads[0]?.stop();
  });

  test('goes on with what it has when the companion is gone, then by onFailure; bears no header of ours to the backend (R214, R707, R809)', async () => {
    const { service, fleet } = await startFleet('gone', 1);
    const [proxy] = fleet;
    if (proxy === undefined) throw new Error('a proxy');
    expect((await proxy.get('/blocked', { 'x-chancery-quota': 'report' })).status).toBe(429);
    await eventually(async () => expect((await proxy.get('/blocked')).status).toBe(200));
    // A value of its own for each listed one; others have none, and pass (R111).
    const tier = async (value: string): Promise<number> => (await proxy.get('/tier', { 'x-tier': value })).status;
    expect([await tier('gold'), await tier('lead'), await tier('gold,free'), (await proxy.get('/tier')).status]).toEqual([
      429, 200, 200, 200,
    ]);
    await eventually(async () => expect(await tier('gold')).toBe(200));
    expect(await tier('free')).toBe(429);
    await eventually(async () => expect(await tier('free')).toBe(200));
    const seen = (await proxy.get('/report', { 'x-chancery-quota': 'other', 'x-chancery-quota-key': 'x' })).json();
    expect(JSON.stringify(seen)).not.toContain('x-chancery-quota');
    await service.stop();
    const goneMs = performance.now();
    expect((await proxy.get('/blocked')).status).toBe(200);
    await eventually(async () => expect((await proxy.get('/blocked')).status).toBe(429), {
      timeoutMs: 30_000,
      intervalMs: 200,
    });
    expect(performance.now() - goneMs).toBeGreaterThan(10_000);
    expect(performance.now() - goneMs).toBeLessThan(25_000);
    expect((await proxy.get('/report')).status).toBe(200);
    const denied = await proxy.get('/blocked', { 'content-type': 'application/grpc', te: 'trailers' });
    expect(denied.headers['grpc-status'] ?? denied.trailers['grpc-status']).toBe('8');
  });
});
