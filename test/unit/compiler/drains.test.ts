import { expect, test } from 'vitest';
import { drainsOf } from '../../../src/compiler/drains.ts';
import { compileListener } from '../../../src/compiler/listener.ts';
import type { Listener } from '../../../src/model/types.ts';
import { aListener, aListenerTls } from '../../support/model-builder.ts';

type Parts = Partial<Listener>;

const compile = (parts: Parts, accessLog?: string) =>
  compileListener(aListener(parts), { gateway: 'edge', ...(accessLog === undefined ? {} : { accessLog: { path: [], file: accessLog } }) });
const drain = (before: Parts, after: Parts) => drainsOf([compile(before)], [compile(after)])[0];

test('B15: an equal listener drains nothing, though it is another object', () => {
  expect(drain({}, {})).toEqual({ listener: 'listener/http', impact: 'none', causes: [] });
});

test.each<readonly [string, Parts, Parts, readonly string[]]>([
  ['the trusted hops', {}, { trustedHops: 1 }, ['clientIp']],
  ['the path handling', {}, { paths: { escapedSlashes: 'reject', mergeSlashes: true, parameters: 'allow' } }, ['paths']],
  ['what happens to underscores', {}, { underscores: 'drop' }, ['headers']],
  ['TLS', { tls: aListenerTls() }, { tls: aListenerTls({ minVersion: '1.3' }) }, ['tls']],
  ['TLS instead of plain text', {}, { tls: aListenerTls() }, ['tls']],
  [
    'client certificates',
    { tls: aListenerTls() },
    { tls: aListenerTls({ clientAuth: { ca: { kind: 'pem', pem: 'x' }, mode: 'require' } }) },
    ['tls', 'tls.clientAuth'],
  ],
  ['hosts on demand', {}, { onDemandHosts: true }, ['filters', 'onDemandHosts']],
  ['a redirect', {}, { redirect: { scheme: 'https', code: 301 } }, ['filters', 'redirect']],
])('B15: %s drains the connections of the chain', (_what, before, after, causes) => {
  expect(drain(before, after)).toEqual({ listener: 'listener/http', impact: 'chain', causes });
});

test('B15: another access log drains the chain of every listener', () => {
  expect(drainsOf([compile({})], [compile({}, '/dev/stdout')])[0]).toMatchObject({ impact: 'chain', causes: ['accessLog'] });
});

test('B15: another socket drains the listener as a whole, whatever else changed', () => {
  expect(drain({}, { port: 1 })).toMatchObject({ impact: 'listener', causes: ['port'] });
  expect(drain({}, { address: '::', trustedHops: 2 })).toMatchObject({ impact: 'listener', causes: ['address', 'clientIp'] });
});

test('B15: a listener that goes loses all, a new one has nothing to lose', () => {
  const [a, b] = [compile({ name: 'a' }), compile({ name: 'b' })];
  expect(drainsOf([b], [a])).toEqual([
    { listener: 'listener/a', impact: 'none', causes: [] },
    { listener: 'listener/b', impact: 'listener', causes: ['removed'] },
  ]);
});
