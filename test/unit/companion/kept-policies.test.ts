// What a companion keeps for a restart, whatever has become of its file.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeptPolicies, type StateFile } from '../../../src/companion/kept-policies.ts';
import type { PolicyResponse } from '../../../src/companion/policy-subscription.ts';
import { quietLogger } from '../../support/quiet-logger.ts';

const resource = { type: 'AuthPolicy', name: 'edge/users@1', version: '1', bytes: 'AAAA' };

function written(resources: readonly unknown[], changes: Readonly<Record<string, unknown>> = {}): string {
  const parts = resources.map((each) => {
    const { type, name, version, bytes } = Object(each);
    return [type, name, version, bytes];
  });
  const sha256 = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return JSON.stringify({ format: 1, gateway: 'edge', sha256, resources, ...changes });
}

function fileOf(text: string | Buffer): StateFile {
  return { read: async () => Buffer.from(text), write: async () => {} };
}

function response(name: string): PolicyResponse {
  return {
    type: 'AuthPolicy',
    nonce: '1',
    update: { policies: [{ name, bytes: new Uint8Array([1]) }], apiKeys: [], secrets: [], removed: [] },
    versions: new Map([[name, '1']]),
    removed: [],
    unreadable: [],
  };
}

describe('the file of kept policies', () => {
  it('that is as it was written gives back what was kept (authz D8)', async () => {
    const restored = await new KeptPolicies(fileOf(written([resource])), 'edge', quietLogger()).read();
    expect(restored?.update.policies.map(({ name }) => name)).toEqual(['edge/users@1']);
    expect([...(restored?.held.AuthPolicy ?? [])]).toEqual([['edge/users@1', '1']]);
  });

  it.each([
    ['empty', ''],
    ['cut', written([resource]).slice(0, -20)],
    ['null', 'null'],
    ['a list', '[]'],
    ['no JSON', Buffer.from([0xff, 0xfe, 0x00])],
    ['nested without end', '['.repeat(200_000)],
    ['of another gateway', written([resource], { gateway: 'other' })],
    ['of another format', written([resource], { format: 2 })],
    ['without its hash', written([resource], { sha256: undefined })],
    ['with another hash', written([resource], { sha256: '0'.repeat(64) })],
    ['with members of odd types', written([{ ...resource, bytes: 7 }])],
    ['with a resource that is null', written([null])],
    ['with a secret, which is never kept', written([{ ...resource, type: 'Secret' }])],
    ['with resources under a forged prototype', '{"__proto__":{"format":1,"gateway":"edge","sha256":"","resources":[]}}'],
  ])('that is %s counts as none (authz D8)', async (_what, text) => {
    expect(await new KeptPolicies(fileOf(text), 'edge', quietLogger()).read()).toBeUndefined();
  });

  it('that cannot be read counts as none', async () => {
    const file: StateFile = { read: () => Promise.reject(new Error('EISDIR')), write: async () => {} };
    expect(await new KeptPolicies(file, 'edge', quietLogger()).read()).toBeUndefined();
  });

  it('is written once at a time, and what is written last is all that is kept: two streams may bring policies at once (authz D8)', async () => {
    let open = 0;
    let most = 0;
    const texts: string[] = [];
    const file: StateFile = {
      read: async () => undefined,
      write: async (bytes) => {
        most = Math.max(most, (open += 1));
        await new Promise(setImmediate);
        open -= 1;
        texts.push(bytes.toString());
      },
    };
    const kept = new KeptPolicies(file, 'edge', quietLogger());
    await Promise.all(['edge/a@1', 'edge/b@1', 'edge/c@1'].map((name) => kept.keep(response(name), [])));
    expect(most).toBe(1);
    const restored = await new KeptPolicies(fileOf(texts.at(-1) ?? ''), 'edge', quietLogger()).read();
    expect(restored?.update.policies.map(({ name }) => name)).toEqual(['edge/a@1', 'edge/b@1', 'edge/c@1']);
  });

  it('that could not be written is written with the next response, with what is in both', async () => {
    const texts: string[] = [];
    let isFull = true;
    const file: StateFile = {
      read: async () => undefined,
      write: async (bytes) => {
        if (isFull) throw new Error('ENOSPC');
        texts.push(bytes.toString());
      },
    };
    const kept = new KeptPolicies(file, 'edge', quietLogger());
    await expect(kept.keep(response('edge/a@1'), [])).rejects.toThrow('ENOSPC');
    isFull = false;
    await kept.keep(response('edge/b@1'), []);
    const restored = await new KeptPolicies(fileOf(texts.at(-1) ?? ''), 'edge', quietLogger()).read();
    expect(restored?.update.policies).toHaveLength(2);
  });
});
