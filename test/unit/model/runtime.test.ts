import { expect, test } from 'vitest';
import { issueTexts, modelOf, resolveSections } from './support.ts';

test('R1: values are sorted by name, so that their order in the file changes no byte (C15)', () => {
  expect(modelOf({ runtime: { b: 2, 'a.x': true } }).runtime?.values).toEqual(modelOf({ runtime: { 'a.x': true, b: 2 } }).runtime?.values);
});

test('a text of a number, of true or of false means these, as a replaced reference is text; a percentage is a share', () => {
  const values = { a: '7', b: 'false', c: '0.5%', d: 'seven', e: -0.5, f: '' };
  expect(Object.fromEntries(modelOf({ runtime: values }).runtime?.values ?? [])).toEqual({
    a: 7,
    b: false,
    c: { percent: 0.5 },
    d: 'seven',
    e: -0.5,
    f: '',
  });
});

test('what the bootstrap sets is not the user’s to set, and a switch of Envoy is true or false', () => {
  const issues = (runtime: Readonly<Record<string, unknown>>) => issueTexts(resolveSections({ runtime }).issues);
  expect(issues({ 're2.max_program_size.error_level': 1 })).toEqual(['CH2701 runtime/re2.max_program_size.error_level']);
  expect(issues({ 'envoy.reloadable_features.x': 1 })).toEqual(['CH2702 runtime/envoy.reloadable_features.x']);
  expect(issues({ 'envoy.reloadable_features.x': true, 'envoy.other': 1 })).toEqual([]);
});

test('without the section there is none', () => {
  expect(modelOf({})).not.toHaveProperty('runtime');
});
