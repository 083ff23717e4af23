import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DetailedGood } from '../../../src/build/pipeline.ts';
import { exampleCurl, suggestedEdit } from '../../../src/cli/up-screen.ts';
import { changesText } from '../../../src/events/changes-text.ts';
import type { Listener, Model, Route, RouteMatch } from '../../../src/model/types.ts';

const LISTENER: Listener = {
  name: 'http',
  path: [],
  address: '0.0.0.0',
  port: 10_000,
  trustedHops: 0,
  paths: { escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' },
};
const MATCH: RouteMatch = { path: [], methods: [], headers: [], query: [], grpcOnly: false };
const NO_CHANGES = { set: {}, add: {}, remove: [] };
const FORWARD: Route = {
  name: 'orders',
  path: [],
  listeners: ['http'],
  hostnames: ['*'],
  matches: [{ ...MATCH, pathMatch: { kind: 'prefix', value: '/orders' } }],
  priority: 0,
  action: { kind: 'forward', backends: [], mirrors: [], timeoutMs: 'none' },
  requestHeaders: NO_CHANGES,
  responseHeaders: NO_CHANGES,
};
const RESPOND: Route = {
  ...FORWARD,
  name: 'about',
  matches: [{ ...MATCH, pathMatch: { kind: 'exact', value: '/about' } }],
  action: { kind: 'respond', status: 200 },
};

function build(parts: Partial<Model>): DetailedGood {
  const model: Model = { gateway: 'edge', listeners: [LISTENER], services: [], routes: [FORWARD], certificates: [], ...parts };
  return {
    model,
    compilation: { gateway: 'edge', resources: [], discovery: [], sourceMap: { find: () => undefined } },
    snapshot: { gateway: 'edge', version: 'v', views: new Map() },
  };
}

describe('what `up` suggests to try', () => {
  it('is a curl that a forwarding route answers', () => {
    expect(exampleCurl(build({ routes: [RESPOND, FORWARD] }))).toBe('curl http://localhost:10000/orders');
  });

  it('names the host, and TLS, where the route needs them', () => {
    const tls = { minVersion: '1.2', maxVersion: '1.3', alpn: [], certificates: [] } as const;
    const routes = [{ ...FORWARD, hostnames: ['shop.example.com'] }];
    expect(exampleCurl(build({ listeners: [{ ...LISTENER, address: '::1', port: 443, tls }], routes }))).toBe(
      "curl -k -H 'host: shop.example.com' https://[::1]:443/orders",
    );
  });

  it.each<[string, Partial<RouteMatch>]>([
    ['gRPC', { grpcOnly: true }],
    ['a header', { headers: [{ name: 'a', condition: { kind: 'present' }, ignoreCase: false, not: false }] }],
    ['another method', { methods: ['POST'] }],
    ['a pattern', { pathMatch: { kind: 'regex', value: '/.*' } }],
  ])('passes by routes that need %s', (_what, match) => {
    expect(exampleCurl(build({ routes: [{ ...FORWARD, matches: [{ ...MATCH, ...match }] }] }))).toBeUndefined();
  });

  it('is no curl where nothing listens, or only redirects', () => {
    expect(exampleCurl(build({ listeners: [] }))).toBeUndefined();
    expect(exampleCurl(build({ listeners: [{ ...LISTENER, redirect: { scheme: 'https', code: 301 } }] }))).toBeUndefined();
  });

  it('is the line of the file that bears the mark', () => {
    expect(suggestedEdit('a.yaml', 'one\ntwo: 2   # try: make it 3\n')).toBe('a.yaml:2   make it 3');
    expect(suggestedEdit('a.yaml', 'one\n')).toBeUndefined();
  });

  it('is marked in the quickstart, at the line that does what it says', () => {
    const text = readFileSync(new URL('../../../envoy/quickstart/gateway.yaml', import.meta.url), 'utf8');
    const [, line, from, to] = /:(\d+) {3}change (\S+) to (\S+) and save/.exec(suggestedEdit('gateway.yaml', text) ?? '') ?? [];
    const marked = text.split('\n')[Number(line) - 1]?.split('#')[0];
    expect(marked).toContain(from);
    expect(text).toContain(`\n  ${to}:\n`);
  });
});

describe('README', () => {
  it('names the line of the quickstart that it tells to change', () => {
    const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
    const edit = suggestedEdit('gateway.yaml', read('envoy/quickstart/gateway.yaml'));
    const line = /:(\d+)/.exec(edit ?? '')?.[1];
    const readme = read('README.md');
    expect(readme).toContain(`change line ${line} of [envoy/quickstart/gateway.yaml]`);
    expect(readme).toContain(`--> envoy/quickstart/gateway.yaml:${line}:`);
  });
});

describe('what `up` says of an edit', () => {
  it('names what changed, and counts where there is much', () => {
    expect(changesText({ changed: ['route a'], added: [], removed: [] })).toBe('changed route a');
    expect(
      changesText({ changed: ['route a', 'route b', 'route c', 'route d', 'route e'], added: ['service x'], removed: ['route z'] }),
    ).toBe('changed route a, route b, route c and 2 more, added service x, removed route z');
    expect(changesText({ changed: [], added: [], removed: [] })).toBe('changed details only');
  });
});
