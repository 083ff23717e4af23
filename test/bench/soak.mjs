// PB13, `npm run bench:soak [-- --minutes N --streams N]`: one route and ten endpoint changes a second under 2,000 streams for an hour; heap and
// memory of `chancery serve` at the end over those after a sixth of the time, when all caches are full.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gatewayText } from './large-gateway.mjs';
import { start } from './push/fleet.mjs';
import { startServe } from './serve-process.mjs';

const GOAL = 1.05;
const ENDPOINTS_PER_SECOND = 10;
const SIZE = { routes: 500, services: 100 };
const PUSHED = 'orders-7';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, streams: { type: 'string', default: '2000' } } });
const [minutes, streams] = [Number(values.minutes), Number(values.streams)];
if (!(minutes >= 1) || !(streams >= 1)) throw new Error('--minutes and --streams are numbers from 1');

const probeFile = path.join(tmpdir(), `chancery-soak-${process.pid}.json`);
const probe = path.join(tmpdir(), `chancery-soak-${process.pid}.mjs`);
writeFileSync(
  probe,
  `import { renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGUSR2', () => {
  gc(); gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  writeFileSync(${JSON.stringify(`${probeFile}.new`)}, JSON.stringify({ heap: heapUsed + external, rss }));
  renameSync(${JSON.stringify(`${probeFile}.new`)}, ${JSON.stringify(probeFile)});
});\n`,
);
process.on('exit', () => [probe, probeFile].forEach((file) => rmSync(file, { force: true })));

const serve = await startServe(text(0), { nodeArgs: ['--expose-gc', '--max-semi-space-size=64', '--import', probe] });
const clients = start('clients', { port: serve.xdsPort, isFloor: false });
await clients.ready;
const names = Array.from({ length: SIZE.services }, (_, number) => `service/orders-${number}`);
await clients.call('open', { count: streams, names, routes: ['routes/http'], answers: 4 });

const samples = [];
const begun = Date.now();
let changes = 0;
for (let second = 0; second < minutes * 60; second++) {
  serve.save(text(second));
  for (let part = 0; part < ENDPOINTS_PER_SECOND; part++) {
    await endpoint(changes++);
    const dueMs = begun + second * 1_000 + ((part + 1) * 1_000) / ENDPOINTS_PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - Date.now())));
  }
  if (second % 60 === 59) samples.push(await sample());
}
const early = samples[Math.max(0, Math.ceil(samples.length / 6) - 1)];
const last = samples.at(-1);
const ratios = { heap: last.heap / early.heap, rss: last.rss / early.rss };
const { responses } = await clients.call('counts');
const line = (name) => `${name}: ${mib(early[name])} → ${mib(last[name])} MiB, ratio ${ratios[name].toFixed(3)} (goal ≤ ${GOAL})`;
process.stdout.write(
  `PB13 ${minutes} min, ${streams} streams, ${changes} endpoint changes, ${responses} responses\n${line('heap')}\n${line('rss')}\n`,
);
clients.stop();
serve.stop();
process.exit(ratios.heap <= GOAL && ratios.rss <= GOAL ? 0 : 1);

async function sample() {
  rmSync(probeFile, { force: true });
  process.kill(serve.pid, 'SIGUSR2');
  for (let waited = 0; !existsSync(probeFile); waited++) {
    if (waited > 500) throw new Error(`the control plane says nothing of its memory\n${serve.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const memory = JSON.parse(readFileSync(probeFile, 'utf8'));
  process.stderr.write(`minute ${samples.length + 1}: heap ${mib(memory.heap)} MiB, resident ${mib(memory.rss)} MiB\n`);
  return memory;
}

function mib(bytes) {
  return Math.round(bytes / 2 ** 20);
}

function text(edit) {
  const whole = gatewayText({ ...SIZE, edited: edit % SIZE.routes, timeout: `${(edit % 50) + 10}s` });
  return whole.replace(new RegExp(`(  ${PUSHED}:\\n)    endpoints: .*\\n`), '$1    discovery: {push: {}}\n');
}

async function endpoint(change) {
  const answer = await fetch(`http://127.0.0.1:${serve.adminPort}/api/v1/endpoints/${PUSHED}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ endpoints: [`10.0.0.${(change % 200) + 1}:8080`, '10.0.1.1:8080'] }),
  });
  if (!answer.ok) throw new Error(`the endpoint was not taken: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}
