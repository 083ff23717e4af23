// PB1: from text to snapshot with nothing remembered, step by step; beside it what protobuf's own library takes for the bytes alone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fromJSON } from '@grpc/proto-loader';
import { createCompiler } from '../../dist/compiler/compile.js';
import { createConfigLoader } from '../../dist/config/load.js';
import { createResolver } from '../../dist/model/resolve.js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { TYPE_URLS, typeNameOf } from '../../dist/proto/type-urls.js';
import { buildSnapshot } from '../../dist/snapshot/build.js';
import { findMissingReferences } from '../../dist/snapshot/consistency.js';
import { gatewayText, LARGE, SMALL } from './large-gateway.mjs';
import { figuresOf, measure, report } from './measure.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** All steps with nothing remembered, as src/build/pipeline.ts takes them; `write` changes the text that is read next. */
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
  const steps = newSteps('library');
  const { resources } = steps.compile(steps.resolve(config));
  const todo = resources.map(({ kind, message }) => [definitions[typeNameOf(TYPE_URLS[kind])], message]);
  return () => ({
    measure: () => {
      for (const [definition, message] of todo) definition.serialize(message);
    },
  });
}

async function clocked(run) {
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const result = await run();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - begun, result };
}

const large = await parsed(LARGE);
const small = await parsed(SMALL);
const first = await clocked(cold(large)(-1).measure);
const laps = [];
const taken = {
  // The slowest step by far, and the one that every start takes once.
  ...(await measure({ parse: coldParse }, { rounds: 3, warmUps: 1 })),
  ...(await measure({ all: cold(large, laps), small: cold(small), library: library(large) })),
};
const stepFigures = (step) => figuresOf(laps.map((times) => times[step]));
const cpu = (name) => taken[name].cpuMs.median;

report([
  { id: 'PB1', name: `parse the text and check its schema, ${LARGE.name}`, ...taken.parse },
  { id: 'PB1', name: `resolve, ${LARGE.name}`, ...stepFigures('resolve') },
  { id: 'PB1', name: `compile, ${LARGE.name}`, ...stepFigures('compile') },
  { id: 'PB1', name: `check, encode, hash, look for missing names, ${LARGE.name}`, ...stepFigures('encode') },
  { id: 'PB1', name: `cold without parsing: resolve to snapshot, ${LARGE.name}`, goalId: 'cold-wall', ...taken.all },
  { id: 'PB1', name: 'the same as the first work of a new process', goalId: 'first-wall', ...figuresOf([first]) },
  { id: 'PB1', name: `protobufjs alone: fromObject and encode of the same resources`, ...taken.library },
  { id: 'PB1', name: 'cold without parsing ÷ protobufjs alone', goalId: 'cold-over-library', ratio: cpu('all') / cpu('library') },
  { id: 'PB1', name: 'cold without parsing ÷ the same at a tenth of the size (P5)', goalId: 'growth', ratio: cpu('all') / cpu('small') },
]);
