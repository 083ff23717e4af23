// Any text as a token, any bytes as a key set or as an issuer's answer (authz "Must hold", T11, T14): a defined answer, never a crash, and nobody is let
// in. What once went wrong, or nearly, is kept in test/fuzz/authz.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IntrospectionOutcome, JwtOutcome } from '../../../../src/authz/handler-ports.ts';
import { createIntrospector } from '../../../../src/authz/identity/introspector.ts';
import { createJwtVerifier } from '../../../../src/authz/identity/jwt-verifier.ts';
import { createInlineKeys } from '../../../../src/authz/jwks/inline-keys.ts';
import type { KeySource } from '../../../../src/authz/jwks/key-source.ts';
import { readyKeys } from '../../../../src/authz/jwks/ready-keys.ts';
import type { IntrospectionSettings } from '../../../../src/authz/policy/settings.ts';
import { isAuthReason } from '../../../../src/authz/reason.ts';
import { parseKeySet } from '../../../../src/lib/jose/key-set.ts';
import { SIGNATURE_ALGORITHMS } from '../../../../src/lib/jose/signature-algorithm.ts';
import { Secret } from '../../../../src/lib/secret.ts';
import { jwtSettings } from '../../../support/jwt-settings.ts';
import { segment, testIssuer } from '../../../support/test-issuer.ts';

const NOW = 1_800_000_000;
const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300), seed: Number(process.env['FUZZ_SEED'] ?? 1) };
const SEEDS = new URL('../../../fuzz/authz/', import.meta.url);
const issuer = testIssuer({ algorithms: ['ES256', 'EdDSA'] });
const GOOD = issuer.mint({ now: NOW });

function seeds(kind: string): readonly (readonly [file: string, text: string])[] {
  const files = readdirSync(SEEDS).filter((file) => file.endsWith(`.${kind}`));
  return files.map((file) => [file, readFileSync(new URL(file, SEEDS), 'utf8').replace(/\n$/, '')]);
}

const inline = createInlineKeys();
const keysOf: KeySource['keysOf'] = (owner) => (owner.keys.kind === 'inline' ? inline(owner, owner.keys.jwks) : { kind: 'unavailable' });
const verifier = createJwtVerifier({ keys: { keysOf, wanted: keysOf }, secrets: () => undefined });
const JWT = jwtSettings(issuer, { algorithms: ['ES256', 'EdDSA'] });

async function outcomeOf(token: string): Promise<JwtOutcome> {
  return await verifier.verify(token, JWT, { nowMs: NOW * 1_000, deadlineMs: NOW * 1_000 + 1_000 });
}

async function isRefused(token: string): Promise<void> {
  const outcome = await outcomeOf(token);
  expect(outcome.kind).toBe('refused');
  if (outcome.kind === 'refused') expect(isAuthReason(outcome.reason)).toBe(true);
}

describe('tokens', () => {
  it('the one that all others are made of is good (control)', async () => {
    expect((await outcomeOf(GOOD)).kind).toBe('valid');
  });

  it('of any text are refused (authz A3-A5)', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.stringMatching(/^[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,90}$/));
    await fc.assert(fc.asyncProperty(text, isRefused), RUNS);
  });

  it('of any JSON in header and claims, without our signature, are refused (authz A5-A16)', async () => {
    const member = fc.constantFrom('alg', 'kid', 'typ', 'crit', 'jwk', 'iss', 'exp', 'aud', 'sub', '__proto__', 'constructor', 'toString');
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('ES256', 'none', 'HS256', 'es256-1', issuer.issuer, NOW + 60, 'shop'));
    const object = fc.dictionary(member, value, { maxKeys: 8 });
    const token = fc.tuple(object, object, fc.uint8Array({ minLength: 60, maxLength: 70 })).map(([header, claims, signature]) => {
      const head = { alg: 'ES256', typ: 'at+jwt', ...header };
      const body = { iss: issuer.issuer, aud: 'shop', exp: NOW + 60, ...claims };
      return `${segment(JSON.stringify(head))}.${segment(JSON.stringify(body))}.${segment(signature)}`;
    });
    await fc.assert(fc.asyncProperty(token, isRefused), RUNS);
  });

  it('that differ from a good one in any place are refused (authz A4, A15)', async () => {
    const place = fc.nat({ max: GOOD.length - 1 });
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }), fc.stringMatching(/^[\w.=-]{0,3}$/));
    const changed = fc.tuple(place, fc.nat({ max: 3 }), text).map(([at, cut, put]) => `${GOOD.slice(0, at)}${put}${GOOD.slice(at + cut)}`);
    await fc.assert(
      fc.asyncProperty(
        changed.filter((token) => token !== GOOD),
        isRefused,
      ),
      RUNS,
    );
  });

  it.each(seeds('token'))('kept seed %s is refused', async (_file, text) => {
    await isRefused(text.replace('GOOD', GOOD));
  });
});

/** Each key that is left can be used at once. */
function isSound(bytes: Uint8Array): void {
  const verdict = parseKeySet(bytes, SIGNATURE_ALGORITHMS);
  if (!verdict.ok) {
    expect(['oversized', 'form', 'keys']).toContain(verdict.problem);
    return;
  }
  const { keys } = verdict.value;
  const ready = readyKeys(keys, 1);
  for (const { alg, kid } of keys) expect(ready.candidates(alg, kid).length).toBeGreaterThan(0);
  for (const key of keys) for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(Object.keys(key)).not.toContain(secret);
}

describe('key sets', () => {
  it('of any bytes, and any change of a good one, give usable keys or none (authz A18, J3)', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), isSound), RUNS);
    const good = Buffer.from(JSON.stringify(issuer.jwks()));
    const change = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }));
    const changed = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
      const bytes = Buffer.from(good);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
    fc.assert(fc.property(changed, isSound), RUNS);
  });

  it('with members of any kind give usable keys or none (authz A18)', () => {
    const members = ['kty', 'crv', 'x', 'y', 'n', 'e', 'd', 'alg', 'kid', 'use', 'key_ops', 'k', '__proto__'];
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'P-256', 'Ed25519', 'AQAB', 'sig', 'A'.repeat(43)));
    const change = fc.dictionary(fc.constantFrom(...members), value, { maxKeys: 5 });
    const set = fc.array(fc.tuple(fc.constantFrom(...issuer.keys), change), { maxLength: 4 });
    const text = set.map((keys) => Buffer.from(JSON.stringify({ keys: keys.map(([{ jwk }, changes]) => ({ ...jwk, ...changes })) })));
    fc.assert(fc.property(text, isSound), RUNS);
  });

  it.each(seeds('jwks'))('kept seed %s gives usable keys or none', (_file, text) => isSound(Buffer.from(text)));
});

const INTROSPECTION: IntrospectionSettings = {
  id: 'edge/opaque#0',
  name: 'opaque',
  url: 'https://id.example.com/introspect',
  ca: undefined,
  clientId: 'gateway',
  clientSecretName: 'edge/secret/introspection/opaque',
  issuer: issuer.issuer,
  audiences: ['shop'],
  timeoutMs: 150,
  cacheForMs: 60_000,
  denyForMs: 5_000,
  maxTokenBytes: 8_192,
  from: [{ kind: 'header', name: 'authorization', prefix: 'Bearer ' }],
  scopeClaim: ['scope'],
  forwardClaims: [],
  keepCredential: false,
};

async function answered(body: Uint8Array): Promise<IntrospectionOutcome & { readonly fault?: string | undefined }> {
  const introspector = createIntrospector({
    request: async () => ({ status: 200, headers: {}, body: Buffer.from(body) }),
    secrets: () => new Secret('of the gateway'),
    nowMs: () => NOW * 1_000,
    dev: false,
  });
  const outcome = await introspector.introspect('token', INTROSPECTION, { nowMs: NOW * 1_000, deadlineMs: NOW * 1_000 + 1_000 });
  if (outcome.kind !== 'active') return outcome;
  return { ...outcome, fault: introspector.checkClaims(outcome.claims, INTROSPECTION, NOW * 1_000) };
}

/** Active only for an object that says so, of our issuer, and in force only for our audience. */
async function isHonest(body: Uint8Array): Promise<void> {
  const outcome = await answered(body);
  if (outcome.kind !== 'active') return;
  const said = JSON.parse(Buffer.from(body).toString()) as Readonly<Record<string, unknown>>;
  expect(said['active']).toBe(true);
  expect([undefined, issuer.issuer]).toContain(said['iss']);
  if (outcome.fault !== undefined) return;
  expect(Array.isArray(said['aud']) ? said['aud'] : [said['aud']]).toContain('shop');
  expect(typeof said['exp'] === 'number' ? said['exp'] : NOW).toBeGreaterThanOrEqual(NOW);
}

describe('answers about tokens', () => {
  it('that are good are active (control)', async () => {
    expect(await answered(Buffer.from('{"active": true, "aud": "shop"}'))).toMatchObject({ kind: 'active', fault: undefined });
  });

  it('of any bytes are never taken for more than they say (authz I2, I4)', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), isHonest), RUNS);
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(true, 'true', 1, issuer.issuer, 'shop', ['shop'], NOW, NOW - 1));
    const object = fc.dictionary(fc.constantFrom('active', 'iss', 'aud', 'exp', 'nbf', 'sub', 'scope', '__proto__'), value, { maxKeys: 6 });
    const body = object.map((claims) => Buffer.from(JSON.stringify({ active: true, aud: 'shop', ...claims })));
    await fc.assert(fc.asyncProperty(body, isHonest), RUNS);
  });

  it.each(seeds('answer'))('kept seed %s is not active', async (_file, text) => {
    const outcome = await answered(Buffer.from(text));
    expect(outcome.kind === 'active' && outcome.fault === undefined).toBe(false);
  });
});
