// PB10 over gRPC: a `chancery authz` with one worker as users run it, with the policies of a `chancery serve`, beside a server that always gives
// the same bytes. CPU is that of the companion: its supervisor and its worker.
import { spawn, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { METHOD as ANY_METHOD, startConstantLimiter } from './constant-limiter.mjs';
import { freePort } from './envoy-process.mjs';
import { figuresOf, measure, report } from './measure.mjs';
import { cpuMsOf, cpuMsOfThreads, startServe } from './serve-process.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const CHECK = '/envoy.service.auth.v3.Authorization/Check';
const CALLS = 2_000;
const NEW_TOKENS = 400;
const TOKENS = 500;
/** Calls that are on their way at once. */
const AT_ONCE = 16;
const ROUNDS = { rounds: 5, warmUps: 2 };
const READY_MS = 30_000;
const api = loadEnvoyApi();
const now = Math.floor(Date.now() / 1000);
const ALGORITHMS = {
  RS256: { hash: 'sha256', key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, options: {} },
  ES256: { hash: 'sha256', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { hash: null, key: generateKeyPairSync('ed25519').privateKey, options: {} },
};

const serve = await startServe(gatewayText());
const version = policyVersion();
const companion = await startCompanion();
const cached = Array.from({ length: TOKENS }, (_, serial) => request(token('RS256', `known-${serial}`)));
const constant = await startConstantLimiter(await firstAnswer());

/** A round that is repeated needs new tokens too. */
const newest = { serial: 0 };
const CASES = {
  constant: { server: constant, method: ANY_METHOD, requests: () => Array.from({ length: CALLS }, () => cached[0]) },
  one: { name: 'one remembered token', requests: () => Array.from({ length: CALLS }, () => cached[0]) },
  many: { name: `${TOKENS} remembered tokens`, requests: () => Array.from({ length: CALLS }, (_, call) => cached[call % TOKENS]) },
  ...Object.fromEntries(
    Object.keys(ALGORITHMS).map((algorithm) => [
      `cold-${algorithm}`,
      {
        name: `new tokens, ${algorithm}`,
        requests: () => Array.from({ length: NEW_TOKENS }, () => request(token(algorithm, `new-${newest.serial++}`))),
      },
    ]),
  ),
};
const rounds = Object.fromEntries(Object.keys(CASES).map((id) => [id, []]));
const refused = { count: 0 };
const tasks = Object.entries(CASES).map(([id, { server = companion, method = CHECK, requests }]) => {
  const send = callerOf(server.endpoint, method);
  const task = (round) => {
    const all = requests();
    return {
      measure: async () => {
        const [cpuMs, begun] = [server.cpuMs?.() ?? cpuMsOfThreads(server.pid), performance.now()];
        for (let done = 0; done < all.length; done += AT_ONCE) {
          const answers = await Promise.all(all.slice(done, done + AT_ONCE).map(send));
          refused.count += answers.filter((answer) => !isAllowed(answer)).length;
        }
        const spent = (server.cpuMs?.() ?? cpuMsOfThreads(server.pid)) - cpuMs;
        // Repeated where other programs disturbed it: the last of them counts.
        if (round >= 0) rounds[id][round] = { cpuMs: spent / all.length, wallMs: (performance.now() - begun) / all.length };
      },
    };
  };
  return [id, task];
});
await measure(Object.fromEntries(tasks), {
  ...ROUNDS,
  othersMs: () => [serve.pid, constant.pid, ...companion.pids()].reduce((sum, pid) => sum + cpuMsOf(pid), 0),
});

const figures = Object.fromEntries(Object.entries(rounds).map(([id, taken]) => [id, figuresOf(taken)]));
const overConstant = (id) => {
  const ratios = rounds[id].map(({ cpuMs }, round) => cpuMs / rounds.constant[round].cpuMs).sort((left, right) => left - right);
  return ratios[Math.floor(ratios.length / 2)];
};
report([
  ...Object.entries(CASES).flatMap(([id, { name }]) => {
    const { cpuMs, wallMs } = figures[id];
    const facts = { count: Math.round(cpuMs.median * 10_000) / 10, perSecond: 1_000 / wallMs.median };
    if (name === undefined) return [{ id: 'PB10', name: 'over gRPC, an answer that never changes: µs of CPU', ...facts }];
    return [
      { id: 'PB10', name: `over gRPC, ${name}: µs of CPU`, ...facts },
      ...(id.startsWith('cold')
        ? []
        : [{ id: 'PB10', name: 'the same ÷ an answer that never changes', goalId: `authz-grpc-${id}`, ratio: overConstant(id) }]),
    ];
  }),
  { id: 'PB10', name: 'over gRPC: checks that were not allowed', goalId: 'authz-grpc-refused', count: refused.count },
]);
companion.stop();
constant.stop();
serve.stop();
process.exit(0);

function gatewayText() {
  const keys = Object.entries(ALGORITHMS).map(([alg, { key }]) => ({
    ...createPublicKey(key).export({ format: 'jwk' }),
    kid: alg,
    alg,
    use: 'sig',
  }));
  return [
    'version: v1',
    'gateway: edge',
    'listeners: {http: {port: 18080, address: 127.0.0.1}}',
    'services: {echo: {endpoints: ["127.0.0.1:1"]}}',
    'jwt:',
    `  main: {issuer: "https://id.example.com/", audiences: [shop], algorithms: [${Object.keys(ALGORITHMS).join(', ')}], jwks: {inline: '${JSON.stringify({ keys })}'}, forwardClaims: {x-user-id: sub}}`,
    'policies: {users: {jwt: main, scopes: [orders:read], enforce: companion}}',
    'routes:',
    '  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [echo], auth: {policy: users}}',
    '',
  ].join('\n');
}

function policyVersion() {
  const printed = spawnSync(process.execPath, [MAIN, 'render', '-c', serve.file, '--to', 'resources', '-o', 'json'], { encoding: 'utf8' });
  const found = /"chancery\.version":\s*"([0-9a-f]+)"/.exec(printed.stdout);
  if (found === null) throw new Error(`no version of the policy in what \`render\` prints\n${printed.stderr}`);
  return found[1];
}

function token(alg, subject) {
  const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const { hash, key, options } = ALGORITHMS[alg];
  const claims = {
    iss: 'https://id.example.com/',
    sub: subject,
    aud: 'shop',
    iat: now,
    exp: now + 86_400,
    scope: 'orders:read orders:write',
  };
  const text = `${segment({ alg, kid: alg, typ: 'at+jwt' })}.${segment(claims)}`;
  return `${text}.${sign(hash, Buffer.from(text), { key, ...options }).toString('base64url')}`;
}

/** As a proxy with few allowed headers sends it (authz G16). */
function request(bearer) {
  const headers = [
    [':authority', 'shop.example.com'],
    [':path', '/orders?page=2'],
    [':method', 'GET'],
    ['x-request-id', '0b1f3c5e-1111-4222-8333-444455556666'],
    ['authorization', `Bearer ${bearer}`],
  ];
  return api.encode('envoy.service.auth.v3.CheckRequest', {
    attributes: {
      source: { address: { socket_address: { address: '203.0.113.9', port_value: 40_000 } } },
      request: {
        http: {
          id: '1234567890',
          method: 'GET',
          path: '/orders?page=2',
          host: 'shop.example.com',
          scheme: 'https',
          protocol: 'HTTP/2',
          header_map: { headers: headers.map(([name, value]) => ({ key: name, raw_value: Buffer.from(value) })) },
        },
      },
      context_extensions: { 'chancery.policy': 'edge/users', 'chancery.version': version, 'chancery.route': 'orders' },
    },
  });
}

function isAllowed(answer) {
  return api.decode('envoy.service.auth.v3.CheckResponse', answer).ok_response !== undefined;
}

/** Also waits until the companion has its policies. */
async function firstAnswer() {
  const send = callerOf(companion.endpoint, CHECK);
  for (const ends = Date.now() + READY_MS; ; ) {
    const answer = await send(cached[0]).catch(() => undefined);
    if (answer !== undefined && isAllowed(answer)) return answer;
    if (Date.now() > ends) throw new Error(`the companion allows nothing\n${companion.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function startCompanion() {
  const port = await freePort();
  const flags = ['--server', `127.0.0.1:${serve.xdsPort}`, '--gateway', 'edge', '--port', String(port), '--workers', '1'];
  const child = spawn(process.execPath, [MAIN, 'authz', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '--max-semi-space-size=64' },
  });
  process.on('exit', () => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (data) => (log = (log + data).slice(-20_000)));
  const endpoint = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      const found = /^ready authz=(\S+)/m.exec(text);
      if (found !== null) resolve(found[1]);
    });
    child.on('exit', () => reject(new Error(`\`chancery authz\` ended before it was ready\n${log}`)));
  });
  const pids = () => [child.pid, ...readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number)];
  return {
    endpoint,
    pids,
    cpuMs: () => pids().reduce((sum, pid) => sum + cpuMsOfThreads(pid), 0),
    log: () => log,
    stop: () => child.kill('SIGTERM'),
  };
}

/** Calls over a connection of its own. */
function callerOf(endpoint, method) {
  const client = new Client(endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 });
  const same = (bytes) => bytes;
  return (bytes) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(method, same, same, bytes, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
}
