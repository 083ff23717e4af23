// The commands for tokens and keys: what they print, their exit codes, and that no secret is in any message (authz K1, K2; O1).
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newApiKey } from '../../../src/cli/key.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { developmentKey } from '../../../src/demo/development-key.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';

const QUICKSTART = path.resolve(import.meta.dirname, '../../../envoy/quickstart/gateway.yaml');
const KEYS = `version: v1
gateway: edge
listeners: {http: {port: 10000}}
apiKeys:
  partners:
    pepper: "a pepper that nobody guesses, long enough"
    consumers: {acme: {keys: ["hmac:4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c4f1c"]}}
services: {shop: {endpoints: ["127.0.0.1:9000"]}}
routes: [{name: shop, backends: [shop], auth: {apiKeys: partners}}]
`;

let workspace: Workspace;
beforeEach(async () => {
  workspace = await createWorkspace({ 'edge.yaml': KEYS });
});
afterEach(() => workspace.remove());

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const output = { out: '', err: '' };
  const code = await runProgram(args, {
    out: (text) => void (output.out += text),
    err: (text) => void (output.err += text),
    env,
    cwd: workspace.root,
    colorOut: false,
    colorErr: false,
    isTerminal: false,
  });
  return { code, ...output };
}

const state = (): readonly string[] => ['--state', workspace.path('state')];
const mint = (...args: readonly string[]) => run(['token', 'mint', '--dev', ...state(), ...args]);

function unsigned(header: object, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.`;
}

describe('chancery token', () => {
  it('knows the development issuer where its key was made, and makes none to look at a token', async () => {
    const minted = await mint('--scope', 'hello:read');
    await workspace.write('token', minted.out);
    const decode = (...args: readonly string[]) => run(['token', 'decode', 'token', '-c', QUICKSTART, ...args]);
    expect(await decode(...state())).toMatchObject({
      code: 0,
      out: expect.stringContaining('accepted, and its signature is good') as string,
    });
    expect(await decode('--state', workspace.path('other'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('name its state directory with --state') as string,
    });
    expect(existsSync(workspace.path('other'))).toBe(false);
  });

  it('mints what the provider of the quickstart accepts, by a key of mode 0600 in the state directory', async () => {
    const minted = await mint('--scope', 'hello:read', '--claim', 'sub=alice', '--expires', '15m');
    expect(minted).toMatchObject({ code: 0, err: '' });
    expect(statSync(workspace.path('state/development-key.pem')).mode & 0o777).toBe(0o600);
    const file = await workspace.write('token', minted.out).then(() => workspace.path('token'));
    const trusting = { CHANCERY_DEV_KEY: developmentKey(workspace.path('state')).x };
    const { code, out } = await run(['token', 'decode', file, '-c', QUICKSTART, '-o', 'json'], trusting);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      claims: { sub: 'alice', scope: 'hello:read' },
      times: { exp: expect.stringMatching(/^valid for 1[45] min$/) },
      lints: [],
      providers: [{ provider: 'development', accepted: true, signature: 'verified' }],
    });
  });

  it('is trusted by nobody who was not told the key', async () => {
    await workspace.write('token', (await mint()).out);
    const { code, out } = await run(['token', 'decode', 'token', '-c', QUICKSTART]);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining('refused: jwt.signature') });
    const serve = await run(['serve', '-c', QUICKSTART], { CHANCERY_DEV_KEY: 'x' });
    expect(serve).toMatchObject({ code: 64, err: expect.stringContaining('CHANCERY_DEV_KEY is set') });
  });

  it('mints for no other provider', async () => {
    expect(await mint('-c', workspace.path('edge.yaml'))).toMatchObject({ code: 64, out: '', err: expect.stringContaining('no provider') });
    expect(await mint('--provider', 'main')).toMatchObject({
      code: 64,
      out: '',
      err: expect.stringContaining('those that do: development'),
    });
    expect(await mint('--expires', '2d')).toMatchObject({ code: 64, out: '' });
    expect((await run(['token', 'mint'])).code).toBe(64);
  });

  it('tells times in words and what is odd, and never prints a signature', async () => {
    const { out: token } = await mint();
    await workspace.write('token', token);
    const { code, out, err } = await run(['token', 'decode', 'token']);
    expect(code).toBe(0);
    expect(out + err).not.toContain(token.trim().split('.')[2]);
    const now = Math.floor(Date.now() / 1000);
    await workspace.write('odd', unsigned({ alg: 'none' }, { exp: now - 200 }));
    const odd = await run(['token', 'decode', 'odd']);
    expect(odd.out).toMatch(/exp {4}expired 3 min ago/);
    expect(odd.err).toMatch(/alg is none[^]*no typ[^]*no iss[^]*no aud/);
    await workspace.write('endless', unsigned({ alg: 'ES256' }, {}));
    expect((await run(['token', 'decode', 'endless'])).err).toContain('no exp');
  });

  it('asks the providers of CHANCERY_CONFIG too, as --help says', async () => {
    await workspace.write('token', (await mint()).out);
    const asked = await run(['token', 'decode', 'token', ...state()], { CHANCERY_CONFIG: QUICKSTART });
    expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('its signature is good') as string });
  });

  it('repeats nothing of what is no token, or was given in place of a file', async () => {
    await workspace.write('none', 'hunter2.hunter2');
    expect(await run(['token', 'decode', 'none'])).toMatchObject({ code: 1, out: '', err: expect.not.stringContaining('hunter2') });
    const given = await run(['token', 'decode', 'hunter2.a.b']);
    expect(given).toMatchObject({ code: 64, out: '', err: expect.not.stringContaining('hunter2') });
  });
});

describe('chancery key create', () => {
  it('shows a key and its digest once (authz K1, K2)', async () => {
    const { code, out } = await run(['key', 'create', 'partners', 'acme', '-o', 'json']);
    const { key, digest } = JSON.parse(out) as { readonly key: string; readonly digest: string };
    expect(code).toBe(0);
    expect(key).toMatch(/^ck_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}$/);
    expect(digest).toBe(`sha256:${createHash('sha256').update(key).digest('hex')}`);
    expect(newApiKey(() => 0)).toBe(`ck_${'0'.repeat(8)}_${'0'.repeat(32)}`);
  });

  it('takes the pepper of the source, shows the lines to paste, and never the pepper', async () => {
    const { code, out, err } = await run(['key', 'create', 'partners', 'acme', '-c', workspace.path('edge.yaml')]);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/partners:\n {4}consumers:\n {6}acme: \{keys: \["hmac:[0-9a-f]{64}"\]\}/),
    });
    expect(out + err).not.toContain('pepper');
  });

  it('takes the files of CHANCERY_CONFIG too, as --help says: a plain digest would never fit a source with a pepper', async () => {
    const env = { CHANCERY_CONFIG: 'edge.yaml' };
    expect(await run(['key', 'create', 'partners', 'acme'], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining('hmac:') as string,
    });
    expect(await run(['key', 'create', 'others', 'acme'], env)).toMatchObject({ code: 64 });
    expect(await run(['key', 'create', 'others', 'acme'], { CHANCERY_CONFIG: '' })).toMatchObject({ code: 0 });
  });

  it('offers the nearest source', async () => {
    const { code, err } = await run(['key', 'create', 'partner', 'acme', '-c', workspace.path('edge.yaml')]);
    expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining('did you mean "partners"?') });
  });
});

describe('chancery authz prove', () => {
  it('says which Envoy there is not, as a thing that is missing and no fault of ours (O1)', async () => {
    const { code, err } = await run(['authz', 'prove', '--envoy', 'nothing/here']);
    expect(code).toBe(69);
    expect(err).toContain(`--envoy names ${workspace.path('nothing/here')}, which is not an executable file`);
    const byVariable = await run(['authz', 'prove'], { CHANCERY_ENVOY: '/nothing/here' });
    expect(byVariable).toMatchObject({ code: 69, err: expect.stringContaining('CHANCERY_ENVOY names') as string });
  });
});
