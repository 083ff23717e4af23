// `chancery limits` as its user meets it: what is asked of the API, and what is refused before anything is asked.
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';

const asked: string[] = [];
let api: Server;
let server: string;

const LIMIT = {
  gateway: 'edge',
  name: 'per-user',
  scope: 'shared',
  parts: ['jwt.sub'],
  rates: ['100/minute'],
  overrides: 0,
  mode: 'enforce',
  onStoreFailure: 'local',
  store: 'memory',
  revision: 'r1',
  isLingering: false,
  sinceMs: 0,
  decisions: {},
  perSecond: { allowed: 0, denied: 0, wouldDeny: 0, degraded: 0, shed: 0 },
  overKeys: { count: 0, isExact: true },
};

beforeAll(async () => {
  api = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ limits: [LIMIT], stores: [], limit: 'per-user', scope: 'shared', applies: 'yes', counters: [] }));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const address = api.address();
  server = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});

afterAll(async () => {
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

beforeEach(() => {
  asked.length = 0;
});

async function limits(...args: readonly string[]) {
  const output = { out: '', err: '' };
  const code = await runProgram(['limits', ...args, '--server', server], {
    out: (text) => void (output.out += text),
    err: (text) => void (output.err += text),
    env: {},
    cwd: process.cwd(),
    colorOut: false,
    colorErr: false,
    isTerminal: false,
  });
  return { code, ...output };
}

describe('chancery limits', () => {
  it.each(['list', 'shadow', 'hot per-user', 'show per-user jwt.sub=anna', 'reset per-user jwt.sub=anna', 'ban per-user jwt.sub=anna'])(
    '%s knows its forms of output before it asks for anything (O1, O2)',
    async (line) => {
      const { code, out, err } = await limits(...line.split(' '), '-o', 'xml');
      expect({ code, out, asked }).toEqual({ code: 64, out: '', asked: [] });
      expect(err).toContain('use -o table or -o json or -o yaml');
    },
  );

  it('names the limit that was probably meant (ratelimit R811)', async () => {
    const { code, err } = await limits('show', 'per-usr', 'jwt.sub=anna');
    expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining('did you mean per-user?') });
    expect((await limits('show', 'elsewhere')).err).toContain('chancery limits list shows all');
  });

  it('asks by the gateway that has the limit', async () => {
    expect(await limits('show', 'per-user', 'jwt.sub=anna', '-o', 'json')).toMatchObject({ code: 0, err: '' });
    expect(asked).toEqual(['GET /api/v1/limits', 'POST /api/v1/limits/counter']);
  });
});
