// PB2: one edit after the other of one route in a large file, from text to snapshot, in a process that does nothing else.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createPipeline } from '../../dist/build/pipeline.js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { diffSnapshots } from '../../dist/snapshot/diff.js';
import { gatewayText, LARGE } from './large-gateway.mjs';
import { measure, report } from './measure.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'gateway.yaml');

const newPipeline = () => createPipeline({ file, env: {}, api: loadEnvoyApi(), nowMs: () => 0 });

async function build(pipeline) {
  const { good, issues } = await pipeline.build();
  if (good === undefined) throw new Error(`the benchmark's gateway is wrong: ${JSON.stringify(issues[0])}`);
  return good;
}

function routeMessages({ resources }) {
  const tables = resources.filter(({ kind }) => kind === 'RouteConfiguration');
  return new Set(tables.flatMap(({ message }) => message.virtual_hosts.flatMap(({ routes }) => routes)));
}

let edits = 0;
function saveEdit() {
  edits += 1;
  writeFileSync(file, gatewayText({ ...LARGE, edited: LARGE.routes / 2, timeout: `${edits + 10}s` }));
}

saveEdit();
const { cold } = await measure({ cold: () => ({ measure: () => build(newPipeline()) }) }, { rounds: 3, warmUps: 1 });

const pipeline = newPipeline();
let last = await build(pipeline);
const counts = { routes: 0, resources: 0 };
function count(next) {
  const known = routeMessages(last.compilation);
  const fresh = [...routeMessages(next.compilation)].filter((route) => !known.has(route));
  const changes = [...diffSnapshots(last.snapshot, next.snapshot).values()];
  const resources = changes.flatMap(({ added, changed, removed }) => [...added, ...changed, ...removed]);
  counts.routes = Math.max(counts.routes, fresh.length);
  counts.resources = Math.max(counts.resources, resources.length);
  last = next;
}
const edit = () => {
  saveEdit();
  return { measure: () => build(pipeline), after: count };
};
const taken = await measure({ edit }, { rounds: 21, warmUps: 5 });

report([
  { id: 'PB2', name: `edit of one route, text to snapshot, ${LARGE.name}`, goalId: 'edit-wall', ...taken.edit },
  { id: 'PB2', name: 'the whole build with nothing remembered, parsing included', ...cold },
  { id: 'PB2', name: 'edit ÷ the whole build', goalId: 'edit-over-cold', ratio: taken.edit.cpuMs.median / cold.cpuMs.median },
  { id: 'PB2', name: 'routes compiled anew by the edit', goalId: 'edit-routes', count: counts.routes },
  { id: 'PB2', name: 'resources encoded anew by the edit', goalId: 'edit-resources', count: counts.resources },
]);
