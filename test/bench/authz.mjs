// PB10: checks of the auth companion, from the bytes of a request to the bytes of an answer (over gRPC: authz-grpc.mjs).
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { createCheckHandler } from '../../dist/authz/handler.js';
import { createJwtVerifier } from '../../dist/authz/identity/jwt-verifier.js';
import { createInlineKeys } from '../../dist/authz/jwks/inline-keys.js';
import { createPolicyTable } from '../../dist/authz/policy/policy-table.js';
import { Secret } from '../../dist/lib/secret.js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { policyVersion } from '../../dist/proto/policy-version.js';
import { measure, report } from './measure.mjs';

const CHECKS = 20_000;
const TOKENS = 10_000;
const api = loadEnvoyApi();
const now = Math.floor(Date.now() / 1000);
/** `options`: those of `sign` and `verify` beside the key. */
const ALGORITHMS = {
  RS256: { hash: 'sha256', key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, options: {} },
  ES256: { hash: 'sha256', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, options: { dsaEncoding: 'ieee-p1363' } },
  EdDSA: { hash: null, key: generateKeyPairSync('ed25519').privateKey, options: {} },
};
const jwks = Object.entries(ALGORITHMS).map(([alg, { key }]) => ({
  ...createPublicKey(key).export({ format: 'jwk' }),
  kid: alg,
  alg,
  use: 'sig',
}));

const content = {
  policy: 'users',
  rule: { jwt: { providers: ['main'], requirements: { all_scopes: ['orders:read'] } } },
  jwt: [
    {
      name: 'main',
      issuer: 'https://id.example.com/',
      audiences: ['shop'],
      algorithms: Object.keys(ALGORITHMS),
      types: ['at+jwt', 'jwt'],
      clock_skew_seconds: 30,
      max_token_bytes: 8192,
      inline_keys: JSON.stringify({ keys: jwks }),
      from: [{ header: { name: 'authorization', prefix: 'Bearer ' } }],
      scope_claim: { steps: ['scope'] },
      forward_claims: [{ header: 'x-user-id', claim: { steps: ['sub'] } }],
    },
  ],
  identity_headers: ['x-user-id'],
  mode: 'ENFORCE',
  realm: 'edge',
};
const version = policyVersion(api, content);
const policy = { name: `edge/users@${version}`, bytes: api.encode('chancery.policy.v1.AuthPolicy', { ...content, version }) };

const segment = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(serial, alg = 'RS256') {
  const { hash, key, options } = ALGORITHMS[alg];
  const claims = {
    iss: 'https://id.example.com/',
    sub: `user-${serial}`,
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
    ['content-type', 'application/json'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ...(bearer === undefined ? [] : [['authorization', `Bearer ${bearer}`]]),
  ];
  return api.encode('envoy.service.auth.v3.CheckRequest', {
    attributes: {
      source: { address: { socket_address: { address: '203.0.113.9', port_value: 40_000 } } },
      destination: { address: { socket_address: { address: '10.0.0.1', port_value: 443 } } },
      request: {
        time: { seconds: now, nanos: 1 },
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
      context_extensions: { 'chancery.policy': 'edge/users', 'chancery.version': version, 'chancery.route': 'list-orders' },
    },
  });
}

function newVerifier() {
  const inline = createInlineKeys();
  const keysOf = (owner) => inline(owner, owner.keys.jwks);
  return createJwtVerifier({ keys: { keysOf, wanted: keysOf }, secrets: () => undefined });
}

function newHandler(nowMs = Date.now) {
  const table = createPolicyTable(api);
  const { refused } = table.apply({ policies: [policy] });
  if (refused.length > 0) throw new Error(refused[0].message);
  return createCheckHandler({
    api,
    table,
    ports: {
      jwt: newVerifier(),
      introspection: {},
      clock: { nowMs, monotonicMs: () => performance.now() },
      metrics: { decided: () => undefined, cache: () => undefined },
      log: { denied: () => undefined, failed: ({ cause }) => Promise.reject(cause) },
      newErrorId: () => 'error',
      subjectKey: new Secret('a key for the benchmark'),
    },
  }).handle;
}

const call = { deadlineMs: Number.MAX_SAFE_INTEGER, signal: new AbortController().signal };
let answered = 0;
const count = (bytes) => {
  answered += bytes.length > 0 ? 1 : 0;
};

function run(handle, requests, checks) {
  answered = 0;
  for (let index = 0; index < checks; index++) handle(requests[index % requests.length], call, count);
  if (answered !== checks) throw new Error('a check was not answered on the spot');
}

/** New tokens, as many at a time as are verified on the spot. */
async function runCold(handle, requests) {
  answered = 0;
  for (let index = 0; index < requests.length; index++) {
    handle(requests[index], call, count);
    if (index % 2 === 1) await new Promise((resolve) => setImmediate(resolve));
  }
  while (answered < requests.length) await new Promise((resolve) => setImmediate(resolve));
}

const checksOf = async (requests) => {
  const handle = newHandler();
  await runCold(handle, requests);
  return () => ({ measure: () => run(handle, requests, CHECKS) });
};

const tokens = Array.from({ length: TOKENS }, (_, serial) => token(serial));
const requests = tokens.map(request);
const COLD = 2000;
/** Longer than any token is remembered. */
const FORGOTTEN_MS = 301_000;

/** What `crypto.verify` alone takes for the same tokens. */
const bare = (alg, texts) => () => {
  const { hash, key, options } = ALGORITHMS[alg];
  const publicKey = createPublicKey(key);
  const parts = texts.map((text) => {
    const end = text.lastIndexOf('.');
    return [Buffer.from(text.slice(0, end)), Buffer.from(text.slice(end + 1), 'base64url')];
  });
  return {
    measure: () => {
      for (const [content, signature] of parts)
        if (!verify(hash, content, { key: publicKey, ...options }, signature)) throw new Error('a bad token');
    },
  };
};

/**
 * One handler for all rounds, as one worker serves for days: what the compiler of Node made of the code goes with the objects that it was made
 * for. Between rounds the clock goes on until nothing is remembered.
 */
const cold = (texts) => {
  let passedMs = 0;
  const handle = newHandler(() => Date.now() + passedMs);
  const all = texts.map(request);
  return () => {
    passedMs += FORGOTTEN_MS;
    return { measure: () => runCold(handle, all) };
  };
};
const byAlgorithm = Object.fromEntries(
  Object.keys(ALGORITHMS).map((alg) => [alg, Array.from({ length: COLD }, (_, serial) => token(serial, alg))]),
);
const coldTasks = Object.fromEntries(
  Object.entries(byAlgorithm).flatMap(([alg, texts]) => [
    [`cold ${alg}`, cold(texts)],
    [`bare ${alg}`, bare(alg, texts)],
  ]),
);

const taken = await measure({
  one: await checksOf(requests.slice(0, 1)),
  many: await checksOf(requests),
  missing: await checksOf([request(undefined)]),
  ...coldTasks,
});

const microseconds = (name, checks) => Math.round((taken[name].cpuMs.median * 100_000) / checks) / 100;
const cpu = (name) => taken[name].cpuMs.median;

report([
  {
    id: 'PB10',
    name: 'CPU µs of a check at the handler, one remembered token',
    goalId: 'authz-cached',
    count: microseconds('one', CHECKS),
  },
  { id: 'PB10', name: `the same, ${TOKENS} remembered tokens`, goalId: 'authz-cached-many', count: microseconds('many', CHECKS) },
  { id: 'PB10', name: 'CPU µs of a denial for want of a token', goalId: 'authz-missing', count: microseconds('missing', CHECKS) },
  ...Object.keys(ALGORITHMS).flatMap((alg) => [
    { id: 'PB10', name: `CPU µs of a check of a new token, ${alg}`, goalId: `authz-cold-${alg}`, count: microseconds(`cold ${alg}`, COLD) },
    {
      id: 'PB10',
      name: `the same ÷ crypto.verify alone, ${alg}`,
      goalId: `authz-cold-over-${alg}`,
      ratio: cpu(`cold ${alg}`) / cpu(`bare ${alg}`),
    },
  ]),
]);
