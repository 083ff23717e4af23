import { describe, expect, it } from 'vitest';
import { KnownHeaders } from '../../../../src/authz/identity/known-headers.ts';

const segment = (text: string): string => Buffer.from(text).toString('base64url');

describe('headers of tokens', () => {
  it('are read once for each text, however many tokens have it (authz P5)', () => {
    const headers = new KnownHeaders({ depth: 2, members: 4 });
    const first = headers.read(segment('{"alg":"RS256"}'));
    expect(first).toEqual({ alg: 'RS256' });
    expect(headers.read(segment('{"alg":"RS256"}'))).toBe(first);
  });

  it.each([
    ['is not canonical', `${segment('{"alg":"RS256"}')}==`],
    ['is no object', segment('[]')],
    ['has a member twice', segment('{"alg":"RS256","alg":"none"}')],
    ['is too deep', segment('{"a":{"b":{}}}')],
  ])('refuses one that %s, each time (authz A4, A5)', (_, text) => {
    const headers = new KnownHeaders({ depth: 2, members: 4 });
    expect([headers.read(text), headers.read(text)]).toEqual([undefined, undefined]);
  });

  it('stay right while strangers send others (authz P27)', () => {
    const headers = new KnownHeaders({ depth: 2, members: 4 });
    for (let kid = 0; kid < 3_000; kid += 1) expect(headers.read(segment(`{"kid":"${kid % 700}"}`))).toEqual({ kid: `${kid % 700}` });
  });
});
