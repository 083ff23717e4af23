// Files of the reference rate-limit service as limits of ours: the text, and what is told of what it cannot keep (ratelimit R320-R326, R1005).
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatIssues } from '../../../src/config/diagnostics.ts';
import { loadReferenceLimits } from '../../../src/config/load-reference-limits.ts';
import { importReference } from '../../../src/importer/reference-import.ts';
import { loadText, MemoryFiles, ROOT } from '../config/support.ts';
import { bothServices, imported, tableOf } from './imported.ts';

const SHOP = `domain: shop
descriptors:
  - key: remote_address
    rate_limit: {unit: second, requests_per_unit: 10}
  # Nobody from there.
  - key: remote_address
    value: 50.0.0.5
    rate_limit: {unit: second, requests_per_unit: 0}
  - key: generic_key
    value: login
    descriptors:
      - key: remote_address
        rate_limit: {unit: minute, requests_per_unit: 5}
  - key: generic_key
    value: export
    rate_limit: {name: export_all, unit: week, requests_per_unit: 1000}
  - key: file
    value: files/*
    share_threshold: true
    rate_limit: {unit: hour, requests_per_unit: 50}
  - key: plan
    value: gold
    descriptors:
      - key: user
        rate_limit: {unit: day, requests_per_unit: 500}
      - key: user
        value: user-a
        shadow_mode: true
        rate_limit: {unit: day, requests_per_unit: 10}
`;
const SHOP_MAP = { file: 'path', plan: 'jwt.plan', user: 'jwt.sub' };

/** What is told, with its places. */
async function told(text: string, map: Readonly<Record<string, string>> = {}): Promise<string> {
  const { result, positions } = await imported({ 'limits/a.yaml': text }, map);
  return formatIssues(result.issues, positions, { color: false, cwd: ROOT });
}

const codes = async (text: string, map: Readonly<Record<string, string>> = {}) =>
  (await imported({ 'limits/a.yaml': text }, map)).result.issues.map(
    ({ code, message, position }) => `${code} ${position?.line}:${position?.column} ${message}`,
  );

describe('import ratelimit writes', () => {
  it('one limit for each sequence of keys, with comments that say where it comes from', async () => {
    const { result } = await imported({ 'limits/shop.yaml': SHOP }, SHOP_MAP);
    expect(result.text).toMatchInlineSnapshot(`
      "# Imported from limits. Counted as there: in fixed windows from 1970-01-01, weeks of 7 days, months of 30, years of 365.
      #
      # Keys of descriptors, and what they are here:
      #   remote_address  client.ip
      #   generic_key     a constant: routes with different ones name different limits
      #   file            path
      #   plan            jwt.plan
      #   user            jwt.sub
      #
      # What routes say instead of their rate_limits in Envoy:
      #   shop: (remote_address)                     rateLimits: [remote-address]
      #   shop: (generic_key=login, remote_address)  rateLimits: [login-remote-address]
      #   shop: (generic_key=export)                 rateLimits: [export-all]
      #   shop: (file)                               rateLimits: [file]
      #   shop: (plan, user)                         rateLimits: [plan-user-shadow, plan-user]
      version: v1
      gateway: edge
      rateLimits:
        # shop: (remote_address), limits/shop.yaml:3
        remote-address:
          key: [client.ip]
          rate: 10/second
          algorithm: fixedWindow
          headers: none
          overrides:
            - {match: {client.ip: "50.0.0.5"}, rate: 0/second} # limits/shop.yaml:6
        # shop: (generic_key=login, remote_address), limits/shop.yaml:12
        login-remote-address:
          key: [client.ip]
          rate: 5/minute
          algorithm: fixedWindow
          headers: none
        # shop: (generic_key=export), limits/shop.yaml:14
        export-all:
          key: []
          rate: 1000/7d
          algorithm: fixedWindow
          headers: none
        # shop: (file)
        file:
          key: [path]
          rate: unlimited
          algorithm: fixedWindow
          headers: none
          overrides:
            - {match: {path: "files/*"}, rate: 50/hour, shared: true} # limits/shop.yaml:17
        # shop: (plan, user)
        plan-user-shadow:
          key: [jwt.plan, jwt.sub]
          whenMissing: skip
          rate: unlimited
          algorithm: fixedWindow
          headers: none
          mode: shadow
          overrides:
            - {match: {jwt.plan: gold, jwt.sub: user-a}, rate: 10/day} # limits/shop.yaml:26
        # shop: (plan, user)
        plan-user:
          key: [jwt.plan, jwt.sub]
          whenMissing: skip
          rate: unlimited
          algorithm: fixedWindow
          headers: none
          overrides:
            - {match: {jwt.plan: gold}, rate: 500/day} # limits/shop.yaml:24
            - {match: {jwt.plan: gold, jwt.sub: user-a}, rate: unlimited}
      "
    `);
    expect(result.issues).toEqual([]);
  });

  it('the same text for the same files, which validate takes', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => imported({ 'limits/shop.yaml': SHOP }, SHOP_MAP)));
    expect(first?.result.text).toBe(second?.result.text);
    const { issues } = await loadText(first?.result.text ?? '');
    expect(issues).toEqual([]);
  });

  it('nothing but a piece of a file without a gateway, and an empty map where there are no limits', async () => {
    const loaded = await loadReferenceLimits({
      directory: path.join(ROOT, 'limits'),
      mergeDomains: false,
      fs: new MemoryFiles({ 'limits/a.yaml': 'domain: d\n' }),
      cwd: ROOT,
    });
    const { text } = importReference({
      domains: loaded.limits?.domains ?? [],
      directory: 'limits',
      map: new Map(),
      place: () => ({ file: '', line: 1, column: 1, length: 1 }),
    });
    expect(text?.split('\n').slice(1)).toEqual(['rateLimits: {}', '']);
  });

  it('names that are of one domain, short enough, and each once', async () => {
    const long = 'a'.repeat(80);
    const { result } = await imported({
      'limits/a.yaml': `domain: one\ndescriptors: [{key: generic_key, value: ${long}, rate_limit: {unit: day, requests_per_unit: 1}}, {key: generic_key, value: "${long}!", rate_limit: {unit: day, requests_per_unit: 1}}]\n`,
      'limits/b.yaml': 'domain: "2"\ndescriptors: [{key: generic_key, value: "ä b", rate_limit: {unit: day, requests_per_unit: 1}}]\n',
    });
    const names = result.limits.map(({ name }) => name);
    expect(names).toEqual([`one-${'a'.repeat(59)}`, `one-${'a'.repeat(57)}-2`, 'limit-2-b']);
    await tableOf(result.text ?? '');
  });

  it('values that YAML and references would read otherwise as they are', async () => {
    const values = ['404', 'true', 'no', '${env:HOME}', '$${x}', 'a: b # c', '"', "'", '\\', 'ü', '{}', '*x', '~', '-', ' ', 'a,b]'];
    const descriptors = values.map((value) => ({ key: 'k', value, rate_limit: { unit: 'day', requests_per_unit: 7 } }));
    const service = await bothServices({ 'limits/a.yaml': JSON.stringify({ domain: 'd', descriptors }) }, { k: 'header.x-k' });
    for (const value of values) expect(service.ask('d', [[['k', value]]]).own.statuses[0]?.current_limit?.requests_per_unit).toBe(7);
    expect(service.ask('d', [[['k', '5']]]).own.statuses[0]?.current_limit).toBeUndefined();
  });
});

describe('import ratelimit tells', () => {
  it('all keys of which nothing is known at once, with what to write', async () => {
    const text =
      'domain: d\ndescriptors:\n  - {key: user_id, descriptors: [{key: Tier}]}\n  - {key: "a*"}\n  - {key: masked_remote_address}\n';
    const { result } = await imported({ 'limits/a.yaml': text });
    expect(result.text).toBeUndefined();
    expect(await told(text)).toMatchInlineSnapshot(`
      "error[CH1203]: it is not known what "user_id" is in requests
       --> limits/a.yaml:3:11
        |
      3 |   - {key: user_id, descriptors: [{key: Tier}]}
        |           ^^^^^^^
        = help: say it: --map user_id=header.x-user-id, or --map user_id=constant where Envoy writes it itself

      error[CH1203]: it is not known what "Tier" is in requests
       --> limits/a.yaml:3:40
        |
      3 |   - {key: user_id, descriptors: [{key: Tier}]}
        |                                        ^^^^
        = help: say it: --map Tier=header.x-tier, or --map Tier=constant where Envoy writes it itself

      error[CH1203]: the key "a*" is a pattern
       --> limits/a.yaml:4:11
        |
      4 |   - {key: "a*"}
        |           ^^^^
        = help: write the key in full and the pattern in value

      error[CH1203]: it is not known what "masked_remote_address" is in requests
       --> limits/a.yaml:5:11
        |
      5 |   - {key: masked_remote_address}
        |           ^^^^^^^^^^^^^^^^^^^^^
        = help: say it: --map masked_remote_address=client.net/24, or --map masked_remote_address=constant where Envoy writes it itself

      4 errors, 0 warnings
      "
    `);
  });

  it('what is lost, at its place', async () => {
    const text = `domain: d
descriptors:
  - key: k
    value: x*
    share_threshold: true
    metadata: {a: b}
    detailed_metric: true
    descriptors:
      - key: l
        value_to_metric: true
        rate_limit: {unit: day, requests_per_unit: 1}
  - key: k
    value: y*
    quota_mode: true
    rate_limit: {unit: day, requests_per_unit: 1, name: slow}
  - key: k
    value: yy*
    rate_limit: {unit: day, requests_per_unit: 2}
  - key: l
    value: a
    rate_limit: {unit: day, requests_per_unit: 1, replaces: [{name: slow}, {name: nobody}]}
  - key: path
    rate_limit: {unit: day, requests_per_unit: 1}
  - key: generic_key
    rate_limit: {unit: day, requests_per_unit: 1}
`;
    expect(await told(text, { k: 'header.x-k', l: 'header.x-l' })).toMatchInlineSnapshot(`
      "warning[CH1204]: metadata of this descriptor is not told any more
       --> limits/a.yaml:6:5
        |
      6 |     metadata: {a: b}
        |     ^^^^^^^^
        = help: read what fired from the metadata of denials: limit, reason

      warning[CH1204]: metrics of limits hold no values: detailed_metric has no effect
       --> limits/a.yaml:7:5
        |
      7 |     detailed_metric: true
        |     ^^^^^^^^^^^^^^^
        = help: chancery limits hot NAME tells the values that are asked most, as hashes

      warning[CH1205]: share_threshold counts all that fits together here, whatever the values of the other keys are
       --> limits/a.yaml:9:14
        |
      9 |       - key: l
        |              ^
        = help: leave share_threshold out, or give each value of the other keys a descriptor

      warning[CH1204]: metrics of limits hold no values: value_to_metric has no effect
        --> limits/a.yaml:10:9
         |
      10 |         value_to_metric: true
         |         ^^^^^^^^^^^^^^^
         = help: chancery limits hot NAME tells the values that are asked most, as hashes

      warning[CH1205]: limits of quota_mode deny when all of them are over, which cannot be said: imported in shadow mode, it never denies
        --> limits/a.yaml:14:5
         |
      14 |     quota_mode: true
         |     ^^^^^^^^^^
         = help: write mode: enforce where the limit is to deny alone

      warning[CH1206]: no request reaches this descriptor: another fits all that it fits
        --> limits/a.yaml:16:10
         |
      16 |   - key: k
         |          ^
         = note: the other one is here (limits/a.yaml:12:10)
         = help: remove it, or write it before the other

      warning[CH1204]: no limit here is named "nobody": replacing it has no effect
        --> limits/a.yaml:21:51
         |
      21 |     rate_limit: {unit: day, requests_per_unit: 1, replaces: [{name: slow}, {name: nobody}]}
         |                                                   ^^^^^^^^
         = help: remove it, or mend the name

      warning[CH1205]: where both are asked "slow" is dropped for all requests, not only for those that meet this descriptor
        --> limits/a.yaml:21:51
         |
      21 |     rate_limit: {unit: day, requests_per_unit: 1, replaces: [{name: slow}, {name: nobody}]}
         |                                                   ^^^^^^^^
         = note: what is replaced is here (limits/a.yaml:12:10)
         = help: name the two together only in routes whose requests all meet it

      warning[CH1205]: "path" is taken for path, here without the query
        --> limits/a.yaml:22:10
         |
      22 |   - key: path
         |          ^^^^
         = help: --map path=path says that it is, and --map path=header.NAME something else

      warning[CH1205]: constants of "generic_key" that are not listed are counted by route: two routes with one constant no longer share a counter
        --> limits/a.yaml:24:10
         |
      24 |   - key: generic_key
         |          ^^^^^^^^^^^
         = help: list such constants in the files before the import

      0 errors, 10 warnings
      "
    `);
  });

  it('patterns that only order tells apart, and says the others exactly', async () => {
    const rules = (...values: readonly string[]) =>
      `domain: d\ndescriptors: [${values.map((value, index) => `{key: k, value: "${value}", rate_limit: {unit: day, requests_per_unit: ${index + 1}}}`).join(', ')}]\n`;
    const map = { k: 'header.x-k' };
    expect(await codes(rules('*b*', '*a*'), map)).toEqual([
      expect.stringMatching(/^CH1205 .* requests that fit this and another descriptor meet the other one now$/),
    ]);
    const service = await bothServices({ 'limits/a.yaml': rules('/api/*', '*.json', '/api/x.json') }, map);
    const met = (value: string) => service.ask('d', [[['k', value]]]).own.statuses[0]?.current_limit?.requests_per_unit;
    expect([met('/api/x.json'), met('/api/y.json'), met('z.json'), met('/api/z')]).toEqual([3, 1, 2, 1]);
    expect(service.result.issues).toEqual([]);
  });

  it('two keys that are one part, and keys of --map that a file has', async () => {
    const text = 'domain: d\ndescriptors: [{key: k, descriptors: [{key: l, rate_limit: {unit: day, requests_per_unit: 1}}]}]\n';
    expect(await codes(text, { k: 'header.x', l: 'header.x' })).toEqual(['CH1203 2:44 two keys of this descriptor are header.x']);
    expect((await imported({ 'limits/a.yaml': text }, { k: 'method', l: 'header.x' })).result.keys).toEqual(['k', 'l']);
  });
});

describe('imported constants', () => {
  const TEXT = `domain: d
descriptors:
  - {key: generic_key, value: login, descriptors: [{key: remote_address, rate_limit: {unit: day, requests_per_unit: 1}}]}
  - {key: generic_key, value: api-*, share_threshold: true, rate_limit: {unit: day, requests_per_unit: 2}}
  - {key: generic_key, value: free}
  - {key: generic_key, rate_limit: {unit: day, requests_per_unit: 3}}
`;

  it('are limits of their own; those that the files name without a limit are told, too', async () => {
    const { result } = await imported({ 'limits/a.yaml': TEXT });
    expect(result.text?.split('\n').filter((line) => line.startsWith('#   d:'))).toMatchInlineSnapshot(`
      [
        "#   d: (generic_key=login, remote_address)  rateLimits: [login-remote-address]",
        "#   d: (generic_key=api-*)                  rateLimits: [api]",
        "#   d: (generic_key=any other)              rateLimits: [generic-key]",
        "#   d: (generic_key=login)                  rateLimits: []",
        "#   d: (generic_key=free)                   rateLimits: []",
      ]
    `);
    const service = await bothServices({ 'limits/a.yaml': TEXT });
    const met = (constant: string) => service.ask('d', [[['generic_key', constant]]]).own.statuses[0]?.current_limit?.requests_per_unit;
    expect(['api-a', 'free', 'other', 'login'].map(met)).toEqual([2, undefined, 3, undefined]);
    // One counter for all that fit the pattern.
    expect(
      [service.ask('d', [[['generic_key', 'api-b']]]), service.ask('d', [[['generic_key', 'api-c']]])].map(({ own }) => own.overall_code),
    ).toEqual(['OK', 'OVER_LIMIT']);
  });
});
