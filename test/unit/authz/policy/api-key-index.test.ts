import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiKeyIndex } from '../../../../src/authz/policy/api-key-index.ts';
import { Secret } from '../../../../src/lib/secret.ts';
import { testApi } from '../../../support/snapshots.ts';

const KEY = 'ck_abcdefgh_0123456789abcdefghijABCDEFGHIJ01';
const PEPPER = new Secret('pepper-of-the-test');
const sha = (key: string): string => createHash('sha256').update(key).digest('hex');
const hmac = (key: string): string => createHmac('sha256', PEPPER.reveal()).update(key).digest('hex');
const SETTINGS = {
  name: 'partners',
  setName: 'edge/partners',
  from: [],
  consumerHeaders: [],
  keepCredential: false,
  pepperName: undefined,
};

function index(...consumers: readonly object[]): ApiKeyIndex {
  const name = 'edge/partners';
  return new ApiKeyIndex(testApi(), name, testApi().encode('chancery.policy.v1.ApiKeySet', { name, consumers }));
}

function ownerOf(keys: ApiKeyIndex, key: string, call: { readonly pepper?: Secret; readonly nowMs?: number } = {}): string | undefined {
  return keys.find(key, SETTINGS, { pepper: call.pepper, nowMs: call.nowMs ?? 0 })?.facts.client;
}

describe('the live keys of a source (authz K3-K5)', () => {
  it('know a key by its whole digest: one that begins alike opens nothing (K3)', () => {
    const alike = `${sha(KEY).slice(0, 16)}${'0'.repeat(48)}`;
    expect(ownerOf(index({ name: 'acme', digests: [`sha256:${alike}`] }), KEY)).toBeUndefined();
    expect(ownerOf(index({ name: 'acme', digests: [`sha256:${sha(KEY)}`] }), KEY)).toBe('acme');
    // What stands for nobody is no digest of anybody.
    expect(ownerOf(index(), KEY)).toBeUndefined();
    expect(ownerOf(index(), '')).toBeUndefined();
  });

  it('take no digest of one kind for one of the other: a peppered source knows no plain one (K3)', () => {
    const keys = index({ name: 'plain', digests: [`sha256:${sha(KEY)}`] }, { name: 'peppered', digests: [`hmac:${hmac(KEY)}`] });
    expect([ownerOf(keys, KEY), ownerOf(keys, KEY, { pepper: PEPPER })]).toEqual(['plain', 'peppered']);
    expect(ownerOf(keys, KEY, { pepper: new Secret('another') })).toBeUndefined();
    // The digest itself is no key.
    expect(ownerOf(keys, sha(KEY))).toBeUndefined();
  });

  it('of one consumer are several for a rotation, end at their moment, and are no longer than any key (K4, K5)', () => {
    const [old, next] = ['old-key', 'next-key'];
    const keys = index({ name: 'acme', digests: [`sha256:${sha(old)}`, `sha256:${sha(next)}`], not_after_ms: 1_000 });
    expect([ownerOf(keys, old, { nowMs: 999 }), ownerOf(keys, next, { nowMs: 999 }), ownerOf(keys, old, { nowMs: 1_000 })]).toEqual([
      'acme',
      'acme',
      undefined,
    ]);
    const long = 'k'.repeat(513);
    expect(ownerOf(index({ name: 'acme', digests: [`sha256:${sha(long)}`] }), long)).toBeUndefined();
  });

  it.each([
    ['of no known form', [`md5:${sha(KEY)}`]],
    ['cut off', [`sha256:${sha(KEY).slice(1)}`]],
    ['twice', [`sha256:${sha(KEY)}`, `sha256:${sha(KEY)}`]],
  ])('are refused with a digest %s (D3, K5)', (_what, digests) => {
    expect(() => index({ name: 'acme', digests })).toThrow(/digests/);
  });
});
