// Random edits of everything else while load runs on one route: no request fails, Envoy refuses nothing, and every edit goes live.
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { acceptedGateway } from '../../support/accepted-gateway.ts';
import { freePort } from '../../support/free-port.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';
import { grpcRequest } from '../../support/grpc-call.ts';
import { startLoad } from '../../support/load.ts';
import { randomGateway } from '../../support/random-gateway.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

/** RANDOM_SEED and RANDOM_RUNS repeat a failure or look further. */
const SEED = Number(process.env.RANDOM_SEED ?? 20_261_122);
const RUNS = Number(process.env.RANDOM_RUNS ?? 8);

let gateway: Gateway;
let workspace: Workspace;
let web: Upstream;
let rpc: Upstream;
let port: number;

const config = (services: object, routes: readonly object[], runtime: object = {}): string =>
  stringify({
    allowLargeRemoval: true,
    runtime,
    listeners: { http: { port } },
    services: { web: { endpoints: [web.address] }, rpc: { endpoints: [rpc.address], protocol: 'grpc' }, ...services },
    routes: [
      { name: 'web', hostnames: ['steady.test'], backends: ['web'] },
      { name: 'rpc', hostnames: ['steady.test'], matches: [{ grpc: { service: 'shop.v1.Steady' } }], backends: ['rpc'] },
      ...routes,
    ],
  });

beforeAll(async () => {
  workspace = await createWorkspace();
  web = await startUpstream({ name: 'web' });
  rpc = await startUpstream({ name: 'rpc', protocol: 'h2' });
  port = await freePort();
});
afterEach(() => gateway?.stop());
afterAll(async () => {
  await web.close();
  await rpc.close();
  await workspace.remove();
});

test.each(['delta', 'sotw'] as const)(
  'over %s ADS no request of a route fails while everything around it is edited at random',
  async (variant) => {
    gateway = await startGateway({ config: config({}, []), variant });
    const api = loadEnvoyApi();
    const slow = { timeoutMs: 15_000, host: 'steady.test' };
    const loads = [
      await startLoad({ target: { port }, request: () => slow, perSecond: 80, lateAfterMs: 5_000 }),
      await startLoad({
        target: { port, http: '2' },
        request: () => grpcRequest('/shop.v1.Steady/Get', undefined, slow),
        perSecond: 50,
        lateAfterMs: 5_000,
      }),
    ];
    const samples = fc.sample(randomGateway, { seed: SEED, numRuns: RUNS });
    for (const sample of samples) {
      const random = await acceptedGateway({ ...sample, listeners: { http: { port } } }, { api, workspace });
      await gateway.apply(config(random.gateway.services, random.gateway.routes, random.gateway.runtime));
    }
    const reports = await Promise.all(loads.map((load) => load.stop()));
    expect(reports.map(({ failures }) => failures)).toEqual([[], []]);
    const refused = [...(await gateway.envoy.admin.stats('update_rejected$'))].filter(([, count]) => count > 0);
    expect([refused, gateway.envoy.logs()]).toEqual([[], expect.not.stringMatching(/rejected|envoy bug/i)]);
  },
  60_000 + RUNS * 5_000,
);
