// `chancery import ratelimit` as its users run it: what it writes, what it refuses, and that a gateway takes what it wrote (ratelimit R320, R1005).
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';

let cwd = '';

beforeEach(() => {
  cwd = mkdtempSync(path.join(os.tmpdir(), 'chancery-import-'));
  mkdirSync(path.join(cwd, 'limits'));
});

afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function run(...args: readonly string[]) {
  const output = { out: '', err: '' };
  const code = await runProgram(args, {
    out: (text) => void (output.out += text),
    err: (text) => void (output.err += text),
    env: {},
    cwd,
    colorOut: false,
    colorErr: false,
    isTerminal: false,
  });
  return { code, ...output };
}

function write(name: string, text: string): void {
  writeFileSync(path.join(cwd, name), text);
}

const LIMITS = `domain: shop
descriptors:
  - key: remote_address
    rate_limit: {unit: minute, requests_per_unit: 100}
  - key: user_id
    value: robot-*
    rate_limit: {unit: month, requests_per_unit: 10}
  - key: generic_key
    value: login
    descriptors:
      - {key: remote_address, rate_limit: {unit: hour, requests_per_unit: 5}}
`;
const GATEWAY = `version: v1
gateway: shop
include: [limits.yaml]
listeners: {http: {port: 10000}}
services: {orders: {endpoints: ["127.0.0.1:9000"]}}
rateLimitService: {snapshotFile: /var/lib/chancery/limits}
routes:
  - name: login
    matches: [{path: {exact: /login}}]
    backends: [orders]
    rateLimits: [login-remote-address]
  - name: orders
    matches: [{path: {prefix: /}}]
    backends: [orders]
    rateLimits: [remote-address, user-id]
`;

describe('chancery import ratelimit', () => {
  it('writes a file that a gateway includes, and validate finds nothing in it', async () => {
    write('limits/shop.yaml', LIMITS);
    write('gateway.yaml', GATEWAY);
    expect(await run('import', 'ratelimit', 'limits', '--map', 'user_id=header.X-User-Id', '-o', 'limits.yaml')).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(readFileSync(path.join(cwd, 'limits.yaml'), 'utf8')).toContain('key: [header.x-user-id]');
    expect(await run('validate', '-c', path.join(cwd, 'gateway.yaml'))).toMatchObject({ code: 0, err: '' });
  });

  it('writes a whole gateway file, to standard output', async () => {
    write('limits/shop.yaml', LIMITS);
    const { code, out } = await run('import', 'ratelimit', 'limits', '--map', 'user_id=jwt.sub', '--gateway', 'shop');
    expect(code).toBe(0);
    write('shop.yaml', out);
    expect(await run('validate', '-c', path.join(cwd, 'shop.yaml'))).toMatchObject({
      code: 0,
      out: expect.stringContaining('valid (gateway shop'),
    });
  });

  it('writes nothing where a key is unknown or a file is wrong, with exit code 1', async () => {
    write('limits/shop.yaml', LIMITS);
    expect(await run('import', 'ratelimit', 'limits')).toEqual({
      code: 1,
      out: '',
      err: expect.stringContaining('--map user_id=header.x-user-id'),
    });
    write('limits/shop.yaml', 'domain: shop\ndescriptors: [{key: a, rate_limit: {unit: years, requests_per_unit: 1}}]\n');
    expect(await run('import', 'ratelimit', 'limits')).toEqual({ code: 1, out: '', err: expect.stringContaining('did you mean "year"?') });
    expect(await run('import', 'ratelimit', 'nowhere')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('CH1001') });
  });

  it('joins the files of one domain where it is asked to', async () => {
    write('limits/a.yaml', LIMITS);
    write('limits/b.yaml', 'domain: shop\ndescriptors: [{key: destination_cluster, rate_limit: {unit: day, requests_per_unit: 1}}]\n');
    const map = ['--map', 'user_id=header.x-user-id'];
    expect(await run('import', 'ratelimit', 'limits', ...map)).toMatchObject({ code: 1, err: expect.stringContaining('--merge-domains') });
    const { code, out } = await run('import', 'ratelimit', 'limits', '--merge-domains', ...map);
    expect([code, out.includes('key: [service]')]).toEqual([0, true]);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a mapping without a part', ['--map', 'user_id'], /--map user_id says nothing\nhelp: write --map user_id=header\.x-user-id/],
    ['a part that is none', ['--map', 'user_id=ip'], /"ip" is no part of requests/],
    [
      'a key that no file has',
      ['--map', 'user_ids=jwt.sub', '--map', 'user_id=jwt.sub'],
      /--map user_ids=…: no descriptor has this key\nhelp: did you mean user_id\?/,
    ],
    ['a name that is none', ['--map', 'user_id=jwt.sub', '--gateway', 'a/b'], /--gateway a\/b is no name/],
  ])('refuses %s with exit code 64', async (_what, flags, message) => {
    write('limits/shop.yaml', LIMITS);
    const { code, out, err } = await run('import', 'ratelimit', 'limits', ...flags);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 64, out: '' });
  });
});
