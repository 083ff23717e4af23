import { describe, expect, test } from 'vitest';
import { compilePathRedirect, compilePathRewrite } from '../../../src/compiler/path-rewrite.ts';
import { aPath } from '../../support/model-builder.ts';

const rewritePrefix = (value: string, path?: string) =>
  compilePathRewrite({ kind: 'prefix', value }, path === undefined ? undefined : aPath(path));

describe('prefix', () => {
  test('B19: metacharacters and backslashes are literal', () => {
    expect(rewritePrefix(String.raw`/v2.(x)\1`, '/orders')).toEqual({ prefix_rewrite: String.raw`/v2.(x)\1` });
  });

  test('a final slash of the new prefix does not double the one that follows', () => {
    expect(rewritePrefix('/v2/', '/orders')).toEqual({ prefix_rewrite: '/v2' });
  });

  test('to / takes the slash of the old prefix along, so that /a/b gives /b and not //b', () => {
    expect(rewritePrefix('/', '/a.b')).toEqual({ regex_rewrite: { pattern: { regex: String.raw`^/a\.b/*` }, substitution: '/' } });
  });

  test('from / keeps the slash between the new prefix and the rest', () => {
    expect(rewritePrefix('/v2', '/')).toEqual({ prefix_rewrite: '/v2/' });
    expect(rewritePrefix('/v2')).toEqual({ prefix_rewrite: '/v2/' });
    expect(rewritePrefix('/', '/')).toEqual({ prefix_rewrite: '/' });
  });

  test('of an exact path replaces it', () => {
    expect(rewritePrefix('/', '=/a')).toEqual({ prefix_rewrite: '/' });
    expect(rewritePrefix('/b', '=/a')).toEqual({ prefix_rewrite: '/b' });
  });
});

test('a whole new path is literal, percent signs included', () => {
  expect(compilePathRewrite({ kind: 'full', value: '/a%20b' }, aPath('/x'))).toEqual({ path_rewrite: '/a%%20b' });
});

test('a template is filled from the matched one', () => {
  expect(compilePathRewrite({ kind: 'template', value: '/v2/{id}' }, aPath('/v1/{id}'))).toEqual({
    path_rewrite_policy: {
      name: 'envoy.path.rewrite.uri_template.uri_template_rewriter',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig',
        path_template_rewrite: '/v2/{id}',
      },
    },
  });
});

test('a regex replaces what fits it', () => {
  expect(compilePathRewrite({ kind: 'regex', pattern: '^/a/(.*)', substitution: String.raw`/b/\1` }, undefined)).toEqual({
    regex_rewrite: { pattern: { regex: '^/a/(.*)' }, substitution: String.raw`/b/\1` },
  });
});

test('no rewrite, no field', () => {
  expect(compilePathRewrite(undefined, aPath('/a'))).toEqual({});
  expect(compilePathRedirect(undefined, aPath('/a'))).toEqual({});
});

test('a redirect takes a whole path literally and prefixes as a rewrite does', () => {
  expect(compilePathRedirect({ kind: 'full', value: '/a%20b' }, aPath('/x'))).toEqual({ path_redirect: '/a%20b' });
  expect(compilePathRedirect({ kind: 'prefix', value: '/new' }, aPath('/old'))).toEqual({ prefix_rewrite: '/new' });
});
