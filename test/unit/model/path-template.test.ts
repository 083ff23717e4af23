import { describe, expect, it } from 'vitest';
import { parsePathTemplate, parseRewriteTemplate } from '../../../src/model/path-template.ts';

function problemOf(text: string): string {
  const parsed = parsePathTemplate(text);
  return parsed.ok ? 'none' : parsed.problem;
}

/** `*` for one segment, `**` for the rest; text as it is. */
function shapeOf(text: string): string {
  const parsed = parsePathTemplate(text);
  if (!parsed.ok) {
    return parsed.problem;
  }
  return parsed.value.segments
    .map((segment) =>
      segment.kind === 'literal' ? segment.text : `${segment.before}${segment.kind === 'any' ? '*' : '**'}${segment.after}`,
    )
    .join('/');
}

describe('parsePathTemplate', () => {
  it.each([
    ['/', ''],
    ['/orders/{id}', 'orders/*'],
    ['/orders/{id}/', 'orders/*/'],
    ['/a/x{b}y', 'a/x*y'],
    ['/a/*/b', 'a/*/b'],
    ['/a/**', 'a/**'],
    ['/a/{rest=**}', 'a/**'],
    ['/{b=**}.txt', '**.txt'],
    ['/a/{b}.html/c', 'a/*.html/c'],
    ['/a/{b=x/*/y}', 'a/x/*/y'],
    ['/x{b=y}', 'xy'],
    ['/a=b/%20', 'a=b/%20'],
    ['/{b}/**', '*/**'],
    ['/a/**/c', 'a/**/c'],
  ])('reads %s as %s', (text, shape) => {
    expect(shapeOf(text)).toBe(shape);
  });

  it('lists the variables in order', () => {
    const parsed = parsePathTemplate('/{a}/b/{c_1=d/*}/{e=**}');
    expect(parsed.ok && parsed.value.variables).toEqual(['a', 'c_1', 'e']);
  });

  it.each([
    ['orders', 'starts with "/"'],
    ['', 'starts with "/"'],
    ['/a//b', 'two slashes'],
    ['//', 'two slashes'],
    ['/a/{b', 'has no "}"'],
    ['/a}b', '"}" cannot stand'],
    ['/a/{b}-{c}', 'two variables'],
    ['/a/x*', 'mixes "*" with text'],
    ['/x{b}*', 'cannot share a segment'],
    ['/a/{b=*x}', 'must match "*", "**"'],
    ['/a/{b=}', 'must match "*", "**"'],
    ['/a/{b=/x}', 'must match "*", "**"'],
    ['/a/{b=x/}', 'must match "*", "**"'],
    ['/x{b=a/b}', 'spans several segments'],
    ['/{1a}', 'is not a variable'],
    ['/{a-b}', 'is not a variable'],
    ['/{}', 'is not a variable'],
    ['/{averyveryverylong}', 'has 17 characters'],
    ['/{a}/{b}/{c}/{d}/{e}/{f}', 'has 6 variables'],
    ['/{b}/{b}', '"b" stands twice'],
    ['/**/{b}', 'may follow "**"'],
    ['/a/{x=**}/*', 'may follow "**"'],
    ['/a/ü', '"ü" cannot stand'],
    ['/a?b', '"?" cannot stand'],
    ['/a b', '" " cannot stand'],
  ])('refuses %s', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });
});

describe('parseRewriteTemplate', () => {
  it('gives the names that it uses', () => {
    expect(parseRewriteTemplate('/v2/{id}/items/{item}')).toEqual({ ok: true, value: ['id', 'item'] });
  });

  it.each([
    ['v2/{id}', 'starts with "/"'],
    ['/v2//{id}', 'two slashes'],
    ['/v2/{id=*}', 'is not a variable'],
    ['/v2/{}', 'is not a variable'],
    ['/v2/{id', '"{" cannot stand'],
    ['/v2/{id}?q=1', '"?" cannot stand'],
  ])('refuses %s', (text, problem) => {
    const parsed = parseRewriteTemplate(text);
    expect(parsed.ok ? 'none' : parsed.problem).toContain(problem);
  });
});
