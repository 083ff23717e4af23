import { describe, expect, test } from 'vitest';
import { compileRouteMatch } from '../../../src/compiler/route-match.ts';
import type { HeaderMatch, QueryMatch } from '../../../src/model/condition.ts';
import { aMatch } from '../../support/model-builder.ts';

const header = (parts: Partial<HeaderMatch>): HeaderMatch => ({
  name: 'x-api-version',
  condition: { kind: 'exact', value: '2' },
  ignoreCase: false,
  not: false,
  ...parts,
});

const query = (parts: Partial<QueryMatch>): QueryMatch => ({
  name: 'debug',
  condition: { kind: 'exact', value: '1' },
  ignoreCase: false,
  not: false,
  ...parts,
});

const headersOf = (...headers: readonly HeaderMatch[]) => compileRouteMatch(aMatch('/a', { headers })).headers;
const queryOf = (...conditions: readonly QueryMatch[]) => compileRouteMatch(aMatch('/a', { query: conditions }));

describe('path', () => {
  test('a match without a path takes every path', () => {
    expect(compileRouteMatch(aMatch())).toEqual({ prefix: '/' });
  });

  test('a prefix means whole segments, and / all paths', () => {
    expect(compileRouteMatch(aMatch('/orders'))).toEqual({ path_separated_prefix: '/orders' });
    expect(compileRouteMatch(aMatch('/'))).toEqual({ prefix: '/' });
  });

  test('an exact path and a regex go over as they are', () => {
    expect(compileRouteMatch(aMatch('=/healthz'))).toEqual({ path: '/healthz' });
    expect(compileRouteMatch(aMatch('~/orders/[0-9]+'))).toEqual({ safe_regex: { regex: '/orders/[0-9]+' } });
  });

  test('a template uses the uri_template matcher', () => {
    expect(compileRouteMatch(aMatch('/orders/{id}'))).toEqual({
      path_match_policy: {
        name: 'envoy.path.match.uri_template.uri_template_matcher',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig',
          path_template: '/orders/{id}',
        },
      },
    });
  });
});

describe('method', () => {
  test('one method is compared, several are alternatives', () => {
    expect(compileRouteMatch(aMatch('/a', { methods: ['GET'] })).headers).toEqual([{ name: ':method', string_match: { exact: 'GET' } }]);
    expect(compileRouteMatch(aMatch('/a', { methods: ['GET', 'POST'] })).headers).toEqual([
      { name: ':method', string_match: { safe_regex: { regex: 'GET|POST' } } },
    ]);
  });
});

describe('headers', () => {
  test.each(['exact', 'prefix', 'suffix', 'contains'] as const)('%s is a string match', (kind) => {
    expect(headersOf(header({ condition: { kind, value: 'v' } }))).toEqual([{ name: 'x-api-version', string_match: { [kind]: 'v' } }]);
  });

  test('a regex is a string match, and upper and lower case can be alike', () => {
    expect(headersOf(header({ condition: { kind: 'regex', value: 'v[0-9]' } }), header({ ignoreCase: true }))).toEqual([
      { name: 'x-api-version', string_match: { safe_regex: { regex: 'v[0-9]' } } },
      { name: 'x-api-version', string_match: { exact: '2', ignore_case: true } },
    ]);
  });

  test('a range leaves its end out, as Envoy does', () => {
    expect(headersOf(header({ condition: { kind: 'range', from: 1, to: 5 } }))).toEqual([
      { name: 'x-api-version', range_match: { start: 1, end: 5 } },
    ]);
  });

  test('presence and absence', () => {
    expect(headersOf(header({ condition: { kind: 'present' } }), header({ condition: { kind: 'present' }, not: true }))).toEqual([
      { name: 'x-api-version', present_match: true },
      { name: 'x-api-version', present_match: false },
    ]);
  });

  test('a negated condition holds for an absent header, for which Envoy needs to be told twice', () => {
    const inverted = { invert_match: true, treat_missing_header_as_empty: true };
    expect(headersOf(header({ not: true }), header({ condition: { kind: 'range', from: 1, to: 5 }, not: true }))).toEqual([
      { name: 'x-api-version', string_match: { exact: '2' }, ...inverted },
      { name: 'x-api-version', range_match: { start: 1, end: 5 }, ...inverted },
    ]);
  });
});

describe('query', () => {
  test('a value, presence and absence are query parameter matches', () => {
    const match = queryOf(query({}), query({ condition: { kind: 'present' } }), query({ condition: { kind: 'present' }, not: true }));
    expect(match.query_parameters).toEqual([
      { name: 'debug', string_match: { exact: '1' } },
      { name: 'debug', present_match: true },
      { name: 'debug', present_match: false },
    ]);
    expect(match.headers).toBeUndefined();
  });

  test.each([
    ['exact', 'a.b', String.raw`debug=a\.b`],
    ['prefix', 'a', 'debug=a[^&]*'],
    ['suffix', 'a', 'debug=[^&]*a'],
    ['contains', 'a', 'debug=[^&]*a[^&]*'],
    ['regex', 'a|b', 'debug=(?:a|b)'],
  ] as const)('a negated %s is said of the path, which carries the query', (kind, value, expression) => {
    const match = queryOf(query({ condition: { kind, value }, not: true }));
    expect(match.query_parameters).toBeUndefined();
    expect(match.headers).toEqual([
      { name: ':path', string_match: { safe_regex: { regex: `[^?]*\\?(?:.*&)?${expression}(?:&.*)?` } }, invert_match: true },
    ]);
  });

  test('a negated value can ignore case', () => {
    const regex = String.raw`[^?]*\?(?:.*&)?debug=(?i:1)(?:&.*)?`;
    expect(queryOf(query({ not: true, ignoreCase: true })).headers).toEqual([
      { name: ':path', string_match: { safe_regex: { regex } }, invert_match: true },
    ]);
  });
});

test('a gRPC match takes gRPC requests only', () => {
  expect(compileRouteMatch(aMatch('/shop.v1.Orders', { grpcOnly: true }))).toEqual({ path_separated_prefix: '/shop.v1.Orders', grpc: {} });
});
