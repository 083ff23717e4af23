// `chancery ratelimit` in process: reference files by gRPC, followed while it runs (ratelimit R320, R325).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { type RatelimitProcess, startRatelimit } from '../../src/cli/ratelimit-process.ts';
import { ratelimitSettings } from '../../src/cli/ratelimit-settings.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { eventually } from '../support/eventually.ts';
import { type Reply, replyOf, requestBytes } from '../unit/ratelimit/limiter-support.ts';

const LIMITS = 'domain: d\ndescriptors:\n  - key: user\n    rate_limit: {unit: year, requests_per_unit: 2}\n';
const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(flags: Readonly<Record<string, unknown>> = {}) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'ratelimit-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'limits.yaml');
  writeFileSync(file, LIMITS);
  const log: string[] = [];
  const errors: string[] = [];
  const terminal = {
    out: () => undefined,
    err: (text: string) => void errors.push(text),
    env: {},
    cwd: directory,
    colorOut: false,
    colorErr: false,
    isTerminal: false,
  };
  const settings = ratelimitSettings({ referenceConfig: '.', port: '0', metricsPort: '0', ...flags }, terminal);
  const running: RatelimitProcess = await startRatelimit(settings, createLogger({ sink: { write: (line) => log.push(line) } }), terminal);
  ends.push(() => running.stop());
  const client = new Client(running.endpoint, credentials.createInsecure());
  ends.push(() => client.close());
  const send = (bytes: Buffer) =>
    new Promise<Reply | ServiceError>((resolve) => {
      const method = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';
      client.makeUnaryRequest<Buffer, Buffer>(
        method,
        (request) => request,
        (reply) => reply,
        bytes,
        (error, reply) => {
          resolve(error === null && reply !== undefined ? replyOf(reply) : (error ?? (new Error('no reply') as ServiceError)));
        },
      );
    });
  const ask = (value: string) => send(requestBytes('d', [{ entries: [['user', value]] }]));
  const page = async (name: string) => (await fetch(`http://127.0.0.1:${running.metricsPort}${name}`)).text();
  return { file, log, errors, ask, send, page };
}

describe('the rate-limit companion', () => {
  it('counts in memory by reference files, tells metrics, readiness and what differs (R326, R810)', async () => {
    const { ask, page, log } = await start();
    expect(await ask('anna')).toMatchObject({ overall_code: 'OK', statuses: [{ limit_remaining: 1, current_limit: { unit: 'YEAR' } }] });
    await ask('anna');
    expect(await ask('anna')).toMatchObject({ overall_code: 'OVER_LIMIT' });
    const metrics = await page('/metrics');
    expect(metrics).toContain('chancery_ratelimit_rule_decisions_total{rule="d.user",result="over"} 1');
    expect(metrics).toContain('chancery_ratelimit_rule_hits_total{rule="d.user"} 3');
    expect(JSON.parse(await page('/readyz'))).toMatchObject({ isServing: true });
    expect(log.filter((line) => line.includes('ratelimit.difference')).length).toBeGreaterThan(3);
    expect(log.filter((line) => line.includes('ratelimit.denied'))).toHaveLength(1);
    expect(log.join('') + metrics).not.toContain('anna');
  });

  it('follows the files, and keeps the last good ones where they are wrong (R301, R320)', async () => {
    const { ask, file, errors, log } = await start();
    await ask('anna');
    writeFileSync(file, LIMITS.replace('year', 'years'));
    await eventually(() => expect(log.join('')).toContain('ratelimit.refused'));
    expect(errors.join('')).toContain('limits.yaml:4:24');
    expect(await ask('anna')).toMatchObject({ overall_code: 'OK', statuses: [{ code: 'OK' }] });
    writeFileSync(file, LIMITS.replace('2}', '3}'));
    await eventually(() => expect(log.filter((line) => line.includes('ratelimit.loaded'))).toHaveLength(2));
    expect(await ask('anna')).toMatchObject({ overall_code: 'OK', statuses: [{ current_limit: { requests_per_unit: 3 } }] });
    expect(await ask('anna')).toMatchObject({ overall_code: 'OVER_LIMIT' });
  });

  it('answers what is no request with a status (R302, R1009)', async () => {
    const { send } = await start();
    expect(await send(Buffer.from([0xff]))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await send(requestBytes('d', []))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await send(requestBytes('d', [{ entries: [['user', 'x'.repeat(1_000_000)]] }]))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    const many = Array.from({ length: 1_000 }, () => ({ entries: [['user', 'a']] as const }));
    expect(await send(requestBytes('d', many))).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it('adds the headers of the reference where they are asked for (R325)', async () => {
    const { ask } = await start({ referenceHeaders: 'X-L,X-R,X-T', shadow: true });
    for (let index = 0; index < 2; index += 1) await ask('anna');
    const reply = await ask('anna');
    expect(reply).toMatchObject({ overall_code: 'OK', statuses: [{ code: 'OVER_LIMIT' }] });
    expect(
      'response_headers_to_add' in reply && reply.response_headers_to_add?.map(({ key, value }) => (key === 'X-T' ? key : [key, value])),
    ).toEqual([['X-L', '2'], ['X-R', '0'], 'X-T']);
  });

  it.each([
    [{ port: 'x' }, /--port x is no port/],
    [{ nearRatio: '2' }, /--near-ratio 2 is no share/],
    [{ onStoreFailure: 'maybe' }, /--on-store-failure maybe/],
    [{ referenceHeaders: 'a,b' }, /three names/],
    [{ redis: 'redis://x' }, /--redis needs --key-secret-file/],
  ])('refuses flags that are wrong: %j', (flags, message) => {
    expect(() => ratelimitSettings({ referenceConfig: '.', ...flags }, { cwd: '/', env: {} })).toThrow(message);
  });
});
