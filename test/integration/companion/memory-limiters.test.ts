// Two `chancery ratelimit` of one gateway whose limits are counted in memory (ratelimit R603): proxies are sent to one of them, and operators are told.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Chancery, runChancery, startChancery } from '../../support/chancery-process.ts';
import { eventually } from '../../support/eventually.ts';
import { type RatelimitCompanionProcess, startRatelimitCompanion } from '../../support/ratelimit-process.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const edge = (store: string): string => `
version: v1
gateway: edge
listeners: {http: {port: 10000}}
rateLimitService: ${store}
services: {orders: {endpoints: ["127.0.0.1:9000"]}}
rateLimits: {per-user: {key: [header.x-user], rate: 50/day, algorithm: fixedWindow}}
routes: [{name: orders, matches: [{path: {prefix: /orders}}], backends: [orders], rateLimits: [per-user]}]
`;

let workspace: Workspace;
let plane: Chancery;
const limiters: RatelimitCompanionProcess[] = [];

beforeAll(async () => {
  workspace = await createWorkspace();
  const file = await workspace.write('edge.yaml', edge('{store: memory}'));
  plane = await startChancery({ files: [file], state: workspace.path('state'), args: ['--companions', 'none'] });
});
afterAll(async () => {
  await Promise.all(limiters.map(({ child }) => child.stop()));
  await plane?.stop();
  await workspace?.remove();
});

async function limiter(id: string): Promise<RatelimitCompanionProcess> {
  const running = await startRatelimitCompanion(['--server', `127.0.0.1:${plane.xdsPort}`, '--gateway', 'edge', '--node-id', id]);
  limiters.push(running);
  return running;
}

async function states(): Promise<readonly string[]> {
  const { companions } = (await plane.api('/api/v1/companions')) as { companions: { id: string; state: string }[] };
  return companions.map(({ id, state }) => `${id} ${state}`);
}

async function become(expected: readonly string[]): Promise<void> {
  await eventually(async () => expect(await states()).toEqual(expected), { timeoutMs: 20_000 });
}

it('the second one gets no requests, status says what to do, and it takes over when the first one ends (R603)', async () => {
  const first = await limiter('b');
  await become(['b serving']);
  await limiter('a');
  await become(['a spare', 'b serving']);
  const server = ['--server', `http://127.0.0.1:${plane.adminPort}`];
  const { stdout } = await runChancery(['status', ...server]);
  expect(stdout).toContain('edge: a gets no requests: limits are counted in the memory of b, and two would each admit the whole rate');
  expect(stdout).toContain('help: write rateLimitService.store: redis, or stop one of them');
  expect(plane.logs().split('"event":"companion.spare"')).toHaveLength(2);
  const metrics = await fetch(`http://127.0.0.1:${plane.adminPort}/metrics`);
  expect(await metrics.text()).toContain('chancery_companions{gateway="edge",role="ratelimit",state="spare"} 1');
  await first.child.stop();
  await become(['a serving']);
});
