// PB11 over gRPC: a `chancery ratelimit` as users run it, in memory and with Redis, beside a server that always gives the same bytes. CPU is that of
// the server's process. Then what callers wait for while Redis takes 5 ms for each answer.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { METHOD, startConstantLimiter } from './constant-limiter.mjs';
import { freePort } from './envoy-process.mjs';
import { openLoop } from './http-load.mjs';
import { REFERENCE_FILE, requestsOf } from './limit-requests.mjs';
import { figuresOf, measure, percentile, report } from './measure.mjs';
import { startRedis } from './redis-process.mjs';
import { startReplyDelay } from './reply-delay.mjs';
import { cpuMsOf } from './serve-process.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CALLS = 4_000;
/** Calls that are on their way at once. */
const AT_ONCE = 50;
const ROUNDS = { rounds: 5, warmUps: 1 };
const REDIS_MS = 5;
const SLOW = { perSecond: 400, seconds: 5 };
const READY_MS = 30_000;

const folder = mkdtempSync(path.join(tmpdir(), 'chancery-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(path.join(folder, 'limits.yaml'), REFERENCE_FILE);
writeFileSync(path.join(folder, '.key'), 'k'.repeat(32));

const redisPort = await freePort();
const redis = await startRedis({ port: redisPort });
const delay = await startReplyDelay(redisPort, REDIS_MS);
const [memory, withRedis, slow] = [await startLimiter(), await startLimiter(redisPort), await startLimiter(delay.port)];
const constant = await startConstantLimiter(await callerOf(memory.endpoint).send(requestsOf(1)[0]));

const CASES = {
  constant: { server: constant, requests: requestsOf(1) },
  'memory-hot': { name: 'in memory, one hot key', server: memory, requests: requestsOf(1) },
  'memory-1k': { name: 'in memory, 1,000 keys', server: memory, requests: requestsOf(1_000, 'a') },
  'memory-100k': { name: 'in memory, 100,000 keys, most of them new', server: memory, requests: requestsOf(100_000, 'b') },
  'redis-hot': { name: 'with Redis, one hot key', server: withRedis, requests: requestsOf(1) },
  'redis-1k': { name: 'with Redis, 1,000 keys', server: withRedis, requests: requestsOf(1_000, 'a') },
  'redis-100k': { name: 'with Redis, 100,000 keys, most of them new', server: withRedis, requests: requestsOf(100_000, 'b') },
};
const own = [memory, withRedis, slow, constant, redis];
const rounds = Object.fromEntries(Object.keys(CASES).map((id) => [id, []]));
const tasks = Object.entries(CASES).map(([id, { server, requests }]) => {
  const caller = callerOf(server.endpoint);
  let sent = 0;
  const task = (round) => ({
    measure: async () => {
      const [cpuMs, begun] = [cpuMsOf(server.pid), performance.now()];
      for (let done = 0; done < CALLS; done += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, () => caller.send(requests[sent++ % requests.length])));
      if (round >= 0) rounds[id][round] = { cpuMs: cpuMsOf(server.pid) - cpuMs, wallMs: performance.now() - begun };
    },
  });
  return [id, task];
});
await measure(Object.fromEntries(tasks), { ...ROUNDS, othersMs: () => own.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0) });

const took = await openLoop(
  Array.from({ length: AT_ONCE }, () => callerOf(slow.endpoint)),
  requestsOf(1_000),
  SLOW,
);
const undecided = await undecidedOf(slow);

const figures = Object.fromEntries(Object.entries(rounds).map(([id, taken]) => [id, figuresOf(taken)]));
const at = (percent) => {
  const value = percentile(took, percent);
  return { median: value, min: value, max: value };
};
report([
  ...Object.entries(CASES).flatMap(([id, { name }]) => {
    const { cpuMs, wallMs } = figures[id];
    const facts = { count: Math.round((cpuMs.median * 10_000) / CALLS) / 10, perSecond: (CALLS * 1_000) / wallMs.median };
    if (name === undefined) return [{ id: 'PB11', name: 'over gRPC, an answer that never changes: µs of CPU', ...facts }];
    return [
      { id: 'PB11', name: `over gRPC, ${name}: µs of CPU`, ...facts },
      {
        id: 'PB11',
        name: 'the same ÷ an answer that never changes',
        goalId: `limiter-grpc-${id}`,
        ratio: cpuMs.median / figures.constant.cpuMs.median,
      },
    ];
  }),
  { id: 'PB11', name: `over gRPC, Redis answers after ${REDIS_MS} ms, ${SLOW.perSecond} a second: p50`, wallMs: at(50) },
  { id: 'PB11', name: 'the same: p99', goalId: 'limiter-slow-p99', wallMs: at(99) },
  { id: 'PB11', name: 'the same: answers that Redis did not decide', goalId: 'limiter-slow-undecided', count: undecided },
]);
for (const { stop } of [memory, withRedis, slow, constant, delay, redis]) stop();
process.exit(0);

/** `redis`: its port; without it counts in memory. */
async function startLimiter(redis) {
  const flags = ['--reference-config', '.', '--port', '0', '--metrics-port', '0', '--key-secret-file', '.key'];
  const store = redis === undefined ? [] : ['--redis', `redis://127.0.0.1:${redis}/0`];
  const child = spawn(process.execPath, ['--max-semi-space-size=64', MAIN, 'ratelimit', ...flags, ...store], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (data) => (log = (log + data).slice(-20_000)));
  const [, endpoint, metrics] = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const found = /^ready ratelimit=(\S+) metrics=(\S+)$/m.exec(text);
      if (found !== null) resolve(found);
    });
    child.on('exit', () => reject(new Error(`\`chancery ratelimit\` ended before it was ready\n${log}`)));
  });
  for (const ends = Date.now() + READY_MS; !(await fetch(`http://${metrics}/readyz`)).ok; ) {
    if (Date.now() > ends) throw new Error(`\`chancery ratelimit\` is not ready\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { endpoint, metrics, pid: child.pid, stop: () => child.kill('SIGTERM') };
}

/** Calls over a connection of its own. */
function callerOf(endpoint) {
  const client = new Client(endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 });
  const same = (bytes) => bytes;
  const send = (bytes) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(METHOD, same, same, bytes, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  return { send };
}

/** Decisions so far that were not made by a counter in Redis. */
async function undecidedOf({ metrics }) {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const lines = text.split('\n').filter((line) => /^chancery_ratelimit_rule_decisions_total\{.*result="(?!(?:ok|near|over)")/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
