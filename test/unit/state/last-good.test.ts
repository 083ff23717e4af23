import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot, TypeView } from '../../../src/snapshot/types.ts';
import { VersionedMap } from '../../../src/snapshot/versioned-map.ts';
import { createLastGoodStore, decodeLastGood, encodeLastGood, type LastGood } from '../../../src/state/last-good.ts';

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

function lastGood(
  version: string,
  resources: readonly (readonly [string, Uint8Array])[] = [['service/a', Buffer.from('bytes')]],
): LastGood {
  const view: TypeView = {
    typeUrl: CLUSTER,
    version: `${version}-clusters`,
    resources: VersionedMap.of(
      resources.map(([name, any]) => ({ typeUrl: CLUSTER, name, version: `${version}-${name}`, any: Buffer.from(any) })),
    ),
  };
  const snapshot: Snapshot = { gateway: 'edge', version, views: new Map([[CLUSTER, view]]) };
  return { snapshot, contentHash: `content-${version}`, acceptedAtMs: 1_700_000_000_000 };
}

describe('last good snapshot', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'chancery-state-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const onlyFile = async () => path.join(directory, (await readdir(directory))[0] ?? '');

  it('comes back as it was written: same bytes, same versions (D17)', async () => {
    await createLastGoodStore(directory).write('/etc/edge.yaml', lastGood('v1'));
    expect(await createLastGoodStore(directory).read('/etc/edge.yaml')).toEqual({ kind: 'found', lastGood: lastGood('v1') });
  });

  it('is absent where nothing was written, also when the directory does not exist', async () => {
    expect(await createLastGoodStore(directory).read('/etc/edge.yaml')).toEqual({ kind: 'absent' });
    expect(await createLastGoodStore(path.join(directory, 'none')).read('/etc/edge.yaml')).toEqual({ kind: 'absent' });
  });

  it('keeps what was dropped shortly before beside it (D25)', async () => {
    const store = createLastGoodStore(directory);
    const dropped = lastGood('v0', [['service/old', Buffer.from('other bytes')]]).snapshot.views;
    await store.write('/etc/edge.yaml', { ...lastGood('v1'), dropped });
    expect(await store.read('/etc/edge.yaml')).toEqual({ kind: 'found', lastGood: { ...lastGood('v1'), dropped } });
  });

  it('belongs to one root file, even where base names are equal', async () => {
    const store = createLastGoodStore(directory);
    await store.write('/a/edge.yaml', lastGood('v1'));
    expect(await store.read('/b/edge.yaml')).toEqual({ kind: 'absent' });
  });

  it('is readable by its owner only, since it holds private keys (C7)', async () => {
    const nested = path.join(directory, 'state');
    await createLastGoodStore(nested).write('/etc/edge.yaml', lastGood('v1'));
    const [name] = await readdir(nested);
    expect((await stat(path.join(nested, name ?? ''))).mode & 0o777).toBe(0o600);
    expect((await stat(nested)).mode & 0o777).toBe(0o700);
  });

  it('keeps the newest of many writes that overlap, and leaves no other file', async () => {
    const store = createLastGoodStore(directory);
    await Promise.all(['v1', 'v2', 'v3', 'v4'].map((version) => store.write('/etc/edge.yaml', lastGood(version))));
    expect(await store.read('/etc/edge.yaml')).toMatchObject({ lastGood: { snapshot: { version: 'v4' } } });
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('survives a kill while it is written: the unfinished file is ignored and removed (D25)', async () => {
    const store = createLastGoodStore(directory);
    await store.write('/etc/edge.yaml', lastGood('v1'));
    await writeFile(`${await onlyFile()}.4711.tmp`, 'chancery-last-good 1 half');
    expect(await store.read('/etc/edge.yaml')).toMatchObject({ kind: 'found', lastGood: { snapshot: { version: 'v1' } } });
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('rejects where its directory cannot be made, instead of trying for ever', async () => {
    await expect(createLastGoodStore('/proc/chancery/state').write('/etc/edge.yaml', lastGood('1'))).rejects.toThrow(/mkdir/);
  });

  it('goes on after a write failed', async () => {
    const blocked = path.join(directory, 'a-file');
    await writeFile(blocked, '');
    await expect(createLastGoodStore(blocked).write('/etc/edge.yaml', lastGood('v1'))).rejects.toThrow();
    await rm(blocked);
    const store = createLastGoodStore(blocked);
    await store.write('/etc/edge.yaml', lastGood('v2'));
    await chmod(blocked, 0o700);
    expect(await store.read('/etc/edge.yaml')).toMatchObject({ kind: 'found' });
  });

  it('is called damaged, and never served, when it is cut off at any byte', () => {
    const whole = encodeLastGood(lastGood('v1'));
    for (let length = 0; length < whole.length; length += 1) expect(decodeLastGood(whole.subarray(0, length))).toBeTypeOf('string');
    expect(decodeLastGood(whole)).toEqual(lastGood('v1'));
  });

  it('is called damaged when any one byte of it was changed', () => {
    const whole = encodeLastGood(lastGood('v1'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        return typeof decodeLastGood(damaged) === 'string';
      }),
    );
  });

  it('never throws over foreign bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof decodeLastGood(Buffer.from(bytes)) === 'string'));
  });

  it('says which file is damaged and why', async () => {
    const store = createLastGoodStore(directory);
    await store.write('/etc/edge.yaml', lastGood('v1'));
    const file = await onlyFile();
    await writeFile(file, (await readFile(file)).subarray(0, 100));
    expect(await store.read('/etc/edge.yaml')).toEqual({
      kind: 'damaged',
      file,
      reason: 'its checksum does not fit: it is cut off or changed',
    });
  });

  it('keeps any resources, byte for byte', () => {
    const resources = fc.uniqueArray(fc.tuple(fc.string(), fc.uint8Array()), { selector: ([name]) => name });
    fc.assert(
      fc.property(resources, (list) => {
        expect(decodeLastGood(encodeLastGood(lastGood('v', list)))).toEqual(lastGood('v', list));
      }),
    );
  });
});
