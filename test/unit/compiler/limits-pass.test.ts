// Limits compiled: what an edit of them changes, whose claims are read, and how a proxy's own buckets are filled. Whole messages are goldens.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enforcementProblems } from '../../../src/build/enforcement-problems.ts';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { compileBucket } from '../../../src/compiler/limits/local-limits.ts';
import type { Compilation } from '../../../src/compiler/types.ts';
import { createResolver } from '../../../src/model/resolve.ts';
import type { Model } from '../../../src/model/types.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { policyVersion } from '../../../src/proto/policy-version.ts';
import { tableRevision } from '../../../src/proto/table-revision.ts';
import { testIssuer } from '../../support/test-issuer.ts';
import { HEAD, loaderOf } from '../config/support.ts';

const api = loadEnvoyApi();
const NOW = Date.UTC(2026, 10, 22);
const jwks = JSON.stringify(JSON.stringify(testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256'] }).jwks()));
const provider = (name: string): string => `{issuer: https://${name}.test/, audiences: [shop], jwks: {inline: ${jwks}}}`;

const BASE = `${HEAD}listeners: {http: {port: 10000}}
services: {orders: {endpoints: ["127.0.0.1:9000"]}}
jwt: {main: ${provider('main')}, other: ${provider('other')}}
`;

function newCompiler() {
  return createCompiler({ versionOf: (policy) => policyVersion(api, policy), revisionOf: (table) => tableRevision(api, table) });
}

/** Compiles one text after the other, as a running server does. */
async function compileAll(...texts: readonly string[]): Promise<readonly Compilation[]> {
  const loader = loaderOf({});
  const resolver = createResolver();
  const compiler = newCompiler();
  const compilations: Compilation[] = [];
  for (const text of texts) compilations.push(compiler.compile(await modelOf(text, { loader, resolver })));
  return compilations;
}

async function modelOf(text: string, { loader = loaderOf({}), resolver = createResolver() } = {}): Promise<Model> {
  loader.files.set('gateway.yaml', text);
  const { config, issues } = await loader.load();
  const resolved = config === undefined ? undefined : resolver.resolve(config, { nowMs: NOW });
  if (resolved?.model === undefined) throw new Error(JSON.stringify([...issues, ...(resolved?.issues ?? [])]));
  return resolved.model;
}

function messages(compilation: Compilation | undefined, kind: Compilation['resources'][number]['kind']): readonly object[] {
  return (compilation?.resources ?? []).filter((resource) => resource.kind === kind).map(({ message }) => message);
}

const routes = (auth: string, limits: string): string =>
  `routes:\n  - {name: a, matches: [{path: {prefix: /a}}], backends: [orders], auth: ${auth}, rateLimits: [${limits}]}\n`;

describe('an edit', () => {
  it('of a rate changes the table for companions and nothing of any proxy (R205, R208)', async () => {
    const limits = (rate: string): string => `rateLimits: {it: {key: [client.ip], rate: ${rate}}}\n`;
    const [before, after] = await compileAll(
      `${BASE}${limits('1/second')}${routes('none', 'it')}`,
      `${BASE}${limits('2/second')}${routes('none', 'it')}`,
    );
    expect(messages(before, 'RateLimitTable')).not.toEqual(messages(after, 'RateLimitTable'));
    for (const kind of ['RouteConfiguration', 'Listener', 'TypedExtensionConfig', 'Cluster'] as const)
      expect(messages(after, kind)).toEqual(messages(before, kind));
    expect(messages(after, 'RouteConfiguration')[0]).toBe(messages(before, 'RouteConfiguration')[0]);
  });

  it('that adds the first limit, or the last way to count, touches no listener (D11)', async () => {
    const [before, after] = await compileAll(
      `${BASE}routes: [{name: a, backends: [orders], auth: none}]\n`,
      `${BASE}rateLimits: {it: {key: [jwt.sub], rate: 1/second}, own: {key: [], rate: 1/second, scope: local}}\n${routes('{jwt: main}', 'it, own')}`,
    );
    expect(messages(after, 'Listener')).toEqual(messages(before, 'Listener'));
  });

  it('of a key reaches the routes that name the limit', async () => {
    const limits = (key: string): string => `rateLimits: {it: {key: [${key}], rate: 1/second}}\n`;
    const [before, after] = await compileAll(
      `${BASE}${limits('client.ip')}${routes('none', 'it')}`,
      `${BASE}${limits('route')}${routes('none', 'it')}`,
    );
    expect(messages(after, 'RouteConfiguration')).not.toEqual(messages(before, 'RouteConfiguration'));
  });
});

describe('claims (authz H12)', () => {
  const limits = 'rateLimits: {it: {key: [jwt.tenant], rate: 1/second, limitFrom: {jwt: plan, max: 9/second}}}\n';
  const keysOf = async (auth: string): Promise<readonly unknown[]> => {
    const [compilation] = await compileAll(`${BASE}${limits}${routes(auth, 'it')}`);
    const text = JSON.stringify(messages(compilation, 'RouteConfiguration'));
    return [
      ...text.matchAll(/"descriptor_key":"(jwt\.tenant|_rate)","skip_if_absent":true,"source":"DYNAMIC","metadata_key":(\{.*?\]\})/g),
    ].map(([, entry, key]) => [entry, JSON.parse(key ?? '')]);
  };
  const metadata = (key: string, ...steps: readonly string[]): object => ({ key, path: steps.map((step) => ({ key: step })) });

  it('are read where Envoy puts verified tokens, for each provider that a token may be of', async () => {
    expect(await keysOf('{jwt: [main, other]}')).toEqual([
      ['jwt.tenant', metadata('envoy.filters.http.jwt_authn', 'main', 'tenant')],
      ['jwt.tenant', metadata('envoy.filters.http.jwt_authn', 'other', 'tenant')],
      ['_rate', metadata('envoy.filters.http.jwt_authn', 'main', 'plan')],
      ['_rate', metadata('envoy.filters.http.jwt_authn', 'other', 'plan')],
    ]);
  });

  it('are read of the companion where it decides, which is told which ones', async () => {
    const auth = '{jwt: main, enforce: companion}';
    expect(await keysOf(auth)).toEqual([
      ['jwt.tenant', metadata('envoy.filters.http.ext_authz', 'claims', 'tenant')],
      ['_rate', metadata('envoy.filters.http.ext_authz', 'claims', 'plan')],
    ]);
    const [compilation] = await compileAll(`${BASE}${limits}${routes(auth, 'it')}`);
    expect(messages(compilation, 'AuthPolicy')).toMatchObject([{ told_claims: [{ steps: ['plan'] }, { steps: ['tenant'] }] }]);
  });
});

describe('what a request takes', () => {
  it('is a header of the answer also where its name is a word of ours', async () => {
    const model = await modelOf(`${BASE}rateLimits: {a: {key: [], rate: 1000/minute, cost: {response: header.bytes}}}
routes: [{name: list, backends: [orders], auth: none, rateLimits: [a]}]
`);
    expect(model.limits?.limits[0]?.cost).toEqual({ kind: 'responseHeader', name: 'bytes' });
  });
});

describe('a divided rate of 0 (R103)', () => {
  it('blocks before proxies are told their part', async () => {
    const [compilation] = await compileAll(`${BASE}rateLimits: {a: {key: [], rate: 0/minute, scope: quota}}
routes: [{name: list, backends: [orders], auth: none, rateLimits: [a]}]
`);
    const text = JSON.stringify(messages(compilation, 'TypedExtensionConfig'));
    expect(text).toContain('DENY_ALL');
    expect(text).not.toContain('ALLOW_ALL');
  });
});

describe('the owner of an API key', () => {
  const text = (forward: string): string =>
    `${BASE}apiKeys: {partners: {${forward}consumers: {acme: {plain: [not-a-secret]}}}}
rateLimits: {it: {key: [apiKey.id], rate: 1/second}}
${routes('{apiKeys: partners, enforce: proxy}', 'it')}`;

  it('is a header where Envoy itself checks keys', async () => {
    const [compilation] = await compileAll(text('forward: {x-client-id: consumer}, '));
    expect(JSON.stringify(messages(compilation, 'RouteConfiguration'))).toContain(
      '"request_headers":{"header_name":"x-client-id","descriptor_key":"apiKey.id"',
    );
  });

  it('cannot be told without one, which is an error', async () => {
    expect(enforcementProblems(await modelOf(text(''))).map(({ code, path }) => [code, path])).toEqual([
      ['CH2920', ['routes', 'a', 'rateLimits', 0]],
    ]);
    expect(enforcementProblems(await modelOf(text('forward: {x-client-id: consumer}, ')))).toEqual([]);
  });
});

describe('the buckets of a proxy (R212)', () => {
  it('hold and give as many requests as a constant cost leaves (R106)', async () => {
    const [compilation] = await compileAll(`${BASE}rateLimits: {a: {key: [], rate: 100/minute, burst: 53, scope: local, cost: 5}}
routes: [{name: list, backends: [orders], auth: none, rateLimits: [a]}]
`);
    const filter = messages(compilation, 'TypedExtensionConfig').find((message) => JSON.stringify(message).includes('filter/limit-local'));
    expect(filter).toMatchObject({
      typed_config: {
        descriptors: [{ token_bucket: { max_tokens: 10, tokens_per_fill: { value: 1 }, fill_interval: { seconds: 3, nanos: 0 } } }],
      },
    });
  });

  it('fill exactly at the rate, by whole tokens, in steps that Envoy takes, as often as can be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_294_967_295 }), fc.integer({ min: 1, max: 86_400 }), (limit, seconds) => {
        const { tokens_per_fill: tokens, fill_interval: interval } = compileBucket({ limit, seconds, burst: limit });
        const perFill = Number(tokens?.value);
        const intervalMs = Number(interval?.seconds) * 1000 + Number(interval?.nanos) / 1e6;
        expect(Number.isInteger(perFill)).toBe(true);
        expect(intervalMs % 50).toBe(0);
        expect(intervalMs).toBeGreaterThanOrEqual(50);
        expect(BigInt(perFill) * BigInt(seconds * 1000)).toBe(BigInt(limit) * BigInt(intervalMs));
      }),
    );
  });
});
