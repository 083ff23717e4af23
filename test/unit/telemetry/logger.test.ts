import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/lib/secret.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';

const PLANTED = 'planted-secret-7f3a';

function sink() {
  const lines: string[] = [];
  return { lines, write: (line: string) => lines.push(line) };
}

describe('logger', () => {
  it('writes one JSON object a line with ISO time, level as text, service and event', () => {
    const out = sink();
    createLogger({ sink: out }).info({ event: 'config.accepted', gateway: 'edge' }, 'configuration accepted');
    expect(out.lines).toHaveLength(1);
    const line = JSON.parse(out.lines[0] ?? '');
    expect(line).toMatchObject({
      level: 'info',
      service: 'chancery',
      event: 'config.accepted',
      gateway: 'edge',
      msg: 'configuration accepted',
    });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  it('gives the fields of a child logger to each of its lines', () => {
    const out = sink();
    createLogger({ sink: out }).child({ gateway: 'edge' }).warn({ node_id: 'a' }, 'stale');
    expect(JSON.parse(out.lines[0] ?? '')).toMatchObject({ gateway: 'edge', node_id: 'a', level: 'warn' });
  });

  it('leaves lines below its level out', () => {
    const out = sink();
    createLogger({ sink: out, level: 'warn' }).info({}, 'quiet');
    expect(out.lines).toEqual([]);
  });

  it.each([
    ['at the top', { token: PLANTED, authorization: PLANTED, cookie: PLANTED, password: PLANTED, key: PLANTED }],
    ['in headers', { headers: { authorization: PLANTED, 'set-cookie': PLANTED, 'x-api-key': PLANTED, 'proxy-authorization': PLANTED } }],
    ['three levels down', { a: { b: { c: { private_key: PLANTED } } } }],
    ['in a list', { certificates: [{ key: PLANTED }] }],
    ['as a Secret anywhere', { deep: { deeper: [{ deepest: { anything: new Secret(PLANTED) } }] } }],
    ['inside an error as a Secret', { err: Object.assign(new Error('refused'), { detail: new Secret(PLANTED) }) }],
  ])('never writes a secret %s, not even at level debug (C7)', (_place, fields) => {
    for (const pretty of [false, true]) {
      const out = sink();
      const logger = createLogger({ sink: out, level: 'debug', pretty });
      logger.debug(fields, 'a line');
      logger.child(fields).error({}, 'another line');
      expect(out.lines.join('\n')).not.toContain(PLANTED);
      expect(out.lines.join('\n')).toContain('[redacted]');
    }
  });

  it('writes an error with its type, message and causes', () => {
    const out = sink();
    createLogger({ sink: out }).error({ err: new Error('cannot listen', { cause: new Error('port taken') }) }, 'failed');
    expect(JSON.parse(out.lines[0] ?? '').err).toMatchObject({ type: 'Error', message: expect.stringContaining('port taken') });
  });

  it('writes readable text instead of JSON when asked', () => {
    const out = sink();
    createLogger({ sink: out, pretty: true }).info({ event: 'x', gateway: 'edge' }, 'configuration accepted');
    expect(out.lines.join('')).toMatch(/INFO: configuration accepted .*edge/);
  });
});
