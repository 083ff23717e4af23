// The files of the reference rate-limit service: every mistake has its place (ratelimit R320).
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatIssues } from '../../../src/config/diagnostics.ts';
import { loadReferenceLimits } from '../../../src/config/load-reference-limits.ts';
import { MemoryFiles, ROOT } from './support.ts';

async function load(files: Readonly<Record<string, string | Uint8Array>>, mergeDomains = false) {
  const outcome = await loadReferenceLimits({ directory: path.join(ROOT, 'limits'), mergeDomains, fs: new MemoryFiles(files), cwd: ROOT });
  const lines = outcome.issues.map(({ code, message, position, help }) => {
    const { file = '', line, column } = position ?? {};
    return `${path.relative(ROOT, file)}:${line}:${column} ${code} ${message}${help === undefined ? '' : ` (${help})`}`;
  });
  return { ...outcome, lines };
}

const one = (descriptor: string) => load({ 'limits/a.yaml': `domain: d\ndescriptors:\n  - ${descriptor}\n` });

describe('reference files are read', () => {
  it('with every key of the language, deep down, with units in any case', async () => {
    const { limits, lines } = await load({
      'limits/a.yaml': `domain: messaging
descriptors:
  - key: message_type
    value: marketing*
    share_threshold: true
    metadata: {tier: {name: gold}, list: [1, a, null]}
    descriptors:
      - key: to_number
        detailed_metric: true
        shadow_mode: true
        rate_limit: {unit: DAY, requests_per_unit: 5, name: five, replaces: [{name: ten}, {name: six}]}
  - key: code
    value: 404
    value_to_metric: yes
    quota_mode: "on"
    rate_limit: {unlimited: true}
`,
    });
    expect(lines).toEqual([]);
    const off = {
      shadowMode: false,
      quotaMode: false,
      detailedMetric: false,
      valueToMetric: false,
      shareThreshold: false,
      descriptors: [],
    };
    expect(limits?.domains).toEqual([
      {
        domain: 'messaging',
        descriptors: [
          {
            ...off,
            key: 'message_type',
            value: 'marketing*',
            shareThreshold: true,
            metadata: { tier: { name: 'gold' }, list: [1, 'a', null] },
            source: 'limits/a.yaml:3',
            descriptors: [
              {
                ...off,
                key: 'to_number',
                detailedMetric: true,
                shadowMode: true,
                limit: { name: 'five', replaces: ['ten', 'six'], rate: { unit: 'day', requestsPerUnit: 5 } },
                source: 'limits/a.yaml:8',
              },
            ],
          },
          {
            ...off,
            key: 'code',
            value: '404',
            valueToMetric: true,
            quotaMode: true,
            limit: { name: '', replaces: [] },
            source: 'limits/a.yaml:12',
          },
        ],
      },
    ]);
  });

  it('from all files but those that begin with a dot, as a mounted ConfigMap has them', async () => {
    const { limits, watched } = await load({
      'limits/..data/a.yaml': 'domain: twice\n',
      'limits/.hidden': 'nonsense: [',
      'limits/b.yaml': 'domain: b\n',
      'limits/more/a.conf': 'domain: a\n',
    });
    expect(limits?.domains.map(({ domain }) => domain)).toEqual(['b', 'a']);
    expect(watched.map((each) => path.relative(ROOT, each))).toEqual(['limits', 'limits/more', 'limits/b.yaml', 'limits/more/a.conf']);
  });

  it('as one domain where it is asked for, and else not', async () => {
    const files = {
      'limits/a.yaml': 'domain: d\ndescriptors: [{key: a}]\n',
      'limits/b.yaml': 'domain: d\ndescriptors: [{key: b}]\n',
    };
    expect((await load(files)).lines).toEqual([
      'limits/b.yaml:1:9 CH1006 the domain "d" is there twice (--merge-domains joins the descriptors of such files)',
    ]);
    expect((await load(files, true)).limits?.domains.map(({ descriptors }) => descriptors.map(({ key }) => key))).toEqual([['a', 'b']]);
    const again = { ...files, 'limits/c.yaml': 'domain: d\ndescriptors: [{key: a}]\n' };
    expect((await load(again, true)).lines).toEqual(['limits/c.yaml:2:21 CH1006 the descriptor "a" without a value is there twice']);
  });

  it('with another revision for other contents', async () => {
    const [first, same, other] = await Promise.all(
      ['domain: a\n', 'domain: a\n', 'domain: b\n'].map((text) => load({ 'limits/a.yaml': text })),
    );
    expect(first?.limits?.revision).toBe(same?.limits?.revision);
    expect(first?.limits?.revision).not.toBe(other?.limits?.revision);
  });
});

describe('mistakes in reference files', () => {
  it.each([
    ['{value: a}', '3:5 CH1103 a descriptor has no key (give each descriptor the key of a descriptor entry that Envoy sends)'],
    [
      '{key: "", value: a}',
      '3:6 CH1104 the key of a descriptor is empty (give each descriptor the key of a descriptor entry that Envoy sends)',
    ],
    ['{key: a, vallue: b}', '3:14 CH1101 unknown key "vallue" (did you mean "value"?)'],
    [
      '{key: a, rate_limit: {unit: fortnight, requests_per_unit: 1}}',
      '3:33 CH1106 "fortnight" is no unit (units are second, minute, hour, day, week, month, year, in any case)',
    ],
    ['{key: a, rate_limit: {unit: minutes, requests_per_unit: 1}}', '3:33 CH1106 "minutes" is no unit (did you mean "minute"?)'],
    [
      '{key: a, rate_limit: {unit: unknown, requests_per_unit: 1}}',
      '3:33 CH1106 "unknown" is no unit (units are second, minute, hour, day, week, month, year, in any case)',
    ],
    [
      '{key: a, rate_limit: {requests_per_unit: 1}}',
      '3:26 CH1103 rate_limit has no unit (units are second, minute, hour, day, week, month, year, in any case)',
    ],
    ['{key: a, rate_limit: {unlimited: true, unit: day}}', '3:50 CH1105 unit does not go with unlimited (leave one of them out)'],
    ['{key: a, rate_limit: {unit: day, requests_per_unit: -1}}', '3:57 CH1107 a whole number from 0 to 4294967295 is expected here'],
    [
      '{key: a, rate_limit: {unit: day, requests_per_unit: 4294967296}}',
      '3:57 CH1107 a whole number from 0 to 4294967295 is expected here',
    ],
    ['{key: a, rate_limit: {unit: day, requests_per_unit: ten}}', '3:57 CH1102 a whole number from 0 to 4294967295 is expected here'],
    ['{key: a, rate_limit: {unit: day, name: x, replaces: [{name: x}]}}', '3:65 CH1105 the limit "x" replaces itself (name another limit)'],
    [
      '{key: a, rate_limit: {unit: day, replaces: [{name: ""}]}}',
      '3:49 CH1103 an item of replaces has no name (name the limit that is replaced)',
    ],
    ['{key: a, rate_limit: {unit: day, replaces: [x]}}', '3:49 CH1102 a map is expected here'],
    ['{key: a, share_threshold: true}', '3:14 CH1105 share_threshold needs a value with * (leave it out: one value has one counter)'],
    ['{key: a, shadow_mode: maybe}', '3:27 CH1102 true or false is expected here'],
    ['{key: a, descriptors: {key: b}}', '3:27 CH1102 a list is expected here'],
    ['{key: a, metadata: [b]}', '3:24 CH1102 a map is expected here'],
    ['{key: [a]}', '3:11 CH1102 a text is expected here'],
    ['{key: a, key: b}', '3:14 CH1006 the key "key" is there twice'],
  ])('have their place: %s', async (descriptor, expected) => {
    const { lines, limits } = await one(descriptor);
    expect(lines[0]).toBe(`limits/a.yaml:${expected}`);
    expect(limits).toBeUndefined();
  });

  it('are told all at once, with the line and a caret', async () => {
    const { issues, positions } = await load({
      'limits/a.yaml': 'descriptors:\n  - key: a\n  - key: a\n    rate_limit: {unit: hours, requests_per_unit: 1}\n',
      'limits/b.yaml': 'domain: [\n',
      'limits/c.yaml': '# nothing\n',
    });
    expect(formatIssues(issues, positions, { color: false, cwd: ROOT })).toMatchInlineSnapshot(`
      "error[CH1103]: the file names no domain
       --> limits/a.yaml:1:1
        |
      1 | descriptors:
        | ^^^^^^^^^^^^
        = help: write what the filter of Envoy has as domain

      error[CH1006]: the descriptor "a" without a value is there twice
       --> limits/a.yaml:3:10
        |
      3 |   - key: a
        |          ^ here again
        = note: first here (limits/a.yaml:2:10)

      error[CH1106]: "hours" is no unit
       --> limits/a.yaml:4:24
        |
      4 |     rate_limit: {unit: hours, requests_per_unit: 1}
        |                        ^^^^^
        = help: did you mean "hour"?

      error[CH1004]: this is not valid YAML: ] is missing, or the lines before it are not indented enough
       --> limits/b.yaml:1:9
        |
      1 | domain: [
        |         ^
        = help: keys of one map begin in the same column

      error[CH1015]: the file holds no limits
       --> limits/c.yaml:1:1
        |
      1 | # nothing
        | ^
        = help: write domain: and descriptors:, or take the file away

      5 errors, 0 warnings
      "
    `);
  });

  it('that the reference ignores are warnings', async () => {
    const { lines, limits } = await load({
      'limits/a.yaml': 'domain: d\nunit: day\ndescriptors:\n  - {key: "a*", unit: day, rate_limit: {unit: day, requests_per_unit: 1}}\n',
    });
    expect(lines.map((line) => line.split(' ')[1])).toEqual(['CH1202', 'CH1202', 'CH1201']);
    expect(limits).toBeDefined();
  });

  it('are a directory without files, and one that is not there', async () => {
    expect((await load({ 'limits/.x': '' })).lines).toEqual(['limits:1:1 CH1001 limits cannot be read: there is no file of limits in it']);
    expect((await load({})).lines[0]).toContain('CH1001');
  });

  it('are a file where a directory is expected', async () => {
    const { lines } = await load({ limits: 'domain: d\n' });
    expect(lines).toEqual(['limits:1:1 CH1001 limits cannot be read: it is a file; name the directory that holds it']);
  });

  it('are bytes that are no text', async () => {
    expect((await load({ 'limits/a.yaml': Buffer.from([0xff, 0xfe, 0x00]) })).lines[0]).toContain('CH1001 limits/a.yaml cannot be read');
  });
});
