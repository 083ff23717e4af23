// The auth language from YAML to the model: defaults, spellings, identity between loads. Mistakes are goldens (test/golden/invalid/auth-*).
import { describe, expect, it } from 'vitest';
import { formatIssues } from '../../../../src/config/diagnostics.ts';
import { createResolver } from '../../../../src/model/resolve.ts';
import { HEAD, loaderOf, loadText } from '../../config/support.ts';

const NOW = Date.UTC(2026, 10, 22);
const BASE = `${HEAD}listeners: {http: {port: 10000}}\nservices: {orders: {endpoints: ["127.0.0.1:9000"]}}\n`;
const JWT = 'jwt:\n  main: {issuer: https://id.example.com/, audiences: [shop], jwks: {discovery: true}}\n';

async function modelOf(text: string) {
  const { config, issues } = await loadText(text);
  if (config === undefined) throw new Error(JSON.stringify(issues));
  const { model, issues: resolved } = createResolver().resolve(config, { nowMs: NOW });
  if (model === undefined) throw new Error(JSON.stringify(resolved));
  return model;
}

describe('a gateway without any auth', () => {
  it('has no auth model, public routes and paths as Envoy takes them (authz M1)', async () => {
    const model = await modelOf(`${BASE}routes: [{name: r, backends: [orders]}]\n`);
    expect(model.auth).toBeUndefined();
    expect(model.routes[0]?.auth).toBeUndefined();
    expect(model.listeners[0]?.paths).toEqual({ escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' });
  });
});

describe('a gateway with auth', () => {
  it('gives routes that say nothing the default, and answers of its own none (authz M1)', async () => {
    const routes = 'routes: [{name: a, backends: [orders]}, {name: b, matches: [{path: {exact: /b}}], respond: {status: 200}}]\n';
    const model = await modelOf(`${BASE}${JWT}defaults: {auth: {jwt: main}}\n${routes}`);
    expect(model.routes.map(({ auth }) => auth)).toEqual([
      { kind: 'policy', policy: 'defaults/auth', path: ['defaults', 'auth'], inherited: true },
      undefined,
    ]);
  });

  it('treats paths strictly unless the listener says otherwise (authz H4, C3)', async () => {
    const routes = 'routes: [{name: a, backends: [orders], auth: {jwt: main}}]\n';
    const strict = await modelOf(`${BASE}${JWT}${routes}`);
    expect(strict.listeners[0]?.paths).toEqual({ escapedSlashes: 'reject', mergeSlashes: true, parameters: 'reject' });
    const paths = 'listeners: {http: {port: 10000, paths: {escapedSlashes: keep, mergeSlashes: false, parameters: allow}}}';
    const loose = await modelOf(`${BASE.replace('listeners: {http: {port: 10000}}', paths)}${JWT}${routes}`);
    expect(loose.listeners[0]?.paths).toEqual({ escapedSlashes: 'keep', mergeSlashes: false, parameters: 'allow' });
  });

  it('unwraps v4 blocks in v6 and sorts each list once (authz M9)', async () => {
    const lists = 'ipLists: {office: ["::ffff:10.0.0.0/104", 192.0.2.0/24, 10.0.0.0/8]}\n';
    const model = await modelOf(`${BASE}${lists}routes: [{name: a, backends: [orders], auth: {ips: [office]}}]\n`);
    expect(model.auth?.ipLists[0]?.cidrs).toEqual(['10.0.0.0/8', '192.0.2.0/24']);
  });

  it('gives a consumer four live keys and no fifth (authz K5)', async () => {
    const codesWith = async (count: number): Promise<readonly string[]> => {
      const keys = Array.from({ length: count }, (_, index) => `"sha256:${String(index).repeat(64)}"`).join(', ');
      const { config } = await loadText(
        `${BASE}apiKeys: {partners: {consumers: {acme: {keys: [${keys}]}}}}\nroutes: [{name: a, backends: [orders], auth: {apiKeys: partners}}]\n`,
      );
      return config === undefined
        ? ['none']
        : createResolver()
            .resolve(config, { nowMs: NOW })
            .issues.map(({ code }) => code);
    };
    expect(await codesWith(4)).toEqual([]);
    expect(await codesWith(5)).toEqual(['CH2820']);
  });

  it('keeps secrets as secrets, in the model and in what is said of mistakes (C7)', async () => {
    const canary = 'canary-4711';
    const text = `${BASE}jwt:\n  main: {issuer: a, audiences: any, algorithms: [HS256], secret: ${canary}}\nroutes: [{name: a, backends: [orders], auth: {jwt: main}}]\n`;
    const { config, positions } = await loadText(text);
    const issues = config === undefined ? [] : createResolver().resolve(config, { nowMs: NOW }).issues;
    expect(issues.map(({ code }) => code)).toEqual(['CH2805']);
    expect(`${JSON.stringify(config)}${formatIssues(issues, positions, { color: false })}`).not.toContain(canary);
  });

  it('takes names, keys and lists from included files, and watches the file of a key set (C4, C6)', async () => {
    const loader = loaderOf({
      'gateway.yaml': `${BASE}include: [team.yaml]\n`,
      'team.yaml':
        'jwt:\n  main: {issuer: a, audiences: any, jwks: {file: keys/k.json}}\npolicies: {p: {jwt: main}}\nroutes: [{name: a, backends: [orders], auth: {policy: p}}]\n',
      'keys/k.json': '{"keys": []}',
    });
    const { config, files, issues } = await loader.load();
    expect(issues).toEqual([]);
    expect(files.some((file) => file.endsWith('/keys/k.json'))).toBe(true);
    expect(config?.jwt['main']?.jwks?.file).toBe('{"keys": []}');
  });

  it('gives the same policy objects for the same entries (P2)', async () => {
    const resolver = createResolver();
    const { config } = await loadText(
      `${BASE}${JWT}policies: {p: {jwt: main}}\nroutes: [{name: a, backends: [orders], auth: {policy: p}}]\n`,
    );
    if (config === undefined) throw new Error('no config');
    const first = resolver.resolve(config, { nowMs: NOW }).model?.auth?.policies[0];
    expect(resolver.resolve(config, { nowMs: NOW }).model?.auth?.policies[0]).toBe(first);
  });
});
