import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProtoPath, loadEnvoyApi } from '../../../src/proto/api.ts';
import { checkOf, isKnownRule } from '../../../src/proto/constraint-rules.ts';
import { absenceProblem, fieldChecks } from '../../../src/proto/constraints.ts';
import type { ConstraintTable } from '../../../src/proto/descriptors.ts';

const api = loadEnvoyApi();
const table = JSON.parse(
  readFileSync(new URL('../../../generated/envoy-api-constraints.json', import.meta.url), 'utf8'),
) as ConstraintTable;

function problemsOf(typeName: string, message: object): readonly string[] {
  return api.check(typeName, message).map((problem) => `${formatProtoPath(problem.path)}: ${problem.message}`);
}

/** Every kind, rule and argument in the table, those of items, keys and values too. */
function allRules(): readonly { readonly place: string; readonly kind: string; readonly rule: string; readonly argument: unknown }[] {
  const found: { place: string; kind: string; rule: string; argument: unknown }[] = [];
  const walk = (place: string, rules: Readonly<Record<string, Readonly<Record<string, unknown>>>>): void => {
    for (const [kind, ofKind] of Object.entries(rules)) {
      for (const [rule, argument] of Object.entries(ofKind)) {
        found.push({ place, kind, rule, argument });
        if (rule === 'items' || rule === 'keys' || rule === 'values') walk(place, argument as Parameters<typeof walk>[1]);
      }
    }
  };
  for (const [type, { fields }] of Object.entries(table))
    for (const [field, rules] of Object.entries(fields)) walk(`${type}.${field}`, rules);
  return found;
}

describe("the constraints of the pinned API (protoc-gen-validate's)", () => {
  it('are all there: 1,055 fields and 127 oneofs with rules', () => {
    const messages = Object.values(table);
    expect(messages.flatMap(({ fields }) => Object.keys(fields))).toHaveLength(1055);
    expect(messages.flatMap(({ oneofs }) => oneofs ?? [])).toHaveLength(127);
  });

  it('use only rules that are understood', () => {
    expect(allRules().filter(({ kind, rule }) => !isKnownRule(kind, rule))).toEqual([]);
  });

  it('have no range that excludes a middle (an upper bound below the lower), which is not understood', () => {
    for (const { fields } of Object.values(table)) {
      for (const rules of Object.values(fields)) {
        for (const { lt, lte, gt, gte } of Object.values(rules)) {
          if (typeof (lt ?? lte) === 'number' && typeof (gt ?? gte) === 'number')
            expect(Number(lt ?? lte)).toBeGreaterThan(Number(gt ?? gte));
        }
      }
    }
  });

  it('name only types, fields and oneofs that the descriptors have', () => {
    for (const [type, { fields, oneofs }] of Object.entries(table)) {
      expect(api.has(type), type).toBe(true);
      // An unknown field would be a problem of its own.
      const problems = api.check(type, {}).map(({ message }) => message);
      expect(problems.filter((message) => message.startsWith('is not a field'))).toEqual([]);
      expect(Object.keys(fields).length + (oneofs?.length ?? 0)).toBeGreaterThan(0);
    }
  });
});

describe('constraints of real messages', () => {
  const cases: readonly (readonly [string, string, object, readonly string[]])[] = [
    ['string.min_len when absent', 'envoy.config.cluster.v3.Cluster', {}, ['name: must not be empty']],
    ['string.min_len when empty', 'envoy.config.cluster.v3.Cluster', { name: '' }, ['name: must not be empty']],
    ['string.min_len of an arm only when it is set', 'envoy.config.core.v3.DataSource', { inline_string: '' }, []],
    ['string.min_len of an arm that is set', 'envoy.config.core.v3.DataSource', { filename: '' }, ['filename: must not be empty']],
    ['repeated.min_items when absent', 'envoy.config.route.v3.VirtualHost', { name: 'a' }, ['domains: must not be empty']],
    [
      'repeated.items',
      'envoy.config.route.v3.VirtualHost',
      { name: 'a', domains: ['*', 'a\nb', ''] },
      ['domains[1]: must be a valid header value'],
    ],
    [
      'message.required',
      'envoy.config.core.v3.HealthCheck',
      { http_health_check: { path: '/' } },
      ['timeout: must be set', 'interval: must be set', 'unhealthy_threshold: must be set', 'healthy_threshold: must be set'],
    ],
    [
      'duration.gt',
      'envoy.config.core.v3.HealthCheck',
      {
        timeout: { seconds: 0, nanos: 0 },
        interval: { seconds: 1 },
        unhealthy_threshold: {},
        healthy_threshold: { value: 1 },
        tcp_health_check: {},
      },
      ['timeout: must be greater than 0s'],
    ],
    [
      'rules of a wrapper, only when it is set',
      'envoy.config.cluster.v3.OutlierDetection',
      { max_ejection_percent: { value: 101 } },
      ['max_ejection_percent: must be at most 100'],
    ],
    ['uint32.lte', 'envoy.config.core.v3.SocketAddress', { address: '::1', port_value: 65_536 }, ['port_value: must be at most 65535']],
    ['uint32.gte and lt', 'envoy.config.route.v3.DirectResponseAction', { status: 600 }, ['status: must be less than 600']],
    ['uint32.gte when absent', 'envoy.config.route.v3.DirectResponseAction', {}, ['status: must be at least 200']],
    [
      'string.pattern',
      'envoy.config.route.v3.RouteMatch',
      { path_separated_prefix: '/a/' },
      ['path_separated_prefix: must match ^[^?#]+[^?#/]$'],
    ],
    ['header names', 'envoy.config.core.v3.HeaderValue', { key: 'a\u0000b' }, ['key: must be a valid header name']],
    ['header values', 'envoy.config.core.v3.HeaderValue', { key: 'a', value: 'x\ny' }, ['value: must be a valid header value']],
    [
      'map keys and sizes',
      'envoy.config.core.v3.Metadata',
      { filter_metadata: { '': {} } },
      ['filter_metadata[""]: has a wrong key: it must not be empty'],
    ],
    ['bool.const', 'envoy.config.rbac.v3.Permission', { any: false }, ['any: must be true']],
    [
      'string.in',
      'envoy.config.core.v3.SchemeHeaderTransformation',
      { scheme_to_overwrite: 'ftp' },
      ['scheme_to_overwrite: must be one of "http", "https"'],
    ],
    ['any.required', 'envoy.config.core.v3.TypedExtensionConfig', { name: 'a' }, ['typed_config: must be set']],
    ['oneof.required', 'envoy.config.core.v3.Address', {}, ['the message: must have one of socket_address, pipe, envoy_internal_address']],
    [
      'rules within messages, lists and Anys',
      'envoy.config.listener.v3.Filter',
      {
        name: 'a',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
          http_filters: [{ name: '' }],
          route_config: {},
        },
      },
      ['typed_config.stat_prefix: must not be empty', 'typed_config.http_filters[0].name: must not be empty'],
    ],
    ['message.skip, which lifts the rules within', 'envoy.config.core.v3.KeyValueAppend', { entry: { key: '' } }, []],
  ];

  it.each(cases)('hold %s', (_rule, typeName, message, expected) => {
    expect(problemsOf(typeName, message).map((line) => line.replace(/^: /, 'the message: '))).toEqual(expected);
  });
});

describe('rules', () => {
  const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>, unknown, string | undefined])[] = [
    ['counts characters, not UTF-16 units', 'string', { max_len: 1 }, '😀', undefined],
    ['counts bytes', 'string', { max_bytes: 3 }, '😀', 'must have at most 3 bytes'],
    ['has exact lengths', 'string', { len: 2 }, 'abc', 'must have exactly 2 characters'],
    ['has least lengths', 'string', { min_bytes: 2 }, 'a', 'must have at least 2 bytes'],
    ['knows prefixes', 'string', { prefix: '%' }, 'a%', 'must begin with "%"'],
    ['knows suffixes', 'string', { suffix: '%' }, '%a', 'must end with "%"'],
    ['knows infixes', 'string', { not_contains: 'x' }, 'axb', 'must not contain "x"'],
    ['is lifted by ignore_empty', 'string', { min_len: 3, ignore_empty: true }, '', undefined],
    ['is not lifted by ignore_empty of a value', 'string', { min_len: 3, ignore_empty: true }, 'ab', 'must have at least 3 characters'],
    ['refuses a pseudo header without a name', 'string', { well_known_regex: 'HTTP_HEADER_NAME' }, ':', 'must be a valid header name'],
    ['takes a pseudo header', 'string', { well_known_regex: 'HTTP_HEADER_NAME' }, ':method', undefined],
    ['refuses a space in a strict header name', 'string', { well_known_regex: 'HTTP_HEADER_NAME' }, 'a b', 'must be a valid header name'],
    ['takes a space in a lenient header name', 'string', { well_known_regex: 'HTTP_HEADER_NAME', strict: false }, 'a b', undefined],
    [
      'refuses a control character in a strict header value',
      'string',
      { well_known_regex: 'HTTP_HEADER_VALUE' },
      'a\u0001',
      'must be a valid header value',
    ],
    ['takes a tab in a strict header value', 'string', { well_known_regex: 'HTTP_HEADER_VALUE' }, 'a\tb', undefined],
    ['knows open bounds', 'double', { gt: 0 }, 0, 'must be greater than 0'],
    ['knows sets to stay out of', 'enum', { not_in: [0] }, 0, 'must not be 0'],
    ['finds duplicates', 'repeated', { unique: true }, [1, 2, 1], 'must not have an entry twice'],
    ['limits lists', 'repeated', { max_items: 1 }, [1, 2], 'must have at most 1 entry'],
    ['limits maps', 'map', { min_pairs: 2 }, { a: 1 }, 'must have at least 2 entries'],
    ['limits bytes', 'bytes', { max_len: 1 }, Buffer.from('ab'), 'must have at most 1 byte'],
    ['compares durations by nanosecond', 'duration', { gte: { nanos: 1_000_000 } }, { nanos: 999_999 }, 'must be at least 0.001s'],
    ['compares durations by second first', 'duration', { lte: { seconds: 300 } }, { seconds: 300, nanos: 1 }, 'must be at most 300s'],
    ['reads an empty bound as zero', 'duration', { gt: {} }, {}, 'must be greater than 0s'],
    [
      'knows the types an Any may have',
      'any',
      { in: ['type.googleapis.com/a.B'] },
      { '@type': 'type.googleapis.com/a.C' },
      'must be one of "type.googleapis.com/a.B"',
    ],
  ];

  it.each(cases)('%s', (_title, kind, rules, value, problem) => {
    expect(checkOf(kind, rules)?.(value)).toBe(problem);
  });

  it('do not restrict when they are unknown: Envoy has the last word', () => {
    expect(checkOf('string', { acme: 1 })).toBeUndefined();
    expect(fieldChecks({ acme: { x: 1 } }, true)).toBeUndefined();
    expect(absenceProblem({ acme: { x: 1 } }, true)).toBeUndefined();
  });
});
