// PB12: what auth and limits cost a real Envoy with one worker: the same backend behind a route without either, one that Envoy's own filters check, one
// with a limit of its own, one that the companion checks, one with a shared limit, and one with both. CPU is that of Envoy, and of the companion where it is asked; latencies are taken at half of what a route bears,
// beside the route without auth at the same rate.
import { generateKeyPairSync, sign } from 'node:crypto';
import { freePort, startEnvoy } from './envoy-process.mjs';
import { closedLoop, openConnections, openLoop, startBackend } from './http-load.mjs';
import { figuresOf, measure, percentile, report } from './measure.mjs';
import { cpuMsOf, cpuMsOfThreads, startServe } from './serve-process.mjs';

/** A companion with one worker sheds load above some dozens at once, and then it is refusals that are measured. */
const CONNECTIONS = 8;
const TOKENS = 200;
const REQUESTS = 4_000;
const ROUNDS = { rounds: 11, warmUps: 1 };
/** At half load: so many short windows of each, one after the other, so that one pause of the machine is one window's. */
const WINDOWS = 7;
const WINDOW_SECONDS = 0.7;
const READY_MS = 30_000;

/** By the prefix of the route. `asked`: the companion works too. */
const CASES = {
  bare: { name: 'no auth', auth: 'none' },
  native: { name: 'jwt_authn and rbac in Envoy', auth: '{policy: native}' },
  limited: { name: 'a local limit in Envoy', auth: 'none', limits: ', rateLimits: [shield]' },
  companion: { name: 'ext_authz, the companion in the control plane', auth: '{policy: companion}', asked: true },
  shared: { name: 'a shared limit, counted in memory in the control plane', auth: 'none', limits: ', rateLimits: [per-ip]', asked: true },
  both: {
    name: 'jwt_authn and rbac, and a shared limit by subject',
    auth: '{policy: native}',
    limits: ', rateLimits: [per-user]',
    asked: true,
  },
};

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] });

const port = await freePort();
const backend = await startBackend();
const serve = await startServe(gatewayText(port, backend.port));
const envoy = startEnvoy(serve, 'bench');
const requests = Object.fromEntries(
  Object.keys(CASES).map((id) => [id, Array.from({ length: TOKENS }, (_, serial) => request(id, serial))]),
);
await serving();

const connections = await openConnections(port, CONNECTIONS);
const cpuOf = ({ asked }) => ({ envoy: cpuMsOfThreads(envoy.pid), companion: asked ? cpuMsOfThreads(serve.pid) : 0 });
const rounds = Object.fromEntries(Object.keys(CASES).map((id) => [id, []]));
await measure(
  Object.fromEntries(
    Object.entries(CASES).map(([id, facts]) => [
      id,
      (round) => ({
        measure: async () => {
          const before = cpuOf(facts);
          const begun = performance.now();
          await closedLoop(connections, requests[id], REQUESTS);
          const after = cpuOf(facts);
          const spent = { envoy: after.envoy - before.envoy, companion: after.companion - before.companion };
          // By its number: a round that others disturbed is taken again.
          if (round >= 0) rounds[id][round] = { ...spent, cpuMs: spent.envoy + spent.companion, wallMs: performance.now() - begun };
        },
      }),
    ]),
  ),
  { ...ROUNDS, othersMs: () => [envoy, serve, backend].reduce((sum, { pid }) => sum + cpuMsOf(pid), 0) },
);

const figures = Object.fromEntries(Object.entries(rounds).map(([id, taken]) => [id, figuresOf(taken)]));
const refusedAtFull = takeRefused();
const atHalf = {};
// Of what this route bears: at half of what the bare route bears, one that costs twice as much would be at its end.
for (const id of Object.keys(CASES).filter((each) => each !== 'bare')) {
  const load = { perSecond: (REQUESTS * 500) / figures[id].wallMs.median, seconds: WINDOW_SECONDS };
  const added = { p50: [], p99: [] };
  for (let window = 0; window < WINDOWS; window++) {
    const bare = await openLoop(connections, requests.bare, load);
    const own = await openLoop(connections, requests[id], load);
    for (const percent of [50, 99]) added[`p${percent}`].push(percentile(own, percent) - percentile(bare, percent));
  }
  atHalf[id] = { p50: median(added.p50), p99: median(added.p99) };
}
const refused = takeRefused();
for (const connection of connections) connection.close();

const each = (id) => figures[id].cpuMs.median / REQUESTS;
const ofEnvoy = (id) => figuresOf(rounds[id].map(({ envoy: cpuMs, wallMs }) => ({ cpuMs, wallMs }))).cpuMs.median / REQUESTS;
const added = (id, percent) => {
  const value = Math.max(0, atHalf[id][percent]);
  return { median: value, min: value, max: value };
};
report([
  ...Object.entries(CASES).flatMap(([id, { name, asked }]) => [
    { id: 'PB12', name: `${name}: CPU µs a request${asked ? ', Envoy and companion' : ''}`, count: Math.round(each(id) * 10_000) / 10 },
    ...(asked ? [{ id: 'PB12', name: 'the same: of it Envoy', count: Math.round(ofEnvoy(id) * 10_000) / 10 }] : []),
    ...(id === 'bare'
      ? []
      : [
          {
            id: 'PB12',
            name: 'the same: requests a CPU second ÷ no auth',
            ...(asked ? {} : { goalId: `gateway-${id}` }),
            // Round by round: what the machine does for a while, it does to both.
            ratio: median(rounds[id].map(({ cpuMs }, round) => rounds.bare[round].cpuMs / cpuMs)),
          },
          { id: 'PB12', name: 'the same: added at half load, p50', wallMs: added(id, 'p50') },
          { id: 'PB12', name: 'the same: added at half load, p99', goalId: `gateway-${id}-p99`, wallMs: added(id, 'p99') },
        ]),
  ]),
  { id: 'PB12', name: 'answers of all routes that were no 200, at half load', goalId: 'gateway-refused', count: refused },
  { id: 'PB12', name: 'the same, as fast as they are answered', count: refusedAtFull },
]);
envoy.stop();
serve.stop();
process.exit(0);

function median(values) {
  return percentile(
    values.toSorted((left, right) => left - right),
    50,
  );
}

/** Answers since the last time that were no 200; what they said is told. */
function takeRefused() {
  const told = connections.filter(({ refused: count }) => count > 0);
  const [first] = told;
  if (first !== undefined) process.stderr.write(`bench: an answer that was no 200: ${first.last.split('\r\n\r\n').at(-1)}\n`);
  return told.reduce((sum, connection) => {
    const count = connection.refused;
    connection.refused = 0;
    return sum + count;
  }, 0);
}

function gatewayText(listener, backend) {
  return [
    'version: v1',
    'gateway: edge',
    `listeners: {http: {port: ${listener}, address: 127.0.0.1}}`,
    `services: {echo: {endpoints: ["127.0.0.1:${backend}"]}}`,
    'jwt:',
    `  main: {issuer: "https://id.example.com/", audiences: [shop], jwks: {inline: '${jwks}'}, forwardClaims: {x-user-id: sub}}`,
    // A machine that is too busy makes answers late, which is what is measured; it is not to make them refusals.
    'rateLimitService: {timeout: 1s}',
    'rateLimits:',
    '  shield: {key: [client.ip], rate: 1000000/second, scope: local}',
    '  per-ip: {key: [client.ip], rate: 1000000000/hour, algorithm: fixedWindow, onFailure: deny}',
    '  per-user: {key: [jwt.sub], rate: 1000000000/hour, algorithm: fixedWindow, onFailure: deny}',
    'policies:',
    ...['native', 'companion'].map(
      (id) => `  ${id}: {jwt: main, scopes: [orders:read], enforce: ${id === 'native' ? 'proxy' : 'companion'}}`,
    ),
    'routes:',
    ...Object.entries(CASES).map(
      ([id, { auth, limits = '' }]) => `  - {name: ${id}, matches: [{path: {prefix: /${id}}}], backends: [echo], auth: ${auth}${limits}}`,
    ),
    '',
  ].join('\n');
}

/** The same bytes on every route: what is compared shares everything else. */
function request(id, serial) {
  const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://id.example.com/',
    sub: `user-${serial}`,
    aud: 'shop',
    iat: now,
    exp: now + 3600,
    scope: 'orders:read orders:write',
  };
  const text = `${segment({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })}.${segment(claims)}`;
  const bearer = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  return `GET /${id}/orders?page=${serial} HTTP/1.1\r\nhost: shop.example.com\r\nauthorization: Bearer ${bearer}\r\n\r\n`;
}

async function serving() {
  const ends = Date.now() + READY_MS;
  for (const id of Object.keys(CASES)) {
    for (;;) {
      try {
        const [connection] = await openConnections(port, 1);
        await connection.send(requests[id][0]).finally(connection.close);
        if (connection.refused > 0) throw new Error(connection.last);
        break;
      } catch (error) {
        if (Date.now() > ends) throw new Error(`the route ${id} does not answer with 200\n${serve.output()}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}
