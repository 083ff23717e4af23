// Every rule of the protocol, and every mistake that other control planes shipped, is named by a test: who looks for the proof of a number
// finds it, and a number without one is seen.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const TESTS = new URL('../../', import.meta.url);
const TITLE = /\b(?:test|it|describe)(?:\.\w+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?)*\(\s*(['`])((?:(?!\1)[^\\]|\\.)*)\1/g;

/** Rules: X1-X100, S1-S11, O1, O2. */
const RULES: readonly string[] = [...numbered('X', 100), ...numbered('S', 11), ...numbered('O', 2)];

/** Issues of other projects: E envoy, G go-control-plane, J java-control-plane, I istio. */
const ISSUES: readonly string[] = [
  ...ids('G', [46, 119, 245, 426, 431, 446, 458, 463, 473, 488, 503, 508, 526, 530, 558, 565, 570, 579, 582, 583, 585, 59, 218, 601, 608]),
  ...ids('G', [615, 705, 752, 794, 855, 875, 962, 1002, 1318, 1356, 1498]),
  ...ids('J', [70, 89, 127, 131, 287, 320]),
  ...ids('I', [10822, 34097, 36273, 38709, 39937, 41494, 54464, 54563]),
  ...ids('E', [3355, 3399, 11267, 15767, 17980, 18292, 24373, 25924, 30155, 32823, 32832, 33607, 36951, 46383]),
  ...ids('consul', [9689, 10563, 10987]),
  ...ids('contour', [363, 372, 420, 425, 439, 1187, 1280]),
  ...ids('osm', [3254, 3258, 3775]),
  ...ids('gateway', [1214, 8276, 9564]),
  ...ids('cilium', [38654, 45288]),
  ...ids('kmesh', [201, 415]),
  ...ids('kgateway', [14372, 14654, 14688]),
  'kuma#11579',
  'gloo#11118',
  'xds-relay#165',
  'CVE-2026-53714',
];

/** D1-D26; policies (D10) and the Redis store (D23) come with their features. */
const DELIVERY: readonly string[] = numbered('D', 26).filter((rule) => !['D10', 'D23'].includes(rule));

/** B1-B74; those of HTTP/3, rate limits, auth, compression, older Envoys, raw patches and validation by Envoy come with their features. */
const LATER = ['B11', 'B12', ...ids('B', [34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 46, 61, 62, 74]).map((id) => id.replace('#', ''))];
const REGRESSIONS: readonly string[] = numbered('B', 74).filter((rule) => !LATER.includes(rule));

const titles = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => [...readFileSync(new URL(file, TESTS), 'utf8').matchAll(TITLE)].map((match) => match[2] ?? ''));

test('each rule of the xDS server is named by the title of a test', () => {
  const named = new Set(titles.flatMap(rulesOf));
  expect(RULES.filter((rule) => !named.has(rule))).toEqual([]);
});

test('each mistake of other control planes is named by the title of a test', () => {
  const all = titles.join('\n');
  expect(ISSUES.filter((issue) => !new RegExp(`(?<![\\w-])${issue}(?!\\d)`).test(all))).toEqual([]);
});

test('each rule of delivery is named by the title of a test', () => {
  const named = new Set(titles.flatMap(rulesOf));
  expect(DELIVERY.filter((rule) => !named.has(rule))).toEqual([]);
});

test('each regression that other gateways released is named by a test, a title, a comment or a golden gateway', () => {
  const texts = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:ts|yaml)$/.test(file) && !file.endsWith('rule-numbers.test.ts'))
    .map((file) => readFileSync(new URL(file, TESTS), 'utf8'));
  const named = new Set(texts.flatMap(rulesOf));
  expect(REGRESSIONS.filter((rule) => !named.has(rule))).toEqual([]);
});

/** `X39-X41` names three. */
function rulesOf(title: string): readonly string[] {
  return [...title.matchAll(/\b([A-Z])(\d+)(?:-\1(\d+))?\b/g)].flatMap(([, letter = '', from = '', to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`),
  );
}

function numbered(letter: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
}

function ids(project: string, numbers: readonly number[]): readonly string[] {
  return numbers.map((number) => `${project}#${number}`);
}
