// Introspection against a real server that misbehaves, and what is made of its answers (authz I1-I5).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntrospectionOutcome, Introspector } from '../../../../src/authz/handler-ports.ts';
import { createIntrospector } from '../../../../src/authz/identity/introspector.ts';
import { issuerRequest } from '../../../../src/authz/issuer/issuer-request.ts';
import type { IntrospectionSettings } from '../../../../src/authz/policy/settings.ts';
import { Secret } from '../../../../src/lib/secret.ts';

interface Asked {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const asked: Asked[] = [];
const failures: string[] = [];
let reply: (response: ServerResponse) => void = () => {};
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    asked.push({ method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() });
    reply(response);
  });
});
let url = '';

beforeEach(async () => {
  asked.length = 0;
  failures.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function introspector(): Introspector {
  const secret = new Secret('s:e c+r%t');
  return createIntrospector({
    request: issuerRequest,
    secrets: () => secret,
    nowMs: Date.now,
    dev: true,
    onFailure: (_issuer, detail) => failures.push(detail),
  });
}

function settings(over: Partial<IntrospectionSettings> = {}): IntrospectionSettings {
  return {
    id: 'edge/legacy#0',
    name: 'legacy',
    issuer: 'https://id.example.com/',
    audiences: ['shop'],
    maxTokenBytes: 8_192,
    from: [{ kind: 'header', name: 'authorization', prefix: 'Bearer ' }],
    scopeClaim: ['scope'],
    forwardClaims: [],
    keepCredential: false,
    url,
    clientId: 'gate:way',
    clientSecretName: 'edge/secret/introspection/legacy',
    timeoutMs: 2_000,
    cacheForMs: 60_000,
    denyForMs: 5_000,
    ca: undefined,
    ...over,
  };
}

function ask(over: Partial<IntrospectionSettings> = {}): Promise<IntrospectionOutcome> {
  return introspector().introspect('to+ken', settings(over), { nowMs: Date.now(), deadlineMs: Date.now() + 5_000 });
}

function answering(body: unknown): void {
  reply = (response) => response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

const UNAVAILABLE = { kind: 'unknown', reason: 'introspection.unavailable' };

describe('the question', () => {
  it('is a form by POST with the client in HTTP Basic, encoded as forms are (authz I1)', async () => {
    answering({ active: true, sub: 'alice' });
    expect(await ask()).toMatchObject({ kind: 'active', claims: { sub: 'alice' } });
    const [{ method, headers, body } = { method: '', headers: {}, body: '' }] = asked;
    expect(method).toBe('POST');
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe('gate%3Away:s%3Ae+c%2Br%25t');
    expect(new URLSearchParams(body).get('token')).toBe('to+ken');
  });

  it('is asked before a deadline that is no whole millisecond, and not where less than one is left (authz I1)', async () => {
    answering({ active: false });
    const at = (deadlineMs: number): Promise<IntrospectionOutcome> => introspector().introspect('t', settings(), { nowMs: 0, deadlineMs });
    expect(await at(Date.now() + 1_500.25)).toEqual({ kind: 'inactive' });
    expect(await at(Date.now() + 0.25)).toEqual(UNAVAILABLE);
  });

  it('is not asked without the secret of the client', async () => {
    const onFailure = (_issuer: string, detail: string): void => void failures.push(detail);
    const without = createIntrospector({ request: issuerRequest, secrets: () => undefined, nowMs: Date.now, dev: true, onFailure });
    expect(await without.introspect('t', settings(), { nowMs: 0, deadlineMs: Date.now() + 1_000 })).toEqual(UNAVAILABLE);
    expect([asked, failures]).toEqual([[], ['the secret of the client is not here']]);
  });

  it('is asked 64 times at once at most (authz I1)', async () => {
    const waiting: ServerResponse[] = [];
    reply = (response) => waiting.push(response);
    const one = introspector();
    const outcomes = Array.from({ length: 70 }, (_, index) =>
      one.introspect(`t${index}`, settings(), { nowMs: Date.now(), deadlineMs: Date.now() + 5_000 }),
    );
    const overloaded = (await Promise.all(outcomes.slice(64))).map((outcome) => outcome.kind === 'unknown' && outcome.reason);
    expect(overloaded).toEqual(Array.from({ length: 6 }, () => 'authz.overloaded'));
    const done = setInterval(() => {
      for (const response of waiting.splice(0)) response.end('{"active":false}');
    }, 5);
    const settled = await Promise.all(outcomes.slice(0, 64));
    clearInterval(done);
    expect(settled.every(({ kind }) => kind === 'inactive')).toBe(true);
  });
});

describe('the answer', () => {
  it.each([
    ['inactive', { active: false }, { kind: 'inactive' }],
    ['of another issuer', { active: true, iss: 'https://evil.example.com/' }, { kind: 'inactive' }],
    [
      'of our issuer',
      { active: true, iss: 'https://id.example.com/' },
      { kind: 'active', claims: { active: true, iss: 'https://id.example.com/' }, bytes: 47 },
    ],
    ['active as a text', { active: 'true' }, UNAVAILABLE],
    ['active as a number', { active: 1 }, UNAVAILABLE],
    ['without active', {}, UNAVAILABLE],
    ['a list', [{ active: true }], UNAVAILABLE],
    ['a page', '<html>', UNAVAILABLE],
    ['nothing', '', UNAVAILABLE],
    ['a member twice', '{"active":false,"active":true}', UNAVAILABLE],
  ])('%s (authz I2)', async (_what, body, expected) => {
    answering(body);
    expect(await ask()).toEqual(expected);
    // Whoever looks for the cause of 503s finds it in the log.
    expect(failures).toEqual(expected === UNAVAILABLE ? ['the answer does not say whether the token is active'] : []);
  });

  it.each([
    ['an error', (response: ServerResponse) => response.writeHead(500).end('{"active":true}'), 'the issuer answered 500'],
    ['a redirect', (response: ServerResponse) => response.writeHead(302, { location: url }).end(), 'the issuer answered 302'],
    ['ten megabytes', (response: ServerResponse) => response.end('x'.repeat(10_000_000)), 'more than 65536 bytes'],
    ['a cut connection', (response: ServerResponse) => response.destroy(), 'socket hang up'],
  ])('%s is no answer (authz I1, J1, J3)', async (_what, misbehave, detail) => {
    reply = misbehave;
    expect(await ask()).toEqual(UNAVAILABLE);
    expect(failures).toEqual([detail]);
  });

  it.each([
    ['not at all', () => undefined],
    ['byte by byte', (response: ServerResponse) => void response.writeHead(200).write('{"active":')],
  ])('that comes %s is none, in bounded time (authz G11, J3)', async (_what, misbehave) => {
    reply = misbehave;
    expect(await ask({ timeoutMs: 50 })).toEqual(UNAVAILABLE);
    expect(failures).toHaveLength(1);
  });
});

describe('checkClaims', () => {
  const now = 1_800_000_000;
  it.each([
    [{ aud: 'shop' }, undefined],
    [{ aud: 'other' }, 'jwt.audience'],
    [{ aud: 'shop', exp: now }, undefined],
    [{ aud: 'shop', exp: now - 1 }, 'token.inactive'],
    [{ aud: 'shop', nbf: now + 1 }, 'token.inactive'],
    [{ aud: 'shop', exp: 'soon' }, 'jwt.claims'],
    [{ aud: 'shop', sub: 7 }, 'jwt.claims'],
  ])('%j → %s (authz I4)', (claims, expected) => {
    expect(introspector().checkClaims(claims, settings(), now * 1_000)).toBe(expected);
  });
});
