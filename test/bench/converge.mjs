// PB9: from the save of a file with 5,000 routes, and from the push of an endpoint, to the last answer of 200 and of 1,000 clients; waves as by
// default. The program is `chancery serve` as it is run.
import { gatewayText } from './large-gateway.mjs';
import { percentile, report } from './measure.mjs';
import { start } from './push/fleet.mjs';
import { cpuMsOf, startServe } from './serve-process.mjs';

const ASSIGNMENT = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
const ROUTES = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
const SIZE = { routes: 5_000, services: 1_000 };
const PUSHED = 'orders-7';
const EDITS = 30;
const WARM_UPS = 5;

const rows = [];
for (const streams of [200, 1_000]) await converge(streams);
report(rows);
process.exit(0);

async function converge(streams) {
  const serve = await startServe(text(-1));
  const clients = start('clients', { port: serve.xdsPort, isFloor: false });
  await clients.ready;
  const names = Array.from({ length: SIZE.services }, (_, number) => `service/orders-${number}`);
  await clients.call('open', { count: streams, names, routes: ['routes/http'], answers: 4 });
  const given = { serve, clients, streams };
  const saves = await repeated(given, ROUTES, (edit) => serve.save(text(edit)));
  const what = `${streams.toLocaleString('en')} streams`;
  add({ name: `save to the last answer, 5,000 routes, ${what}`, streams, taken: saves, goalId: streams === 200 ? 'save-p99' : undefined });
  await endpoint(serve, 0);
  const compilesBefore = await compiles(serve);
  const endpoints = await repeated(given, ASSIGNMENT, (edit) => endpoint(serve, edit + 1));
  add({ name: `endpoint to the last answer, ${what}`, streams, taken: endpoints, goalId: streams === 200 ? 'endpoint-p99' : undefined });
  rows.push({
    id: 'PB3',
    name: 'compilations by these endpoints',
    goalId: 'endpoint-compiles',
    count: (await compiles(serve)) - compilesBefore,
  });
  clients.stop();
  serve.stop();
}

async function compiles({ adminPort }) {
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const lines = [...metrics.matchAll(/^chancery_compiles_total(?:\{.*\})? (\S+)/gm)];
  if (lines.length === 0) throw new Error('the control plane does not count its compilations');
  return lines.reduce((sum, [, value]) => sum + Number(value), 0);
}

function add({ name, streams, taken, goalId }) {
  const figure = (value) => ({ median: value, min: value, max: value });
  rows.push(
    { id: 'PB9', name: `${name}: p50`, wallMs: figure(percentile(taken.walls, 50)) },
    { id: 'PB9', name: 'the same: p99', ...(goalId === undefined ? {} : { goalId }), wallMs: figure(percentile(taken.walls, 99)) },
    ...(taken.cpuMs === undefined
      ? []
      : [
          {
            id: 'PB9',
            name: 'the same: CPU of the control plane per stream, µs',
            count: Math.round((taken.cpuMs * 1000) / EDITS / streams),
          },
        ]),
  );
}

async function repeated({ serve, clients }, typeUrl, change) {
  const walls = [];
  let cpuBefore;
  for (let edit = -WARM_UPS; edit < EDITS; edit++) {
    if (edit === 0) cpuBefore = cpuMsOf(serve.pid);
    const told = clients.call('next', typeUrl);
    const atMs = await change(edit + WARM_UPS);
    const endedMs = await told;
    if (edit >= 0) walls.push(endedMs - atMs);
  }
  walls.sort((left, right) => left - right);
  const cpuAfter = cpuMsOf(serve.pid);
  return { walls, cpuMs: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore };
}

function text(edit) {
  const whole = gatewayText({ ...SIZE, edited: SIZE.routes / 2, timeout: `${edit + 10}s` });
  const service = new RegExp(`(  ${PUSHED}:\\n)    endpoints: .*\\n`);
  return whole.replace(service, '$1    discovery: {push: {}}\n');
}

async function endpoint({ adminPort }, edit) {
  const atMs = Date.now();
  const answer = await fetch(`http://127.0.0.1:${adminPort}/api/v1/endpoints/${PUSHED}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ endpoints: [`10.0.0.${(edit % 200) + 1}:8080`, '10.0.1.1:8080'] }),
  });
  if (!answer.ok) throw new Error(`the endpoint was not taken: ${answer.status} ${await answer.text()}`);
  return atMs;
}
