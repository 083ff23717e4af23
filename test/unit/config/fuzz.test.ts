// Any bytes as a configuration give a configuration or mistakes with places, never an exception. What once went wrong is kept in test/fuzz/config.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatIssues, issuesToJson } from '../../../src/config/diagnostics.ts';
import { HEAD, loadText } from './support.ts';
import { histories } from './yaml-texts.ts';

const SEEDS = path.join(import.meta.dirname, '../../fuzz/config');
/** Words of libraries and of JavaScript that no user should read. */
const FOREIGN = /Invalid input|Unrecognized|invalid_|ZodError|undefined|\[object|NaN|at \w+ \(|node:|YAMLParse|Map keys must be unique/;

async function expectAnswer(content: string | Uint8Array): Promise<void> {
  const { issues, config, positions } = await loadText(content);
  const isRefused = issues.some(({ severity }) => severity === 'error');
  expect(config === undefined).toBe(isRefused);
  const text = formatIssues(issues, positions, { color: false });
  expect(text === '').toBe(issues.length === 0);
  for (const { message, help, label } of issues) expect([message, help, label].join('\n').replaceAll(/"[^"]*"/g, '')).not.toMatch(FOREIGN);
  for (const place of issuesToJson(issues, positions)) {
    expect(place.line).toBeGreaterThan(0);
    expect(place.column).toBeGreaterThan(0);
    expect(place.length).toBeGreaterThan(0);
  }
}

const GOOD = {
  version: 'v1',
  gateway: 'edge',
  defaults: { timeout: '15s', retry: { attempts: 1 }, circuitBreaker: { maxRequests: 5 } },
  listeners: {
    http: { port: 10000, redirect: { scheme: 'https' } },
    https: {
      address: '0.0.0.0',
      port: 10443,
      tls: { alpn: ['h2'], certificates: ['c'], clientAuth: { ca: '-----BEGIN' } },
      clientIp: { trustedHops: 1 },
    },
  },
  certificates: { c: { cert: '-----BEGIN', key: '-----BEGIN' } },
  services: {
    s: {
      endpoints: ['s:80', { address: '[::1]:80', weight: 2, metadata: { a: 'b' } }],
      loadBalancer: { ringHash: { by: { cookie: { name: 'c', ttl: '1h' } } } },
      healthCheck: { http: { path: '/h', statuses: [200, '200-299'] }, interval: '1s' },
      outlierDetection: { interval: '1s', maxEjectionPercent: '10%' },
      tls: { ca: 'system', sni: 'a.b' },
    },
  },
  routes: [
    {
      name: 'r',
      hostnames: ['*.a.b'],
      matches: [
        { path: { prefix: '/' }, headers: { a: 'b', c: { not: { prefix: 'x' } } }, query: { d: { present: true } } },
        { grpc: { service: 'a.B' } },
      ],
      backends: ['s', { service: 's', weight: 1 }],
      mirror: [{ service: 's', percent: 5 }],
      rewrite: { regex: { pattern: 'a', substitution: 'b' }, host: { fromService: true } },
      requestHeaders: { set: { a: 'b' }, remove: ['c'] },
      retry: { retryOn: ['5xx'], backoff: '1ms..2ms' },
    },
    { name: 'q', respond: { status: 200, body: { json: { a: [1, null] } } } },
    { name: 'p', redirect: { host: 'a.b', code: 308 } },
  ],
  accessLog: { json: 'stdout' },
};

/** Paths to every value in `value`. */
function pathsIn(value: unknown, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...at, key]))];
}

function replacedAt(value: unknown, [step, ...rest]: readonly string[], next: unknown): unknown {
  if (step === undefined) return next;
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === step ? replacedAt(item, rest, next) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, item]) => [key, key === step ? replacedAt(item, rest, next) : item]),
  );
}

const wrongValues = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    ' ',
    'x',
    '5',
    '1s',
    '/',
    '*',
    '${env:A}',
    [],
    {},
    [null],
    [[]],
    [{}],
    { a: 1 },
    { json: 1 },
    'on',
    '\u0007',
    '日本',
    '-----BEGIN',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

describe('a file of any bytes', () => {
  it.each(readdirSync(SEEDS))('has an answer: %s', async (name) => {
    await expectAnswer(readFileSync(path.join(SEEDS, name)));
    await expectAnswer(Buffer.concat([Buffer.from(HEAD), readFileSync(path.join(SEEDS, name))]));
  });

  it('has an answer', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), expectAnswer), { numRuns: 200 });
  });

  it('has an answer where it is text', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), expectAnswer), { numRuns: 200 });
  });

  it('has an answer where it looks like a configuration', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (texts) => {
        for (const text of texts) await expectAnswer(`${HEAD}${text}`);
      }),
      { numRuns: 100 },
    );
  });

  it('with any value in any place of a good configuration has an answer in the words of the user', async () => {
    const places = pathsIn(GOOD).filter((at) => at.length > 0);
    await expectAnswer(stringify(GOOD));
    expect((await loadText(stringify(GOOD))).issues).toEqual([]);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), wrongValues, (at, value) => expectAnswer(stringify(replacedAt(GOOD, at, value)))),
      { numRuns: 500 },
    );
  });
});
