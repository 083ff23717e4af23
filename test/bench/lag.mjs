// P8: how long the thread that serves 500 streams is held up while 10,000 routes of another gateway are parsed and compiled for the first time.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gatewayText, LARGE, SMALL } from './large-gateway.mjs';
import { figuresOf, report } from './measure.mjs';
import { start } from './push/fleet.mjs';
import { startServe } from './serve-process.mjs';

const STREAMS = 500;
const ROUNDS = 5;
const DEADLINE_MS = 120_000;

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const large = path.join(folder, 'large.yaml');
save(gatewayText({ routes: 1, services: 1 }));
const serve = await startServe(gatewayText(SMALL), { args: ['-c', large, '--allow-large-removal'] });
const clients = start('clients', { port: serve.xdsPort, isFloor: false });
await clients.ready;
const names = Array.from({ length: SMALL.services }, (_, number) => `service/orders-${number}`);
await clients.call('open', { count: STREAMS, names, routes: ['routes/http'], answers: 4 });

const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  // Another timeout everywhere: nothing of what is remembered fits.
  await built(gatewayText(LARGE).replaceAll('3s', `${round + 10}s`), rounds);
  await built(gatewayText({ routes: 1, services: 1, edited: 0, timeout: `${round + 10}s` }));
}
clients.stop();
serve.stop();
const { cpuMs: p99, wallMs: longest } = figuresOf(rounds);
report([
  {
    id: 'P8',
    name: `event-loop delay of the serving thread, ${STREAMS} streams, ${LARGE.name} compiled beside it: p99`,
    goalId: 'lag-p99',
    wallMs: p99,
  },
  { id: 'P8', name: 'the same: longest', wallMs: longest },
]);
process.exit(0);

function save(text) {
  writeFileSync(`${large}.new`, text.replace('gateway: edge', 'gateway: large').replace('port: 10000', 'port: 10001'));
  renameSync(`${large}.new`, large);
}

/** Reading the metrics begins a new span of the delay. */
async function built(text, measured = []) {
  const before = await version();
  await delays();
  save(text);
  for (const begun = Date.now(); (await version()) === before; ) {
    if (Date.now() - begun > DEADLINE_MS) throw new Error(`the large gateway was not built in time\n${serve.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { p99: ofSpan, max } = await delays();
  measured.push({ cpuMs: ofSpan, wallMs: max });
}

async function version() {
  const { gateways } = await (await fetch(`http://127.0.0.1:${serve.adminPort}/api/v1/gateways`)).json();
  return gateways.find(({ gateway }) => gateway === 'large')?.version;
}

async function delays() {
  const text = await (await fetch(`http://127.0.0.1:${serve.adminPort}/metrics`)).text();
  const ms = (name) => Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)`, 'm').exec(text)?.[1]) * 1_000;
  return { p99: ms('p99'), max: ms('max') };
}
