// What `import ratelimit` writes answers as the files did (ratelimit R1005): the same requests, asked of both.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entries, Reply } from '../ratelimit/limiter-support.ts';
import { bothServices } from './imported.ts';

const MAP = { k: 'header.x-k', l: 'header.x-l', m: 'jwt.m', c: 'constant' };

/** What callers see of one descriptor: limits that do not apply, and those that are unlimited, say nothing but OK. */
function seen(status: Reply['statuses'][number] | undefined) {
  const { code, current_limit: limit, limit_remaining: remaining = 0, duration_until_reset: reset } = status ?? {};
  if (limit === undefined) return { code };
  return { code, requests: limit.requests_per_unit ?? 0, unit: limit.unit, remaining, seconds: Number(reset?.seconds ?? 0) };
}

/** Of the limits that are asked for one descriptor at most one applies. */
function seenOfOwn(statuses: Reply['statuses']) {
  const applying = statuses.map(seen).filter((each) => 'requests' in each || each.code !== 'OK');
  if (applying.length > 1) throw new Error('several limits apply to one descriptor');
  return applying[0] ?? { code: 'OK' };
}

/** Blocked limits (N = 0) and those in shadow mode that are over tell nothing but their code. */
function comparable(status: ReturnType<typeof seen>, other: ReturnType<typeof seen>) {
  return 'requests' in other ? status : { code: status.code };
}

type Service = Awaited<ReturnType<typeof bothServices>>;

function compare(service: Service, descriptors: readonly Entries[]): { readonly isDenied: boolean } {
  const { reference, own, asked } = service.ask('d', descriptors);
  const isDenied = reference.overall_code !== 'OK';
  let at = 0;
  for (const [place, names] of asked.entries()) {
    const ours = seenOfOwn(own.statuses.slice(at, at + names.length));
    at += names.length;
    const status = reference.statuses[place];
    // A denied request takes nothing from other limits, which the reference has counted (R307).
    const isSpared = isDenied && ours.code === 'OK';
    const theirs = comparable(seen(status), isSpared ? { code: ours.code } : ours);
    expect(isSpared ? { code: ours.code } : ours).toEqual(theirs);
    // Unlimited or none; or a shadow that is over.
    if (!isSpared && !('requests' in ours) && ours.code === 'OK')
      expect(status?.current_limit === undefined || (status.limit_remaining ?? 0) === 0).toBe(true);
  }
  expect(own.overall_code).toBe(reference.overall_code);
  return { isDenied };
}

/** By depth; no part is in a key twice. */
const KEYS = [
  ['k', 'k', 'remote_address', 'c'],
  ['l', 'l', 'c'],
  ['m', 'm', 'c'],
];
const UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'];
const values = fc.option(fc.string({ unit: fc.constantFrom('x', 'y', '*'), minLength: 1, maxLength: 3 }), { nil: undefined, freq: 3 });

interface Node {
  readonly key: string;
  readonly value: string | undefined;
  readonly limit: object | undefined;
  readonly flags: readonly string[];
  readonly below: readonly Node[];
}

const limitOf = fc.oneof(
  { weight: 6, arbitrary: fc.record({ unit: fc.constantFrom(...UNITS), requests_per_unit: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant({ unlimited: true }) },
);
const named = fc
  .tuple(
    limitOf,
    fc.option(fc.constantFrom('a', 'b'), { nil: undefined, freq: 4 }),
    fc.option(fc.constantFrom('c', 'd'), { nil: undefined, freq: 6 }),
  )
  .map(([limit, name, replaces]) => ({
    ...limit,
    // Names that are replaced differ from those that replace, so that nobody replaces himself.
    ...(replaces === undefined ? (name === undefined ? {} : { name: name === 'a' ? 'c' : 'd' }) : { replaces: [{ name: replaces }] }),
  }));

function nodes(depth: number): fc.Arbitrary<readonly Node[]> {
  const node: fc.Arbitrary<Node> = fc.record({
    key: fc.constantFrom(...(KEYS[depth] ?? [])),
    value: values,
    limit: fc.option(named, { nil: undefined, freq: 3 }),
    flags: fc.subarray(['shadow_mode', 'share_threshold'], { maxLength: 1 }),
    below: depth >= 2 ? fc.constant([]) : nodes(depth + 1),
  });
  return fc.uniqueArray(node, { maxLength: depth === 0 ? 5 : 3, selector: ({ key, value }) => `${key} ${value}` });
}

function yamlOf(level: readonly Node[]): readonly object[] {
  return level.map(({ key, value, limit, flags, below }) => ({
    key,
    ...(value === undefined ? {} : { value }),
    ...(limit === undefined ? {} : { rate_limit: limit }),
    ...Object.fromEntries(flags.filter((flag) => flag !== 'share_threshold' || value?.includes('*') === true).map((flag) => [flag, true])),
    descriptors: yamlOf(below),
  }));
}

/** Requests that meet the descriptors: their keys, and values that fit, nearly fit, or are any. */
function requestsFor(level: readonly Node[]): fc.Arbitrary<Entries> {
  const paths: (readonly string[])[] = [];
  const walk = (nodesHere: readonly Node[], above: readonly string[]): void => {
    for (const { key, below } of nodesHere) {
      paths.push([...above, key]);
      walk(below, [...above, key]);
    }
  };
  walk(level, []);
  const value = fc.string({ unit: fc.constantFrom('x', 'y'), minLength: 1, maxLength: 3 });
  if (paths.length === 0) return fc.constant([['k', 'x']]);
  return fc
    .tuple(fc.constantFrom(...paths), fc.array(value, { minLength: 3, maxLength: 3 }))
    .map(([keys, texts]) => keys.map((key, at) => [key, texts[at] ?? 'x'] as const));
}

const cases = nodes(0).chain((level) =>
  fc.record({
    level: fc.constant(level),
    requests: fc.array(fc.array(requestsFor(level), { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
  }),
);

/** It is told that some requests are answered otherwise; the operator of these tests has one route for each constant. */
function isKept({ result }: Service): boolean {
  return result.issues.every(({ code, message }) => code !== 'CH1205' || message.startsWith('constants of'));
}

const RUNS = Number(process.env['IMPORT_RUNS'] ?? 30);

describe('imported limits answer as the files do (R1005)', () => {
  it('requests with one descriptor, always, where the import tells of nothing else', { timeout: 20_000 + RUNS * 200 }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ level, requests }) => {
        const service = await serviceOf(level);
        if (!isKept(service)) return;
        for (const [index, [descriptor]] of requests.entries()) {
          if (descriptor !== undefined) compare(service, [descriptor]);
          if (index % 5 === 4) service.advance(700);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('requests with several, until one is denied: from then on others take nothing here, so that nothing is denied that was not (R307)', {
    timeout: 20_000 + RUNS * 200,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ level, requests }) => {
        const service = await serviceOf(level);
        if (!isKept(service)) return;
        let wasDenied = false;
        for (const descriptors of requests) {
          // A route names a limit once.
          const different = [...new Map(descriptors.map((each) => [each.map(([key]) => key).join(), each])).values()];
          if (wasDenied) {
            const { reference, own } = service.ask('d', different);
            if (reference.overall_code === 'OK') expect(own.overall_code).toBe('OK');
          } else wasDenied = compare(service, different).isDenied;
        }
      }),
      { numRuns: RUNS },
    );
  });
});

function serviceOf(level: readonly Node[]): Promise<Service> {
  return bothServices({ 'limits/a.yaml': JSON.stringify({ domain: 'd', descriptors: yamlOf(level) }) }, mapFor(level));
}

function mapFor(level: readonly Node[]): Readonly<Record<string, string>> {
  const keys = new Set<string>();
  const walk = (here: readonly Node[]): void => {
    for (const { key, below } of here) {
      keys.add(key);
      walk(below);
    }
  };
  walk(level);
  return Object.fromEntries(Object.entries(MAP).filter(([key]) => keys.has(key)));
}
