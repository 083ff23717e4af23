// PB10: checks of the auth companion, from the bytes of a request to the bytes of an answer; then the same through grpc-js beside an answer
// that never changes.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import grpc from '@grpc/grpc-js';
import { createCheckHandler } from '../../dist/authz/handler.js';
import { createPolicyTable } from '../../dist/authz/policy/policy-table.js';
import { Secret } from '../../dist/lib/secret.js';
import { loadEnvoyApi } from '../../dist/proto/api.js';
import { policyVersion } from '../../dist/proto/policy-version.js';
import { measure, report } from './measure.mjs';

const CHECKS = 20_000;
const CALLS = 2000;
/** Calls that are on their way at once. */
const AT_ONCE = 50;
const TOKENS = 10_000;
const api = loadEnvoyApi();
const now = Math.floor(Date.now() / 1000);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 });

const content = {
  policy: 'users',
  rule: { jwt: { providers: ['main'], requirements: { all_scopes: ['orders:read'] } } },
  jwt: [
    {
      name: 'main',
      issuer: 'https://id.example.com/',
      audiences: ['shop'],
      algorithms: ['RS256'],
      types: ['at+jwt', 'jwt'],
      clock_skew_seconds: 30,
      max_token_bytes: 8192,
      inline_keys: JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }] }),
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

function token(serial) {
  const claims = {
    iss: 'https://id.example.com/',
    sub: `user-${serial}`,
    aud: 'shop',
    iat: now,
    exp: now + 3600,
    scope: 'orders:read orders:write',
  };
  const text = `${segment({ alg: 'RS256', kid: 'k', typ: 'at+jwt' })}.${segment(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key.privateKey).toString('base64url')}`;
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

/** Checks the signature and nothing else: what is measured is the handler around it. */
const verifier = {
  verify: (text) => {
    const end = text.lastIndexOf('.');
    const isGood = verify('sha256', Buffer.from(text.slice(0, end)), key.publicKey, Buffer.from(text.slice(end + 1), 'base64url'));
    if (!isGood) return { kind: 'refused', reason: 'jwt.signature' };
    const claims = Object.assign(Object.create(null), JSON.parse(Buffer.from(text.split('.')[1], 'base64url').toString('utf8')));
    return { kind: 'valid', claims, kid: 'k', generation: 1 };
  },
  generation: () => 1,
  checkClaims: (claims, settings, nowMs) => (nowMs / 1000 > claims.exp + settings.clockSkewSeconds ? 'jwt.expired' : undefined),
};

function newHandler() {
  const table = createPolicyTable(api);
  const { refused } = table.apply({ policies: [policy] });
  if (refused.length > 0) throw new Error(refused[0].message);
  return createCheckHandler({
    api,
    table,
    ports: {
      jwt: verifier,
      introspection: {},
      clock: { nowMs: Date.now, monotonicMs: () => performance.now() },
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

const checksOf = (requests) => {
  const handle = newHandler();
  run(handle, requests, requests.length);
  return () => ({ measure: () => run(handle, requests, CHECKS) });
};

const tokens = Array.from({ length: TOKENS }, (_, serial) => token(serial));
const requests = tokens.map(request);
const forged = requests.map((_, index) => request(`${tokens[index].slice(0, -8)}AAAAAAAA`));
const COLD = 2000;

const bareVerify = () => ({
  measure: () => {
    for (const text of tokens.slice(0, COLD)) verifier.verify(text);
  },
});
/** A new handler each round knows no token. */
const cold = () => {
  const handle = newHandler();
  return { measure: () => run(handle, requests.slice(0, COLD), COLD) };
};

const server = new grpc.Server();
const client = await grpcClient();
const cachedCalls = newHandler();
run(cachedCalls, requests.slice(0, 1), 1);
let constant;
cachedCalls(requests[0], call, (bytes) => {
  constant = Buffer.from(bytes);
});

/** Both methods of one service, so that what is compared shares everything else. */
async function grpcClient() {
  const { Check } = api.service('envoy.service.auth.v3.Authorization');
  const definition = { Check, Constant: { ...Check, path: '/bench.Authorization/Constant' } };
  server.addService(definition, {
    Check: ({ request: bytes }, done) => cachedCalls(bytes, call, (answer) => done(null, answer)),
    Constant: (_, done) => done(null, constant),
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const Client = grpc.makeClientConstructor(definition, 'Authorization');
  return new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
}

const callsOf = (method) => () => ({
  measure: async () => {
    for (let done = 0; done < CALLS; done += AT_ONCE) {
      await Promise.all(
        Array.from(
          { length: AT_ONCE },
          () =>
            new Promise((resolve, reject) => {
              client[method](requests[0], (error) => (error ? reject(error) : resolve()));
            }),
        ),
      );
    }
  },
});

const taken = await measure({
  one: checksOf(requests.slice(0, 1)),
  many: checksOf(requests),
  missing: checksOf([request(undefined)]),
  forged: checksOf(forged.slice(0, 1000)),
  cold,
  bareVerify,
  check: callsOf('Check'),
  constant: callsOf('Constant'),
});
client.close();
server.forceShutdown();

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
  {
    id: 'PB10',
    name: 'CPU µs of a denial for a forged token that was seen before',
    goalId: 'authz-forged',
    count: microseconds('forged', CHECKS),
  },
  {
    id: 'PB10',
    name: 'CPU µs of a check of a new token, signature RS256 by node:crypto',
    goalId: 'authz-cold',
    count: microseconds('cold', COLD),
  },
  {
    id: 'PB10',
    name: 'a check of a new token ÷ its signature alone',
    goalId: 'authz-cold-over-verify',
    ratio: cpu('cold') / cpu('bareVerify'),
  },
  {
    id: 'PB10',
    name: 'a remembered token through grpc-js ÷ an answer that never changes',
    goalId: 'authz-grpc',
    ratio: cpu('check') / cpu('constant'),
  },
]);
