import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareMatches, compareRanks, type RankedMatch, rankOf } from '../../../src/model/precedence.ts';
import type { PathMatch, Route, RouteMatch } from '../../../src/model/types.ts';

interface Sketch {
  readonly path?: string;
  readonly methods?: readonly string[];
  readonly headers?: number;
  readonly query?: number;
  readonly priority?: number;
  readonly grpc?: boolean;
  readonly name?: string;
}

/** `=/a` exact, `/a` prefix, `~a` regex, a path with braces or `*` a template. */
function pathMatch(text: string): PathMatch {
  if (text.startsWith('=')) {
    return { kind: 'exact', value: text.slice(1) };
  }
  if (text.startsWith('~')) {
    return { kind: 'regex', value: text.slice(1) };
  }
  return { kind: /[{*]/.test(text) ? 'template' : 'prefix', value: text };
}

function ranked(sketch: Sketch): RankedMatch {
  const match: RouteMatch = {
    path: [],
    ...(sketch.path === undefined ? {} : { pathMatch: pathMatch(sketch.path) }),
    methods: sketch.methods ?? [],
    headers: Array.from({ length: sketch.headers ?? 0 }, (_, index) => {
      return { name: `x-${index}`, condition: { kind: 'present' as const }, ignoreCase: false, not: false };
    }),
    query: Array.from({ length: sketch.query ?? 0 }, (_, index) => {
      return { name: `q${index}`, condition: { kind: 'present' as const }, ignoreCase: false, not: false };
    }),
    grpcOnly: sketch.grpc ?? false,
  };
  const route: Route = {
    name: sketch.name ?? 'route',
    path: [],
    listeners: ['http'],
    hostnames: ['*'],
    matches: [match],
    priority: sketch.priority ?? 0,
    action: { kind: 'respond', status: 200 },
    requestHeaders: { set: {}, add: {}, remove: [] },
    responseHeaders: { set: {}, add: {}, remove: [] },
  };
  return { route, match };
}

describe('compareMatches (C1, B16)', () => {
  const inOrder: readonly (readonly [string, Sketch, Sketch])[] = [
    ['an exact path before a longer prefix', { path: '=/a' }, { path: '/a/b/c' }],
    ['a longer prefix before a shorter', { path: '/a/b' }, { path: '/a' }],
    ['a prefix before no path', { path: '/a' }, {}],
    ['a template before its own literal prefix', { path: '/a/{x}' }, { path: '/a' }],
    ['a longer prefix before a template with a shorter literal part', { path: '/a/b' }, { path: '/a/{x}/c' }],
    ['a template of more segments before one of fewer', { path: '/a/{x}/b' }, { path: '/a/{x}' }],
    ['a template with the earlier literal before one of equal length', { path: '/a/{x}/b' }, { path: '/a/{x}/{y}' }],
    ['a template with one segment before one with the rest', { path: '/a/{x}' }, { path: '/a/{x=**}' }],
    ['a template with a suffix before one without', { path: '/a/{x}.html' }, { path: '/a/{x}' }],
    ['a template with text before its variable before one without', { path: '/v{x}/a' }, { path: '/{x}/a' }],
    ['a prefix before a regex', { path: '/' }, { path: '~/long/regex/.*' }],
    ['no path before a regex', {}, { path: '~/long/regex/.*' }],
    ['a method before more headers', { path: '/a', methods: ['GET'] }, { path: '/a', headers: 3 }],
    ['a method before none, also without a path', { methods: ['GET'] }, { headers: 3 }],
    ['one method before two', { methods: ['GET'] }, { methods: ['GET', 'POST'] }],
    ['more headers before more query conditions', { headers: 2 }, { headers: 1, query: 5 }],
    ['more query conditions before fewer', { query: 2 }, { query: 1 }],
    ['grpc counts as a condition on content-type', { path: '=/s/m', grpc: true }, { path: '=/s/m' }],
    ['path before method', { path: '/a/b' }, { path: '/a', methods: ['GET'], headers: 9, query: 9 }],
    ['method before headers among regexes', { path: '~/a', methods: ['GET'] }, { path: '~/abc', headers: 2 }],
    ['priority before everything', { priority: 1 }, { path: '=/a', methods: ['GET'], headers: 3 }],
    ['no priority before a negative one', { path: '~/a' }, { path: '=/a', priority: -1 }],
    ['a longer regex before a shorter, where nothing else decides', { path: '~/abc' }, { path: '~/ab' }],
  ];

  it.each(inOrder)('puts %s', (_title, first, second) => {
    expect(compareMatches(ranked({ ...first, name: 'z' }), ranked({ ...second, name: 'a' }))).toBeLessThan(0);
    expect(compareMatches(ranked({ ...second, name: 'a' }), ranked({ ...first, name: 'z' }))).toBeGreaterThan(0);
  });

  it('takes the name only when nothing else tells two matches apart', () => {
    expect(compareMatches(ranked({ path: '/a', name: 'a' }), ranked({ path: '/a', name: 'b' }))).toBeLessThan(0);
  });

  it('sees one path in templates that differ in the names of variables', () => {
    expect(rankOf(ranked({ path: '/a/{x}' }).match).path).toBe(rankOf(ranked({ path: '/a/{y=*}' }).match).path);
  });

  it('takes a template without wildcards for an exact path', () => {
    expect(compareRanks(rankOf(ranked({ path: '/a/{x=b}' }).match), rankOf(ranked({ path: '=/a/b' }).match))).toBe(0);
  });

  it('keeps the order of equal matches of one route', () => {
    const { route, match } = ranked({ path: '/a' });
    const twin = { ...match };
    const both = { ...route, matches: [match, twin] };
    expect(compareMatches({ route: both, match }, { route: both, match: twin })).toBeLessThan(0);
    expect(compareMatches({ route: both, match }, { route: both, match })).toBe(0);
  });

  it('is a total order: sorting gives one result from any start', () => {
    const sketches = fc.record(
      {
        path: fc.constantFrom(
          '=/a',
          '=/a/b',
          '/',
          '/a',
          '/a/b',
          '/a/{x}',
          '/{x}/b',
          '/{x}',
          '/{x=**}',
          '/a/{x}/b',
          '/v{x}',
          '~/a',
          '~/a.*',
        ),
        methods: fc.constantFrom([], ['GET'], ['POST'], ['GET', 'POST']),
        headers: fc.nat(2),
        query: fc.nat(2),
        priority: fc.integer({ min: -1, max: 1 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(sketches, { maxLength: 30 }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (list, keys) => {
        const entries = list.map((sketch, index) => ranked({ ...sketch, name: `r${index}` }));
        const shuffled = entries.map((entry) => ({ entry, key: keys.next().value ?? 0 })).sort((a, b) => a.key - b.key);
        const names = (sorted: readonly RankedMatch[]): readonly string[] => sorted.map(({ route }) => route.name);
        expect(names(shuffled.map(({ entry }) => entry).sort(compareMatches))).toEqual(names([...entries].sort(compareMatches)));
      }),
    );
  });
});
