// A companion that has too much to do, behind a real Envoy (authz G4, G12, §7): 503 with the reason, never 200; policies that let pass on failure do, without a stamp.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { compileStaticBootstrap } from '../../../src/compiler/static-bootstrap.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { answerText } from '../../support/auth-gateway.ts';
import { type AuthzService, startAuthzService } from '../../support/authz-service.ts';
import { type Envoy, startEnvoy } from '../../support/envoy.ts';
import { freePorts } from '../../support/free-port.ts';
import { compileGatewayFile } from '../../support/golden-gateway.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { testIssuer } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const issuer = testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256'] });
const api = loadEnvoyApi();
let workspace: Workspace;
let backend: Upstream;
let service: AuthzService;
let envoy: Envoy;
let port = 0;
let companion = 0;

const config = (): string => `
version: v1
gateway: edge
listeners: {http: {port: ${port}}}
authz: {endpoints: ["127.0.0.1:${companion}"], timeout: 5s}
services: {backend: {endpoints: ["${backend.address}"]}}
jwt:
  main:
    issuer: https://id.test/
    audiences: [shop]
    algorithms: [ES256]
    jwks: {inline: ${JSON.stringify(JSON.stringify(issuer.jwks()))}}
    forwardClaims: {x-user-id: sub}
policies:
  shut: {jwt: main, enforce: companion}
  open: {jwt: main, enforce: companion, onFailure: allow}
  maybe: {anyOf: [{jwt: main}, {anonymous: true}], enforce: companion}
routes:
${['shut', 'open', 'maybe'].map((name) => `  - {name: ${name}, matches: [{path: {prefix: /${name}}}], backends: [backend], auth: {policy: ${name}}}`).join('\n')}
`;

beforeAll(async () => {
  workspace = await createWorkspace();
  backend = await startUpstream({ name: 'backend' });
  [port = 0, companion = 0] = await freePorts(2);
  // A policy that lets pass on failure is told of.
  const compilation = await compileGatewayFile(await workspace.write('gateway.yaml', config()), { mayWarn: true });
  service = await startAuthzService(compilation, companion);
  envoy = await startEnvoy(api.toJson('envoy.config.bootstrap.v3.Bootstrap', compileStaticBootstrap(compilation)) as object);
});
afterAll(async () => {
  await envoy?.stop();
  await service?.stop();
  await backend?.close();
  await workspace?.remove();
});
beforeEach(() => {
  service.shedding = 'none';
  backend.reset();
});

type Headers = Readonly<Record<string, string>>;
const bearer = (jti: string): Headers => ({ authorization: `Bearer ${issuer.mint({ claims: { jti } })}` });
const send = (path: string, headers: Headers = {}): Promise<HttpResponse> => request({ port, path, headers });
const ask = async (path: string, headers: Headers = {}): Promise<string> => answerText(await send(path, headers));

test('one that is busy verifies nothing new: 503 with the reason, and what it remembers is let in still (G12)', async () => {
  const [known, unknown] = [bearer('known'), bearer('unknown')];
  expect(await ask('/shut', known)).toBe('200');
  service.shedding = 'cold';
  expect([await ask('/shut', known), await ask('/shut', unknown), await ask('/maybe', unknown)]).toEqual([
    '200',
    '503 authz.overloaded',
    '503 authz.overloaded',
  ]);
  expect([await ask('/shut'), await ask('/maybe')]).toEqual(['401 jwt.missing', '200']);
});

test('one that is overrun says so to everybody, however good the credential is, and lets nobody in (G4, G12)', async () => {
  const known = bearer('known');
  expect(await ask('/shut', known)).toBe('200');
  backend.reset();
  service.shedding = 'all';
  for (const [path, headers] of [
    ['/shut', known],
    ['/shut', bearer('new')],
    ['/shut', {}],
    ['/maybe', {}],
  ] as const) {
    const answer = await send(path, headers);
    expect([path, answerText(answer), answer.headers['retry-after']]).toEqual([path, '503 authz.overloaded', '1']);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  }
  const called = await send('/shut', { ...known, 'content-type': 'application/grpc', te: 'trailers' });
  expect([called.headers['grpc-status'], called.headers['grpc-message']]).toEqual(['14', expect.stringMatching(/^authz\.overloaded/)]);
  expect(backend.requests).toEqual([]);
});

test.each(['cold', 'all'] as const)(
  'with onFailure: allow requests pass, marked and without the caller’s own stamp (G17): %s',
  async (busy) => {
    service.shedding = busy;
    const answer = await send('/open', { ...bearer(`open ${busy}`), 'x-user-id': 'root' });
    expect(answer.status).toBe(200);
    expect(backend.requests.map(({ headers }) => [headers['x-envoy-auth-failure-mode-allowed'], headers['x-user-id']])).toEqual([
      ['true', undefined],
    ]);
  },
);
