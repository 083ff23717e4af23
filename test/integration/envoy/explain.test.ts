// O4: what explain foretells is what a real Envoy does: the route, the service, the answer with its reason, and what the limiter is asked. Chosen
// requests, and drawn ones that put the same parts together in other ways.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policyForm } from '../../../src/compiler/auth/form.ts';
import { createCompiler } from '../../../src/compiler/compile.ts';
import { FIXED_ENTRIES } from '../../../src/compiler/names.ts';
import type { Answer } from '../../../src/explain/answer.ts';
import { type AskedRequest, explained } from '../../../src/explain/explained.ts';
import type { Model } from '../../../src/model/types.ts';
import { loadEnvoyApi } from '../../../src/proto/api.ts';
import { policyVersion } from '../../../src/proto/policy-version.ts';
import { tableRevision } from '../../../src/proto/table-revision.ts';
import { startCompiledEnvoy } from '../../support/compiled-envoy.ts';
import { type CountingService, startCountingService } from '../../support/counting-service.ts';
import type { Envoy } from '../../support/envoy.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type HttpResponse, request } from '../../support/http-client.ts';
import { testIssuer } from '../../support/test-issuer.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { modelOf } from '../../unit/explain/support.ts';

const issuer = testIssuer({ issuer: 'https://id.test/', algorithms: ['ES256'] });
const other = testIssuer({ issuer: 'https://other.test/', algorithms: ['ES256'] });

function gatewayText(backend: string, limiter: number): string {
  const endpoints = `{endpoints: ["${backend}"]}`;
  return `version: v1
gateway: edge
listeners:
  http: {port: 10000, clientIp: {trustedHops: 1}}
accessLog: {json: stdout}
jwt:
  main:
    issuer: https://id.test/
    audiences: [shop]
    algorithms: [ES256]
    jwks: {inline: ${JSON.stringify(JSON.stringify(issuer.jwks()))}}
apiKeys:
  partners: {from: [{header: x-api-key}], consumers: {acme: {plain: [planted-key]}}}
ipLists: {office: [203.0.113.0/24, "2001:db8::/32"]}
rateLimitService: {endpoints: ["127.0.0.1:${limiter}"], timeout: 2s, deniedStatus: 503}
rateLimits:
  per-user: {key: [jwt.sub], rate: 1000000/minute}
  editor: {key: [jwt.sub, jwt.editor], whenMissing: skip, rate: 1000000/minute, replaces: [per-user]}
  plan:
    key: [jwt.tenant, header.x-tier]
    rate: 1000000/minute
    limitFrom: {jwt: plan, max: 2000000/minute}
    overrides:
      - {match: {jwt.tenant: banned}, rate: 0/minute}
      - {match: {jwt.tenant: "ban*", header.x-tier: "*"}, rate: 1000000/minute}
      - {match: {jwt.tenant: free}, rate: unlimited}
      - {match: {header.x-tier: "bron*"}, rate: 0/minute}
  early: {key: [client.ip, client.net/24, header.host], phase: early, rate: 1000000/minute, onFailure: deny, overrides: [{match: {client.ip: 198.51.100.66}, rate: 0/minute}]}
  words: {key: [header.x-tier, query.q, method, path, route, const.all], rate: 1000000/second}
  all-or-none: {key: [query.q], whenMissing: skip, rate: 1000000/second}
  needed: {key: [header.x-tier], whenMissing: deny, rate: 1000000/second, onFailure: deny}
  watched: {key: [header.x-tier], whenMissing: deny, rate: 1000000/second, mode: shadow}
  to: {key: [service], rate: 1000000/second, overrides: [{match: {service: closed}, rate: 0/second}]}
  shield: {key: [client.ip], rate: 1000000/second, scope: local}
services: {red: ${endpoints}, blue: ${endpoints}, closed: ${endpoints}}
routes:
  - {name: rest, hostnames: ["*"], backends: [red], auth: none}
  - {name: shop, hostnames: [shop.test], matches: [{path: {prefix: /}}], backends: [blue], auth: none}
  - {name: wild, hostnames: ["*.shop.test"], matches: [{path: {prefix: /w}}], backends: [{service: red, weight: 9}, {service: blue, weight: 1}], auth: none}
  - {name: longer, hostnames: ["*.b.shop.test"], matches: [{path: {exact: /w}}], backends: [blue], auth: none}
  - {name: orders, matches: [{path: {prefix: /orders}}], backends: [red], auth: {jwt: main, scopes: ["orders:read"]}, rateLimits: [plan, editor, per-user, early, shield]}
  - {name: item, matches: [{path: {template: "/orders/{id}/items/{item}"}, methods: [GET]}], backends: [blue], auth: {jwt: main}}
  - {name: files, matches: [{path: {template: "/files/{rest=**}"}}], backends: [red], auth: none}
  - {name: cats, matches: [{path: {regex: "/v[0-9]+/(cats|dogs)"}}], backends: [red], auth: none}
  - {name: headers, matches: [{path: {prefix: /h}, headers: {x-tier: {prefix: g}}}], backends: [red], auth: none}
  - {name: not, matches: [{path: {prefix: /h}, headers: {x-tier: {not: silver}}}], backends: [blue], auth: none}
  - {name: asked, matches: [{path: {prefix: /h}, query: {q: {contains: a}}, methods: [POST]}], backends: [blue], auth: none}
  - {name: debug, matches: [{path: {prefix: /h}, query: {debug: {present: true}}}], priority: 5, backends: [red], auth: none}
  - {name: moved, matches: [{path: {prefix: /moved}}], redirect: {path: /open, code: 308}}
  - {name: told, matches: [{path: {exact: /told}}], respond: {status: 418, body: teapot}}
  - {name: words, matches: [{path: {prefix: /words}}], backends: [red], auth: none, rateLimits: [words, all-or-none, watched]}
  - {name: needed, matches: [{path: {prefix: /needed}}], backends: [red], auth: none, rateLimits: [needed, to, early]}
  - {name: closed, matches: [{path: {prefix: /closed}}], backends: [closed], auth: {anyOf: [{jwt: main}, {anonymous: true}]}, rateLimits: [to, words]}
  - {name: office, matches: [{path: {prefix: /office}}], backends: [red], auth: {anyOf: [{ips: [office]}, {jwt: main, scopes: [remote]}]}}
  - {name: both, matches: [{path: {prefix: /both}}], backends: [red], auth: {allOf: [{ips: [office]}, {methods: [GET, POST]}, {jwt: main, scopes: [remote]}]}}
  - {name: keys, matches: [{path: {prefix: /keys}}], backends: [red], auth: {policy: keys}}
policies:
  keys: {enforce: proxy, apiKeys: partners}
`;
}

const minted = (claims: Readonly<Record<string, unknown>>, from = issuer): string => from.mint({ claims });
const TOKENS = {
  good: minted({ scope: 'orders:read remote', tenant: 'acme', plan: '1500000/minute' }),
  editor: minted({ scope: 'orders:read', tenant: 'free', editor: 'doc' }),
  banned: minted({ scope: 'orders:read', tenant: 'banned' }),
  almost: minted({ scope: 'orders:read', tenant: 'bane', editor: 7 }),
  numbered: minted({ scope: 'orders:read', tenant: 12 }),
  weak: minted({ scope: 'orders:write', tenant: 'acme' }),
  late: minted({ scope: 'orders:read', exp: 1_700_000_000 }),
  soon: minted({ scope: 'orders:read', nbf: 4_000_000_000 }),
  elsewhere: minted({ scope: 'orders:read', aud: 'other' }),
  stranger: minted({ scope: 'orders:read' }, other),
  nonsense: 'nonsense',
  'no-json': 'e30.bm90.AAAA',
} as const;

interface Sent {
  readonly path: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: keyof typeof TOKENS;
}

const HOSTS = ['shop.test', 'a.shop.test', 'a.b.shop.test', 'x.a.b.shop.test', 'SHOP.test:8080', 'else.test', '127.0.0.1'] as const;
const PATHS = `
  / /w /w/x /orders /orders/ /Orders /ordersx /orders/7 /orders/7/items/9 /orders/7/items /files /files/a/b.txt
  /v12/cats /v1/dogs/3 /v/cats /h /h/x /moved /moved/on /told /told/x /words /words/a.b /needed
  /closed /office /both /keys //orders /orders//7 /x/../orders /orders/%2e%2e/told /%6frders /a%2forders /orders;x=1 /h%3b
  /orders/./7 /.. /files/%20x /orders/a%5cb /told/ /orders/.. /h/%7Ex /files/%zz /a%00b /a%5Cb
`
  .trim()
  .split(/\s+/);
const QUERIES = ['', '?q=a', '?q=a%20b&q=c', '?debug', '?debug=1&q=b', '?q=', '?x=1', '?q=a+b', '?%71=1', '?q'] as const;
const ADDRESSES = ['203.0.113.7', '198.51.100.66', '198.51.100.7', '2001:db8::1', '10.0.0.1, 203.0.113.9', 'nonsense', ''] as const;

const CHOSEN: readonly Sent[] = [
  ...PATHS.map((path) => ({ path })),
  ...HOSTS.flatMap((host) => [
    { host, path: '/w' },
    { host, path: '/orders/7/items/9?q=a' },
  ]),
  ...Object.keys(TOKENS).flatMap((token) => [
    { path: '/orders', token: token as keyof typeof TOKENS },
    { path: '/closed', token: token as keyof typeof TOKENS },
    { path: '/office', token: token as keyof typeof TOKENS },
    { path: '/both', token: token as keyof typeof TOKENS, headers: { 'x-forwarded-for': '203.0.113.7' } },
  ]),
  ...['gold', 'silver', 'bronze', ''].flatMap((tier) => [
    { path: '/h', headers: { 'x-tier': tier } },
    { path: '/needed', headers: { 'x-tier': tier } },
    { path: '/orders', headers: { 'x-tier': tier }, token: 'good' as const },
    { path: '/orders', headers: { 'x-tier': tier }, token: 'banned' as const },
    { path: '/orders', headers: { 'x-tier': tier }, token: 'almost' as const },
  ]),
  ...ADDRESSES.flatMap((address) => [
    { path: '/office', headers: { 'x-forwarded-for': address } },
    { path: '/needed', headers: { 'x-forwarded-for': address, 'x-tier': 'gold' } },
    { path: '/orders', headers: { 'x-forwarded-for': address }, token: 'good' as const },
  ]),
  ...QUERIES.flatMap((query) => [
    { path: `/h${query}` },
    { path: `/words${query}`, method: 'POST' },
    { path: `/h${query}`, method: 'POST' },
  ]),
  { path: '/keys', headers: { 'x-api-key': 'planted-key' } },
  { path: '/keys', headers: { 'x-api-key': 'wrong' } },
  { path: '/both', method: 'DELETE', headers: { 'x-forwarded-for': '203.0.113.7' }, token: 'good' },
];

const api = loadEnvoyApi();
let upstream: Upstream;
let service: CountingService;
let envoy: Envoy;
let model: Model;
let port = 0;

beforeAll(async () => {
  upstream = await startUpstream({ name: 'backend' });
  const limiter = await freePort();
  model = await modelOf(gatewayText(upstream.address, limiter));
  const compilation = createCompiler({
    versionOf: (policy) => policyVersion(api, policy),
    revisionOf: (table) => tableRevision(api, table),
  }).compile(model);
  service = await startCountingService(compilation, limiter);
  ({ envoy, port } = await startCompiledEnvoy(compilation));
});

afterAll(async () => {
  await envoy?.stop();
  await service?.stop();
  await upstream?.close();
});

interface LimitJson {
  readonly name: string;
  readonly filter: string;
  readonly outcome: { readonly kind: string };
  readonly takesNothing?: string;
  readonly key: readonly { readonly part: string; readonly value?: string }[];
}

interface Foretold {
  readonly path: { readonly kind: string } | null;
  readonly route: { readonly name: string } | null;
  readonly limits: readonly LimitJson[];
  readonly answer: Answer;
}

function headersOf({ headers = {}, token }: Sent): Readonly<Record<string, string>> {
  return { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${TOKENS[token]}` }) };
}

function foretell(sent: Sent): Foretold {
  const asked: AskedRequest = {
    method: sent.method ?? 'GET',
    url: `http://${sent.host ?? 'else.test'}${sent.path}`,
    headers: Object.entries(headersOf(sent)).map(([name, value]) => `${name}: ${value}`),
    ip: '127.0.0.1',
  };
  const answer = explained(model, asked, { nowMs: Date.now(), formOf: policyForm, placeOf: () => undefined, hidesValues: false });
  if (!answer.ok) throw new Error(answer.problem);
  return answer.value.json as Foretold;
}

/** In comparable words; `calls` in the form of the counting service. */
interface Seen {
  readonly route: string | null;
  readonly answer: string;
  readonly calls: readonly string[];
}

interface Got {
  readonly sent: Sent;
  readonly agent: string;
  readonly response: HttpResponse;
  readonly calls: readonly string[];
}

let serial = 0;

async function send(sent: Sent): Promise<Got> {
  const before = service.calls.length;
  serial += 1;
  // What tells its line in the access log: refused requests have no id.
  const agent = `request-${serial}`;
  const { host = 'else.test', path, method = 'GET' } = sent;
  const response = await request({ port, host, path, method, headers: { ...headersOf(sent), 'user-agent': agent } });
  const calls = service.calls.slice(before).map(({ descriptors }) => descriptors.map(withoutTold).join(' + '));
  return { sent, agent, response, calls };
}

type Line = Readonly<Record<string, unknown>>;

function linesOf(wanted: number): Promise<ReadonlyMap<unknown, Line>> {
  return eventually(
    () => {
      const lines = new Map(envoy.accessLog().map((line): readonly [unknown, Line] => [line['user_agent'], line]));
      return lines.size >= wanted ? lines : undefined;
    },
    { what: 'the access log' },
  );
}

function seenOf({ response, calls }: Got, line: Line): Seen {
  return { route: (line['route'] as string | null)?.replace(/#.*$/, '') ?? null, answer: answerOf(response, line), calls };
}

/** Entries that begin with `_` are no parts of keys (R205). */
function withoutTold(descriptor: string): string {
  return descriptor.replaceAll(/ _\w+=\S+/g, '').replaceAll('=undefined', '=');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function answerOf(response: HttpResponse, line: Line): string {
  const cluster = line['upstream_cluster'];
  if (line['upstream_host'] !== null && typeof cluster === 'string') return `forwarded ${cluster.replace('service/', '')}`;
  const reason =
    /"code":"([a-zA-Z.]+)"/.exec(response.text())?.[1] ??
    (typeof line['limit'] === 'string' ? `${textOf(line['limit_reason'])} ${line['limit']}` : undefined);
  return reason === undefined ? String(response.status) : `${response.status} ${reason}`;
}

/** What may be seen. Only a weight, and whose key it is, are left open. */
function possible({ answer }: Foretold): readonly string[] {
  switch (answer.kind) {
    case 'refused': {
      const { status, reason, limit } = answer;
      return [[status, reason, limit].filter((each) => each !== undefined).join(' ')];
    }
    case 'redirected':
    case 'answered':
      return [String(answer.status)];
    case 'forwarded':
      return [
        ...answer.services.map((name) => `forwarded ${name}`),
        ...(answer.unless.some((each) => each.startsWith('policy')) ? ['401 apiKey.invalid'] : []),
      ];
    case 'unreachable':
      return [];
    default:
      return answer satisfies never;
  }
}

/** One call for each filter that is reached: there at least one limit takes its hits, or denies. */
function foretoldCalls({ limits }: Foretold): readonly string[] {
  const reached = ['early-allow', 'early-deny', 'main-allow', 'main-deny'].filter((filter) =>
    limits.some((limit) => limit.filter === filter && limit.takesNothing === undefined),
  );
  return reached
    .map((filter) => limits.filter((limit) => limit.filter === filter && limit.outcome.kind !== 'skipped').map(descriptorOf))
    .filter((descriptors) => descriptors.length > 0)
    .map((descriptors) => descriptors.join(' + '));
}

const ENTRIES: Readonly<Record<string, string>> = {
  'client.ip': FIXED_ENTRIES.clientIp,
  'client.net/24': FIXED_ENTRIES.clientNet,
  service: FIXED_ENTRIES.service,
};

function descriptorOf({ name, key }: LimitJson): string {
  const parts = key.flatMap(({ part, value }) =>
    value === undefined ? [] : [`${ENTRIES[part] ?? part}=${part === 'service' ? `service/${value}` : value}`],
  );
  return [`limit=${name}`, ...parts].join(' ');
}

/** Undefined where all is as foretold. */
function difference(got: Got, line: Line): object | undefined {
  const { sent } = got;
  const foretold = foretell(sent);
  const seen = seenOf(got, line);
  const answers = possible(foretold);
  const calls = foretoldCalls(foretold);
  // A request that is refused for its path has not come to a route.
  const isRouted = foretold.path?.kind === 'routed';
  const isSame =
    answers.includes(seen.answer) &&
    (!isRouted || seen.route === (foretold.route?.name ?? null)) &&
    JSON.stringify(calls) === JSON.stringify(seen.calls);
  return isSame ? undefined : { sent, seen, foretold: { route: foretold.route?.name ?? null, answers, calls } };
}

/** One after the other, so that it is known which call of the limiter belongs to which. */
async function differences(requests: readonly Sent[]): Promise<readonly object[]> {
  const got: Got[] = [];
  for (const each of requests) got.push(await send(each));
  const lines = await linesOf(serial);
  return got.flatMap((each) => difference(each, lines.get(each.agent) ?? {}) ?? []);
}

describe('explain against a real Envoy (O4)', () => {
  test('foretells the answers to chosen requests, the routes they take and what the limiter is asked', async () => {
    expect(await differences(CHOSEN)).toEqual([]);
  });

  test('foretells the answers to requests that are drawn', async () => {
    const drawn = fc.record({
      host: fc.constantFrom(...HOSTS),
      path: fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom(...QUERIES)).map((parts) => parts.join('')),
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      headers: fc.dictionary(fc.constantFrom('x-tier', 'x-forwarded-for', 'x-api-key'), fc.constantFrom('gold', 'silver', '203.0.113.7'), {
        maxKeys: 2,
      }),
      token: fc.option(fc.constantFrom(...(Object.keys(TOKENS) as (keyof typeof TOKENS)[])), { nil: undefined }),
    });
    const requests = fc
      .sample(drawn, { numRuns: 200 })
      .map(({ token, ...rest }): Sent => (token === undefined ? rest : { ...rest, token }));
    expect(await differences(requests)).toEqual([]);
  });
});
