// Whatever bytes come: one answer, never empty, never an allowance that nothing proved, and for broken bytes never an error (T14).
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EnvoyApi, loadEnvoyApi } from '../../../src/proto/api.ts';
import { checkRequest, jwtProvider, policyResource } from '../../support/auth-policy.ts';
import { type TestHandling, testHandling } from '../../support/check-handling.ts';

const SEEDS = new URL('../../fuzz/authz/', import.meta.url);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);

let api: EnvoyApi;
let test: TestHandling;
let version: string;

beforeAll(() => {
  api = loadEnvoyApi();
  test = testHandling(api);
  const policy = policyResource(api, {
    rule: {
      any_of: { rules: [{ jwt: { providers: ['main'] } }, { api_keys: { source: 'partners' } }, { client_certificate: { name: 'mesh' } }] },
    },
    jwt: [jwtProvider({ from: [{ header: { name: 'authorization', prefix: 'Bearer ' } }, { cookie: 'session' }, { query: 'token' }] })],
    api_keys: [{ name: 'partners', from: [{ header: { name: 'x-api-key' } }] }],
    client_certificates: [{ name: 'mesh', sans: [{ type: 'URI', prefix: 'spiffe://' }] }],
  });
  version = policy.version;
  const keys = api.encode('chancery.policy.v1.ApiKeySet', { name: 'edge/partners' });
  expect(test.table.apply({ policies: [policy], apiKeys: [{ name: 'edge/partners', bytes: keys }] }).refused).toEqual([]);
});

async function isStopped(bytes: Uint8Array): Promise<void> {
  const answer = await test.raw(bytes);
  expect(answer.length).toBeGreaterThan(0);
  const response = api.decode('envoy.service.auth.v3.CheckResponse', answer);
  expect(response.http_response).not.toBe('ok_response');
  expect(response.status?.code ?? 0).not.toBe(0);
}

describe('the check handler', () => {
  it('denies any bytes (authz G2, G4)', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), isStopped), { numRuns: RUNS, seed: SEED });
  });

  it('denies any change of a request that proves nothing, with any text as credential (authz T14)', async () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('Bearer ', 'bearer a.b.c', 'Bearer a,b', `Bearer ${'x'.repeat(9000)}`),
    );
    const shape = fc.record({
      headers: fc.array(fc.tuple(fc.constantFrom('authorization', 'cookie', 'x-api-key', 'content-type', 'x-request-id'), anyText), {
        maxLength: 4,
      }),
      path: fc.oneof(fc.constant('/a?token=x'), anyText),
      certificate: anyText,
    });
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(shape, fc.array(change, { maxLength: 3 }), async (parts, changes) => {
        const bytes = checkRequest(api, { version, ...parts });
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        await isStopped(bytes);
        await isStopped(bytes.subarray(0, Math.floor(bytes.length * 0.7)));
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(test.failed).toEqual([]);
  });

  it.each(readdirSync(SEEDS).filter((file) => file.endsWith('.hex')))('kept seed %s is denied', async (file) => {
    await isStopped(Buffer.from(readFileSync(new URL(file, SEEDS), 'utf8').replace(/\s|#.*$/gm, ''), 'hex'));
  });

  it('shows no credential, cookie or query in anything it tells others (authz S4)', async () => {
    const own = testHandling(api);
    const policy = policyResource(api, {
      rule: { any_of: { rules: [{ jwt: { providers: ['main'] } }, { api_keys: { source: 'partners' } }] } },
      jwt: [jwtProvider({ from: [{ header: { name: 'authorization', prefix: 'Bearer ' } }, { cookie: 'session' }, { query: 'token' }] })],
      api_keys: [{ name: 'partners', from: [{ header: { name: 'x-api-key' } }] }],
    });
    own.table.apply({ policies: [policy] });
    own.jwts.set('canary.later', { kind: 'unknown', reason: 'jwks.unavailable' });
    own.jwts.set('canary.broken', Promise.reject(new Error('it broke')));
    const answers: Uint8Array[] = [];
    for (const value of ['canary', 'canary.later', 'canary.broken', 'canary,canary', 'canary\u001b[31m\r\n']) {
      for (const [name, text] of [
        ['authorization', `Bearer ${value}`],
        ['authorization', value],
        ['cookie', `session=${value}`],
        ['x-api-key', value],
      ] as const) {
        answers.push(await own.raw(checkRequest(api, { version: policy.version, headers: [[name, text]] })));
      }
      answers.push(await own.raw(checkRequest(api, { version: policy.version, path: `/a?token=${value}` })));
    }
    const told = JSON.stringify([
      own.decided,
      own.denied,
      own.failed.map(({ cause }) => String(cause)),
      answers.map((answer) => Buffer.from(answer).toString('latin1')),
    ]);
    expect(told).not.toContain('canary');
    expect(answers).toHaveLength(25);
  });
});
