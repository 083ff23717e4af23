import { describe, expect, test } from 'vitest';
import { compileRoute } from '../../../src/compiler/route.ts';
import type { Route } from '../../../src/model/types.ts';
import { aListener, aMatch, aRoute, forwardTo, redirectTo } from '../../support/model-builder.ts';

const NO_CHANGES = { set: {}, add: {}, remove: [] };
const context = { services: new Map(), listener: aListener(), hostname: '*' };
const compile = (route: Route) => compileRoute(route, route.matches[0] ?? aMatch(), context);

test('a route keeps its name, for the access log', () => {
  expect(compile(aRoute('list-orders')).name).toBe('list-orders');
});

describe('headers', () => {
  test('B45: set replaces, add appends, and a comma does not split a value', () => {
    const requestHeaders = { set: { 'x-team': 'checkout' }, add: { 'x-tags': 'a, b' }, remove: ['x-internal'] };
    expect(compile(aRoute('a', { requestHeaders }))).toMatchObject({
      request_headers_to_add: [
        { header: { key: 'x-team', value: 'checkout' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
        { header: { key: 'x-tags', value: 'a, b' }, append_action: 'APPEND_IF_EXISTS_OR_ADD' },
      ],
      request_headers_to_remove: ['x-internal'],
    });
  });

  test('an empty value is kept', () => {
    const responseHeaders = { ...NO_CHANGES, set: { 'x-empty': '' } };
    expect(compile(aRoute('a', { responseHeaders })).response_headers_to_add).toEqual([
      { header: { key: 'x-empty', value: '' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD', keep_empty_value: true },
    ]);
  });

  test('nothing to change, no field', () => {
    expect(Object.keys(compile(aRoute('a'))).sort()).toEqual(['match', 'name', 'route']);
  });
});

describe('respond', () => {
  const respond = { kind: 'respond', status: 200, body: '{"ok": "100%"}', contentType: 'application/json' } as const;

  test('gives status, body and content type', () => {
    expect(compile(aRoute('health', { action: respond }))).toMatchObject({
      direct_response: { status: 200, body: { inline_string: '{"ok": "100%"}' } },
      response_headers_to_add: [
        { header: { key: 'content-type', value: 'application/json' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
      ],
    });
  });

  test('the route’s own content type wins', () => {
    const responseHeaders = { ...NO_CHANGES, set: { 'content-type': 'text/html' } };
    expect(compile(aRoute('health', { action: respond, responseHeaders })).response_headers_to_add).toEqual([
      { header: { key: 'content-type', value: 'text/html' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    ]);
  });

  test('may have no body', () => {
    expect(compile(aRoute('gone', { action: { kind: 'respond', status: 410 } })).direct_response).toEqual({ status: 410 });
  });
});

test('bodies of requests that may be sent twice are kept beyond the connection’s buffer', () => {
  const retry = { attempts: 1, retryOn: ['5xx'], retriableStatusCodes: [], backoff: { baseMs: 25, maxMs: 250 } };
  const limit = { value: 1_048_576 };
  expect(compile(aRoute('a', { action: forwardTo('a', { retry }) })).request_body_buffer_limit).toEqual(limit);
  expect(compile(aRoute('a', { action: forwardTo('a', { mirrors: [{ service: 'b', percent: 1 }] }) })).request_body_buffer_limit).toEqual(
    limit,
  );
  expect(compile(aRoute('a')).request_body_buffer_limit).toBeUndefined();
});

test('redirects carry header changes too', () => {
  const responseHeaders = { ...NO_CHANGES, set: { 'cache-control': 'no-store' } };
  expect(compile(aRoute('old', { action: redirectTo({ host: 'new.example.com' }), responseHeaders }))).toMatchObject({
    redirect: { host_redirect: 'new.example.com', response_code: 'MOVED_PERMANENTLY' },
    response_headers_to_add: [{ header: { key: 'cache-control', value: 'no-store' } }],
  });
});
