// PB3: one changed endpoint beside 10,000 assignments, from the event to the snapshot that streams are offered; beside it the edit of a route.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEndpointOverlay } from '../../dist/app/live-endpoints.js';
import { createPipeline } from '../../dist/build/pipeline.js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { gatewayText, LARGE } from './large-gateway.mjs';
import { measure, report } from './measure.mjs';

const SIZE = { routes: 10_000, services: 10_000 };
const EVENTS_PER_ROUND = 20;

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'gateway.yaml');
const api = loadEnvoyApi();

let edits = 0;
function saveEdit(size) {
  edits += 1;
  writeFileSync(file, gatewayText({ ...size, edited: size.routes / 2, timeout: `${edits + 10}s` }));
}

async function build(pipeline) {
  const { good, issues } = await pipeline.build();
  if (good === undefined) throw new Error(`the benchmark's gateway is wrong: ${JSON.stringify(issues[0])}`);
  return good;
}

saveEdit(SIZE);
const { model, snapshot } = await build(createPipeline({ file, env: {}, api, nowMs: () => 0 }));

const nameOf = (event) => `orders-${event % SIZE.services}`;
// All 10,000 services are discovered ones; each event changes the endpoints of one of them.
const told = (port) => ({ endpoints: [{ address: { kind: 'ip', ip: '10.0.0.1', port }, weight: 1, priority: 0, metadata: {} }] });
const services = new Map(model.services.map((owner) => [owner.name, { service: { owner }, told: told(8080) }]));
let epoch = 0;
const discovery = {
  epoch: () => epoch,
  changedSince: (_gateway, since) => new Set(Array.from({ length: epoch - since }, (_, index) => nameOf(since + index + 1))),
  services: (_gateway, { names }) => (names === undefined ? services : new Map([...names].map((name) => [name, services.get(name)]))),
};
const overlay = createEndpointOverlay({ api, discovery });
overlay.over(snapshot);
function event() {
  epoch += 1;
  const name = nameOf(epoch);
  services.set(name, { ...services.get(name), told: told(1_024 + (epoch % 60_000)) });
  return overlay.over(snapshot);
}

const pipeline = createPipeline({ file, env: {}, api, nowMs: () => 0 });
saveEdit(LARGE);
await build(pipeline);
const taken = await measure(
  {
    // One event alone is shorter than the clock of CPU time is fine.
    events: () => ({
      measure: () => {
        for (let index = 0; index < EVENTS_PER_ROUND; index++) event();
      },
    }),
    edit: () => {
      saveEdit(LARGE);
      return { measure: () => build(pipeline) };
    },
  },
  { rounds: 15, warmUps: 5 },
);
const one = ({ median, min, max }) => ({ median: median / EVENTS_PER_ROUND, min: min / EVENTS_PER_ROUND, max: max / EVENTS_PER_ROUND });

report([
  {
    id: 'PB3',
    name: 'one endpoint beside 10,000 assignments, event to snapshot',
    cpuMs: one(taken.events.cpuMs),
    wallMs: one(taken.events.wallMs),
  },
  { id: 'PB3', name: `beside it: edit of one route, ${LARGE.name}`, ...taken.edit },
  {
    id: 'PB3',
    name: 'endpoint ÷ edit',
    goalId: 'endpoint-over-edit',
    ratio: taken.events.cpuMs.median / EVENTS_PER_ROUND / taken.edit.cpuMs.median,
  },
]);
