// Whatever an issuer answers as key set or discovery document: a failure that has a name, never an exception, never a connection to where nobody may
// be sent (authz J3, J8, J9, T11).
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchKeySet } from '../../../../src/authz/jwks/fetch-key-set.ts';

const SEEDS = new URL('../../../fuzz/authz/', import.meta.url);
const RUNS = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 100), seed: Number(process.env['FUZZ_SEED'] ?? 1) };
const ISSUER = 'https://id.example.com/';
const OBJECT_NAMES = ['__proto__', 'constructor', 'toString'];

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
    const outcome = await fetchKeySet({ issuer: ISSUER, algorithms: ['ES256'], keys }, { etag: undefined, dev: true });
    return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
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
      RUNS,
    );
  });

  it('as a discovery document leads nowhere that is forbidden (authz J9)', async () => {
    const uris = ['https://169.254.169.254/', 'http://10.0.0.1/', 'file:///etc/passwd', '', 'https://[::ffff:169.254.1.1]/'];
    const document = near(['issuer', 'jwks_uri', ...OBJECT_NAMES], [ISSUER, ...uris]);
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
      RUNS,
    );
  });

  it.each(seeds('.jwks'))('kept seed %s gives usable keys or a failure (authz A18, T11)', async (file) => {
    body = readFileSync(new URL(file, SEEDS));
    expect(await fetched(false)).toMatch(/^(keys|form|empty)$/);
  });

  it.each(seeds('.discovery'))('kept seed %s leads nowhere (authz J9)', async (file) => {
    discovery = readFileSync(new URL(file, SEEDS));
    expect(await fetched(true)).toMatch(/^(form|issuer|address)$/);
  });
});
