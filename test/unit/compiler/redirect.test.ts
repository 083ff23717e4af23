import { describe, expect, test } from 'vitest';
import { compileListenerRedirect, compileRedirect, redirectTarget } from '../../../src/compiler/redirect.ts';
import { aListener, aListenerTls, aMatch, redirectTo } from '../../support/model-builder.ts';

const plain = aListener({ name: 'http', port: 10_000 });
const secure = aListener({ name: 'https', port: 10_443, tls: aListenerTls() });
const standard = aListener({ name: 'https', port: 443, tls: aListenerTls() });

describe('B18: the port of a redirect', () => {
  test('to another host is that of each listener', () => {
    const action = redirectTo({ host: 'new.example.com' });
    expect(redirectTarget(action, plain, '*')).toEqual({ host: 'new.example.com', port: 10_000 });
    expect(redirectTarget(action, secure, '*')).toEqual({ host: 'new.example.com', port: 10_443 });
  });

  test('to another host is left out where it is the scheme’s own', () => {
    expect(redirectTarget(redirectTo({ host: 'new.example.com' }), standard, '*')).toEqual({ host: 'new.example.com' });
  });

  test('to a scheme is that scheme’s, not the one the client used', () => {
    expect(redirectTarget(redirectTo({ scheme: 'https' }), plain, 'shop.example.com')).toEqual({
      scheme: 'https',
      host: 'shop.example.com',
    });
    expect(redirectTarget(redirectTo({ scheme: 'https' }), plain, '*.example.com')).toEqual({ scheme: 'https', port: 443 });
    expect(redirectTarget(redirectTo({ scheme: 'https', host: 'new.example.com' }), plain, '*')).toEqual({
      scheme: 'https',
      host: 'new.example.com',
    });
  });

  test('that is written wins', () => {
    expect(redirectTarget(redirectTo({ scheme: 'https', port: 8443 }), plain, 'shop.example.com')).toEqual({ scheme: 'https', port: 8443 });
    expect(redirectTarget(redirectTo({ port: 443 }), secure, 'shop.example.com')).toEqual({ host: 'shop.example.com' });
  });

  test('to another path stays as the client sent it', () => {
    expect(redirectTarget(redirectTo({ pathRewrite: { kind: 'full', value: '/new' } }), plain, '*')).toEqual({});
  });
});

test.each([
  [301, 'MOVED_PERMANENTLY'],
  [302, 'FOUND'],
  [303, 'SEE_OTHER'],
  [307, 'TEMPORARY_REDIRECT'],
  [308, 'PERMANENT_REDIRECT'],
] as const)('status %i', (code, response) => {
  expect(compileRedirect(redirectTo({ code }), aMatch(), {})).toEqual({ response_code: response });
});

test('path and query', () => {
  const action = redirectTo({ pathRewrite: { kind: 'prefix', value: '/new' }, stripQuery: true });
  expect(compileRedirect(action, aMatch('/old'), {})).toEqual({
    response_code: 'MOVED_PERMANENTLY',
    prefix_rewrite: '/new',
    strip_query: true,
  });
});

describe('a whole listener', () => {
  test('leads to the scheme’s own port, with the port of the Host gone already', () => {
    expect(compileListenerRedirect({ scheme: 'https', code: 301 })).toEqual({
      scheme_redirect: 'https',
      response_code: 'MOVED_PERMANENTLY',
    });
    expect(compileListenerRedirect({ scheme: 'https', port: 443, code: 308 })).toEqual({
      scheme_redirect: 'https',
      response_code: 'PERMANENT_REDIRECT',
    });
  });

  test('or to the port that is written', () => {
    expect(compileListenerRedirect({ scheme: 'https', port: 10_443, code: 301 }).port_redirect).toBe(10_443);
  });
});
