// One server process and one process of clients, and what is measured between them: CPU of the server alone (P29).
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CALL_TIMEOUT_MS = 240_000;
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** One process, driven by calls; see server.mjs and clients.mjs. */
export function start(name, options) {
  const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const child = fork(file, [JSON.stringify(options)], {
    execArgv: ['--expose-gc', '--max-semi-space-size=64', '--max-old-space-size=6000'],
  });
  children.add(child);
  const open = new Map();
  let last = 0;
  child.on('message', ({ id, result }) => {
    open.get(id)?.resolve(result);
    open.delete(id);
  });
  child.on('exit', (code) => {
    children.delete(child);
    for (const { reject } of open.values()) reject(new Error(`the ${name} of the benchmark ended with ${code}`));
  });
  const answer = (id, what) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name}: ${what} took more than ${CALL_TIMEOUT_MS / 1000} s`)), CALL_TIMEOUT_MS);
      const settle = (then) => (value) => {
        clearTimeout(timer);
        then(value);
      };
      open.set(id, { resolve: settle(resolve), reject: settle(reject) });
    });
  const call = (name_, argument) => {
    last += 1;
    const done = answer(last, name_);
    child.send({ id: last, call: name_, argument });
    return done;
  };
  return { call, ready: answer(0, 'start'), stop: () => child.disconnect() };
}

/** `options`: those of server.mjs. */
export async function startFleet(options) {
  const server = start('server', options);
  const clients = start('clients', { port: await server.ready, isFloor: options.kind === 'floor' });
  await clients.ready;
  return {
    server: (name, argument) => server.call(name, argument),
    clients: (name, argument) => clients.call(name, argument),
    /** Publishes and waits until each stream was told and the server heard every answer; CPU of the server, wall until the last byte was read. */
    async push(change, streams) {
      const acksBefore = (await server.call('counts')).acks;
      const told = clients.call('next');
      await server.call('prepare', change);
      const before = await server.call('cpu');
      const begun = Date.now();
      await server.call('publish');
      const ended = await told;
      await until(async () => (await server.call('counts')).acks >= acksBefore + streams);
      const after = await server.call('cpu');
      return { cpuMs: cpuBetween(before, after), wallMs: ended - begun };
    },
    cpuOf: async (run) => {
      const before = await server.call('cpu');
      const wallMs = await run();
      return { cpuMs: cpuBetween(before, await server.call('cpu')), wallMs };
    },
    stop() {
      clients.stop();
      server.stop();
    },
  };
}

function cpuBetween(before, after) {
  return (after.user + after.system - before.user - before.system) / 1000;
}

async function until(check) {
  for (let waited = 0; waited < 4_000; waited++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('the server did not hear all answers within 20 s');
}
