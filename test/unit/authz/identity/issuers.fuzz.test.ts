// Whatever comes as token, key set, discovery document or introspection answer: a refusal that has a name, never an exception, never a pass (authz T11,
// T14).
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JwtOutcome } from '../../../../src/authz/handler-ports.ts';
import { createIntrospector } from '../../../../src/authz/identity/introspector.ts';
import { createJwtVerifier } from '../../../../src/authz/identity/jwt-verifier.ts';
import { fetchKeySet } from '../../../../src/authz/jwks/fetch-key-set.ts';
import { createInlineKeys } from '../../../../src/authz/jwks/inline-keys.ts';
import type { KeyAnswer, KeyOwner } from '../../../../src/authz/jwks/key-source.ts';
import type { IntrospectionSettings, JwtSettings } from '../../../../src/authz/policy/settings.ts';
import { Secret } from '../../../../src/lib/secret.ts';
import { ASYMMETRIC_ALGORITHMS, segment, testIssuer, testKey } from '../../../support/test-issuer.ts';

const SEEDS = new URL('../../../fuzz/authz/', import.meta.url);
const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300), seed: Number(process.env['FUZZ_SEED'] ?? 1) };
const NOW_MS = 1_800_000_000_000;
const CALL = { nowMs: NOW_MS, deadlineMs: NOW_MS + 1_000 };
const issuer = testIssuer({ algorithms: [...ASYMMETRIC_ALGORITHMS] });

const CREDENTIAL = {
  id: 'edge/main#0',
  name: 'main',
  issuer: issuer.issuer,
  audiences: ['shop'],
  maxTokenBytes: 8_192,
  from: [{ kind: 'header', name: 'authorization', prefix: 'Bearer ' }],
  scopeClaim: ['scope'],
  forwardClaims: [],
  keepCredential: false,
} as const;
const JWT: JwtSettings = {
  ...CREDENTIAL,
  algorithms: ASYMMETRIC_ALGORITHMS,
  types: ['at+jwt', 'jwt'],
  clockSkewSeconds: 30,
  maxLifetimeSeconds: undefined,
  keys: { kind: 'inline', jwks: JSON.stringify(issuer.jwks()) },
};

const inline = createInlineKeys();
const keysOf = (owner: KeyOwner): KeyAnswer => (owner.keys.kind === 'inline' ? inline(owner, owner.keys.jwks) : { kind: 'unavailable' });
const verifier = createJwtVerifier({ keys: { keysOf, wanted: keysOf }, secrets: () => undefined });

async function outcomeOf(token: string): Promise<JwtOutcome> {
  return await verifier.verify(token, JWT, CALL);
}

async function isRefused(token: string): Promise<void> {
  const outcome = await outcomeOf(token);
  expect(outcome.kind).toBe('refused');
}

/** Texts near to JSON objects with the members that matter. */
function near(members: readonly string[], values: readonly unknown[]): fc.Arbitrary<string> {
  const value = fc.oneof(fc.constantFrom(...values), fc.jsonValue({ maxDepth: 3 }));
  const text = fc.array(fc.tuple(fc.constantFrom(...members), value), { maxLength: 8 }).map((all) => {
    return `{${all.map(([name, content]) => `${JSON.stringify(name)}:${JSON.stringify(content)}`).join(',')}}`;
  });
  return fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) });
}

function seeds(ending: string): readonly string[] {
  return readdirSync(SEEDS).filter((file) => file.endsWith(ending));
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((all) => Buffer.from(all));
const OBJECT_NAMES = ['__proto__', 'constructor', 'toString'];

describe('any token', () => {
  it('of any text is refused (authz A2-A5)', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), isRefused), RUNS);
  });

  it('of any three segments is refused (authz A4-A15)', async () => {
    const header = near(
      ['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', ...OBJECT_NAMES],
      [
        ...ASYMMETRIC_ALGORITHMS,
        ...ASYMMETRIC_ALGORITHMS.map((algorithm) => testKey(algorithm).kid),
        'none',
        'HS256',
        'at+jwt',
        'jwt',
        null,
      ],
    );
    const claims = near(
      ['iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'scope', ...OBJECT_NAMES],
      [issuer.issuer, 'shop', NOW_MS / 1_000 + 60, 'alice'],
    );
    await fc.assert(
      fc.asyncProperty(header, claims, bytes, async (head, payload, signature) => {
        await isRefused(`${segment(head)}.${segment(payload)}.${segment(signature)}`);
        // A sound header and payload, so that the signature alone decides.
        await isRefused(
          `${segment('{"alg":"ES256","typ":"jwt"}')}.${segment(payload)}.${segment(Buffer.concat([signature, Buffer.alloc(64)]).subarray(0, 64))}`,
        );
      }),
      RUNS,
    );
  });

  it('that is valid is refused with any one character changed, left out or added (authz A4, A15, T10)', async () => {
    const algorithm = fc.constantFrom(...ASYMMETRIC_ALGORITHMS);
    const characters = fc.constantFrom(...Array.from('AQgw09-_.=+/ \n\u0000é'), '');
    await fc.assert(
      fc.asyncProperty(algorithm, fc.nat(), characters, fc.boolean(), async (name, place, character, isAdded) => {
        const token = issuer.mint({ key: testKey(name), now: NOW_MS / 1_000 });
        const at = place % (token.length + 1);
        const changed = token.slice(0, at) + character + token.slice(isAdded ? at : at + 1);
        expect((await outcomeOf(token)).kind).toBe('valid');
        if (changed !== token) await isRefused(changed);
      }),
      RUNS,
    );
  });

  it.each(seeds('.token'))('kept seed %s is refused', async (file) => {
    await isRefused(readFileSync(new URL(file, SEEDS), 'latin1'));
  });
});

describe('any answer of an issuer', () => {
  let body: Buffer = Buffer.alloc(0);
  let discovery: Buffer = Buffer.alloc(0);
  const server = createServer((request, response) => {
    response.writeHead(200, { connection: 'close' }).end(request.url === '/keys' ? body : discovery);
  });
  let origin = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const fetched = async (isDiscovered: boolean): Promise<string> => {
    const url = isDiscovered ? origin : `${origin}/keys`;
    const keys = {
      kind: 'remote',
      url,
      discovery: isDiscovered,
      cacheForMs: 1,
      timeoutMs: 5_000,
      serveStaleForMs: 1,
      ca: undefined,
    } as const;
    const outcome = await fetchKeySet({ issuer: issuer.issuer, algorithms: ['ES256'], keys }, { etag: undefined, dev: true });
    return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
  };
  const introspected = async (answer: Buffer): Promise<string> => {
    const settings: IntrospectionSettings = {
      ...CREDENTIAL,
      url: 'https://id.example.com/introspect',
      clientId: 'gate',
      clientSecretName: 'edge/secret/introspection/main',
      timeoutMs: 1_000,
      cacheForMs: 1,
      denyForMs: 1,
      ca: undefined,
    };
    const secret = new Secret('secret');
    const introspector = createIntrospector({
      request: () => Promise.resolve({ status: 200, headers: {}, body: answer }),
      secrets: () => secret,
      nowMs: () => NOW_MS,
      dev: false,
    });
    const outcome = await introspector.introspect('token', settings, CALL);
    if (outcome.kind !== 'active') return outcome.kind;
    return introspector.checkClaims(outcome.claims, settings, NOW_MS) ?? 'active';
  };

  it('as a key set without a good key is none (authz J3, J8, T11)', async () => {
    const set = near(['keys', ...OBJECT_NAMES], [[], [{}], [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }], [{ kty: 'oct', k: 'AA' }], {}]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          bytes,
          set.map((text) => Buffer.from(text)),
        ),
        async (text) => {
          body = text;
          expect(await fetched(false)).toMatch(/^(form|empty)$/);
        },
      ),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 3) },
    );
  });

  it('as a discovery document leads nowhere that is forbidden (authz J9)', async () => {
    const uris = ['https://169.254.169.254/', 'http://10.0.0.1/', 'file:///etc/passwd', '', 'https://[::ffff:169.254.1.1]/'];
    const document = near(['issuer', 'jwks_uri', ...OBJECT_NAMES], [issuer.issuer, ...uris]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          bytes,
          document.map((text) => Buffer.from(text)),
        ),
        async (text) => {
          discovery = text;
          expect(await fetched(true)).toMatch(/^(form|issuer|address)$/);
        },
      ),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 3) },
    );
  });

  it('about a token is active only where it says so clearly and for us (authz I2, I4)', async () => {
    const answer = near(
      ['active', 'iss', 'aud', 'exp', 'sub', ...OBJECT_NAMES],
      [true, 'true', 1, false, null, issuer.issuer, 'shop', [true]],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          bytes,
          answer.map((text) => Buffer.from(text)),
        ),
        async (text) => {
          const said = await introspected(text);
          expect(said).toMatch(/^(active|inactive|unknown|jwt\.claims|jwt\.audience|token\.inactive)$/);
          if (said !== 'active') return;
          const claims = JSON.parse(text.toString()) as Readonly<Record<string, unknown>>;
          expect([claims['active'], claims['iss'] ?? issuer.issuer]).toEqual([true, issuer.issuer]);
          expect([claims['aud']].flat()).toContain('shop');
        },
      ),
      { ...RUNS, numRuns: RUNS.numRuns * 3 },
    );
  });

  it.each(seeds('.body'))('kept seed %s is worth nothing', async (file) => {
    const seed = readFileSync(new URL(file, SEEDS));
    [body, discovery] = [seed, seed];
    expect(await fetched(false)).toMatch(/^(form|empty)$/);
    expect(await fetched(true)).toMatch(/^(form|issuer|address)$/);
    expect(await introspected(seed)).toBe('unknown');
  });

  it('may come after a deadline that is no whole millisecond (authz I1)', async () => {
    const secret = new Secret('secret');
    const request = (): Promise<never> => Promise.reject(new Error('asked'));
    const told: string[] = [];
    const introspector = createIntrospector({
      request,
      secrets: () => secret,
      nowMs: () => NOW_MS,
      dev: false,
      onFailure: (_issuer, detail) => told.push(detail),
    });
    const settings = {
      ...CREDENTIAL,
      url: '',
      clientId: '',
      clientSecretName: '',
      timeoutMs: 1_000,
      cacheForMs: 1,
      denyForMs: 1,
      ca: undefined,
    };
    await introspector.introspect('token', settings, { nowMs: NOW_MS, deadlineMs: NOW_MS + 10.5 });
    expect(told).toEqual(['asked']);
  });
});
