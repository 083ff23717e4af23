// PB1 and PB2: from text to snapshot, cold and after one edit, step by step; beside it what protobuf's own library takes for the bytes alone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fromJSON } from '@grpc/proto-loader';
import { createCompiler } from '../../dist/compiler/compile.js';
import { createConfigLoader } from '../../dist/config/load.js';
import { createResolver } from '../../dist/model/resolve.js';
import { createPipeline } from '../../dist/pipeline.js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { TYPE_URLS, typeNameOf } from '../../dist/proto/type-urls.js';
import { buildSnapshot } from '../../dist/snapshot/build.js';
import { findMissingReferences } from '../../dist/snapshot/consistency.js';
import { diffSnapshots } from '../../dist/snapshot/diff.js';
import { gatewayText } from './large-gateway.mjs';
import { figuresOf, measure, report } from './measure.mjs';

const LARGE = { routes: 10_000, services: 2_000 };
const SMALL = { routes: 1_000, services: 200 };

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** All steps with nothing remembered, as src/pipeline.ts takes them; `write` changes the text that is read next. */
function newSteps(name) {
  const file = path.join(folder, `${name}.yaml`);
  const loader = createConfigLoader({ file, env: {} });
  const resolver = createResolver();
  const compiler = createCompiler();
  const api = loadEnvoyApi();
  let snapshot;
  return {
    write: (text) => writeFileSync(file, text),
    parse: async () => must((await loader.load()).config, 'config'),
    resolve: (config) => must(resolver.resolve(config, { nowMs: 0 }).model, 'model'),
    compile: (model) => compiler.compile(model),
    encode: ({ resources }) => {
      const inputs = resources.map(({ kind, name: resource, message }) => ({ typeUrl: TYPE_URLS[kind], name: resource, message }));
      snapshot = must(buildSnapshot({ gateway: 'edge', resources: inputs }, api, snapshot).snapshot, 'snapshot');
      if (findMissingReferences(inputs).length > 0) throw new Error("the benchmark's gateway is not consistent");
      return snapshot;
    },
  };
}

function must(value, what) {
  if (value === undefined) throw new Error(`the benchmark's gateway gives no ${what}`);
  return value;
}

async function parsed(size) {
  const steps = newSteps('parsed');
  steps.write(gatewayText(size));
  return steps.parse();
}

const coldParse = () => {
  const steps = newSteps('parse');
  steps.write(gatewayText(LARGE));
  return { measure: () => steps.parse() };
};

/** From the parsed configuration on, with nothing remembered but the configuration. `laps` gets the time of each step. */
function cold(config, laps) {
  return (round) => {
    const steps = newSteps('cold');
    const run = async () => {
      const times = {};
      const lap = async (step, input) => {
        const { result, ...time } = await clocked(() => steps[step](input));
        times[step] = time;
        return result;
      };
      await lap('encode', await lap('compile', await lap('resolve', config)));
      return times;
    };
    return { measure: run, after: (times) => (round < 0 ? undefined : laps?.push(times)) };
  };
}

/** What protobufjs takes to encode the same resources, through proto-loader and without any check. */
function library(config) {
  const json = JSON.parse(readFileSync(new URL('../../generated/envoy-api.json', import.meta.url), 'utf8'));
  const definitions = fromJSON(json, { keepCase: true, longs: Number, enums: String, oneofs: true });
  return () => {
    const steps = newSteps('library');
    const { resources } = steps.compile(steps.resolve(config));
    const todo = resources.map(({ kind, message }) => [definitions[typeNameOf(TYPE_URLS[kind])], message]);
    return {
      measure: () => {
        for (const [definition, message] of todo) definition.serialize(message);
      },
    };
  };
}

async function clocked(run) {
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const result = await run();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - begun, result };
}

/** One edit after the other of one route; the whole is measured as users have it, the steps beside it. */
async function edits() {
  const file = path.join(folder, 'edit.yaml');
  const pipeline = createPipeline({ file, env: {}, api: loadEnvoyApi(), nowMs: () => 0 });
  const counts = { routes: 0, resources: 0 };
  let number = 0;
  const write = () => {
    number += 1;
    writeFileSync(file, gatewayText({ ...LARGE, edited: 5_000, timeout: `${number + 10}s` }));
  };
  write();
  let last = must((await pipeline.build()).good, 'snapshot');
  const count = (next) => {
    const known = routeMessages(last.compilation);
    const isNew = (route) => !known.has(route);
    counts.routes = Math.max(counts.routes, [...routeMessages(next.compilation)].filter(isNew).length);
    const changes = [...diffSnapshots(last.snapshot, next.snapshot).values()].flatMap(({ added, changed, removed }) => [
      ...added,
      ...changed,
      ...removed,
    ]);
    counts.resources = Math.max(counts.resources, changes.length);
    last = next;
  };
  const task = () => {
    write();
    return { measure: async () => must((await pipeline.build()).good, 'snapshot'), after: count };
  };
  return { task, counts };
}

function routeMessages({ resources }) {
  const tables = resources.filter(({ kind }) => kind === 'RouteConfiguration');
  return new Set(tables.flatMap(({ message }) => message.virtual_hosts.flatMap(({ routes }) => routes)));
}

const large = await parsed(LARGE);
const small = await parsed(SMALL);
const first = await clocked(cold(large)(-1).measure);
const { task: edit, counts } = await edits();
const laps = [];
const taken = {
  // The slowest step by far, and the one that every start takes once.
  ...(await measure({ parse: coldParse }, { rounds: 3, warmUps: 1 })),
  ...(await measure({ all: cold(large, laps), small: cold(small), library: library(large), edit })),
};
const stepFigures = (step) => figuresOf(laps.map((times) => times[step]));
const cpu = (name) => taken[name].cpuMs.median;
const size = '10,000 routes, 2,000 services';

report([
  { id: 'PB1', name: `parse the text and check its schema, ${size}`, ...taken.parse },
  { id: 'PB1', name: `resolve, ${size}`, ...stepFigures('resolve') },
  { id: 'PB1', name: `compile, ${size}`, ...stepFigures('compile') },
  { id: 'PB1', name: `check, encode, hash, look for missing names, ${size}`, ...stepFigures('encode') },
  { id: 'PB1', name: `cold without parsing: resolve to snapshot, ${size}`, goalId: 'cold-wall', ...taken.all },
  { id: 'PB1', name: 'the same as the first work of a new process', goalId: 'first-wall', ...figuresOf([first]) },
  { id: 'PB1', name: `protobufjs alone: fromObject and encode of the same resources`, ...taken.library },
  { id: 'PB1', name: 'cold without parsing ÷ protobufjs alone', goalId: 'cold-over-library', ratio: cpu('all') / cpu('library') },
  { id: 'PB1', name: 'cold without parsing ÷ the same at a tenth of the size (P5)', goalId: 'growth', ratio: cpu('all') / cpu('small') },
  { id: 'PB2', name: `edit of one route, text to snapshot, ${size}`, goalId: 'edit-wall', ...taken.edit },
  { id: 'PB2', name: 'edit ÷ cold with parsing', goalId: 'edit-over-cold', ratio: cpu('edit') / (cpu('parse') + cpu('all')) },
  { id: 'PB2', name: 'routes compiled anew by the edit', goalId: 'edit-routes', count: counts.routes },
  { id: 'PB2', name: 'resources encoded anew by the edit', goalId: 'edit-resources', count: counts.resources },
]);
