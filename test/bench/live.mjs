// PB9 with real Envoys: 5,000 routes and three of them. From the save of a file, and from the push of an endpoint, until all have accepted it,
// as `GET /api/v1/events` tells; waves as by default.
import { get } from 'node:http';
import { freePort, startEnvoy } from './envoy-process.mjs';
import { gatewayText } from './large-gateway.mjs';
import { percentile, report } from './measure.mjs';
import { cpuMsOf, startServe } from './serve-process.mjs';

const ENVOYS = 3;
const EDITS = 50;
const WARM_UPS = 5;
const DEADLINE_MS = 60_000;
const SIZE = { routes: 5_000, services: 1_000 };
const PUSHED = 'orders-7';

const port = await freePort();
const serve = await startServe(text(-1));
const events = await follow();
for (let number = 0; number < ENVOYS; number++) startEnvoy(serve, `bench-${number}`);
const connected = new Set();
await events.until('the start of the Envoys', ({ kind, node }) => kind === 'reached' && connected.add(node).size === ENVOYS);

const saves = await repeated(async (edit) => {
  const live = events.until(`edit ${edit}`, ({ kind }) => kind === 'live');
  return { atMs: serve.save(text(edit)), done: live };
});
await push(0);
const pushes = await repeated(async (edit) => {
  const told = new Set();
  const isAck = ({ kind, details }) => kind === 'ack' && details.type === 'ClusterLoadAssignment';
  const done = events.until(`endpoint ${edit}`, (event) => isAck(event) && told.add(event.node).size === ENVOYS);
  const atMs = Date.now();
  await push(edit + 1);
  return { atMs, done };
});

const figure = (value) => ({ median: value, min: value, max: value });
const rowsOf = (name, { walls, cpuMs }, goalId) => [
  { id: 'PB9', name: `${name}: p50`, wallMs: figure(percentile(walls, 50)) },
  { id: 'PB9', name: 'the same: p99', goalId, wallMs: figure(percentile(walls, 99)) },
  ...(cpuMs === undefined ? [] : [{ id: 'PB9', name: 'the same: CPU of the control plane each', cpuMs: figure(cpuMs / EDITS) }]),
];
report([
  ...rowsOf(`save to the last ACK of ${ENVOYS} real Envoys, 5,000 routes, ${EDITS} edits`, saves, 'live-p99'),
  ...rowsOf(`endpoint to the last ACK of ${ENVOYS} real Envoys`, pushes, 'endpoint-live-p99'),
]);
serve.stop();
process.exit(0);

async function repeated(change) {
  const walls = [];
  let cpuBefore;
  for (let edit = -WARM_UPS; edit < EDITS; edit++) {
    if (edit === 0) cpuBefore = cpuMsOf(serve.pid);
    const { atMs, done } = await change(edit + WARM_UPS);
    const endedMs = await done;
    if (edit >= 0) walls.push(endedMs - atMs);
    // The next change is one of its own.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  walls.sort((left, right) => left - right);
  const cpuAfter = cpuMsOf(serve.pid);
  return { walls, cpuMs: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore };
}

function text(edit) {
  return gatewayText({ ...SIZE, edited: SIZE.routes / 2, timeout: `${edit + 10}s` })
    .replace('{port: 10000}', `{port: ${port}}`)
    .replace(new RegExp(`(  ${PUSHED}:\\n)    endpoints: .*\\n`), '$1    discovery: {push: {}}\n');
}

async function push(edit) {
  const answer = await fetch(`http://127.0.0.1:${serve.adminPort}/api/v1/endpoints/${PUSHED}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ endpoints: [`10.0.0.${(edit % 200) + 1}:8080`, '10.0.1.1:8080'] }),
  });
  if (!answer.ok) throw new Error(`the endpoint was not taken: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Follows the server-sent events; `until` gives when, in ms since the epoch, an event came that fits. */
function follow() {
  const waiting = new Set();
  return new Promise((resolve, reject) => {
    const request = get({ port: serve.adminPort, host: '127.0.0.1', path: '/api/v1/events' }, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (data) => {
        const atMs = Date.now();
        const parts = (rest + data).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          const line = part.split('\n').find((candidate) => candidate.startsWith('data: '));
          if (line === undefined) continue;
          const event = JSON.parse(line.slice(6));
          for (const one of waiting) if (one.fits(event)) one.found(atMs);
        }
      });
      resolve({ until });
    });
    request.on('error', reject);
  });
  function until(what, fits) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} took more than ${DEADLINE_MS / 1000} s\n${serve.output()}`)), DEADLINE_MS);
      const one = {
        fits,
        found: (atMs) => {
          clearTimeout(timer);
          waiting.delete(one);
          resolve(atMs);
        },
      };
      waiting.add(one);
    });
  }
}
