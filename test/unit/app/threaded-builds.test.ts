import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { Builds } from '../../../src/build/build.ts';
import type { BuildThread } from '../../../src/build/build-messages.ts';
import { createLocalBuilds } from '../../../src/build/local-builds.ts';
import { serveBuilds } from '../../../src/build/serve-builds.ts';
import { createThreadedBuilds } from '../../../src/build/threaded-builds.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import { testApi } from '../../support/snapshots.ts';
import { createWorkspace, type Workspace } from '../../support/workspace.ts';
import { describeBuilds, GOOD, goodOf, resourceOf } from './builds-contract.ts';

type ChannelThread = BuildThread & { readonly die: () => void };

/** A thread in name only: the two sides talk over a real channel, so that everything is cloned and transferred as between threads. */
function channelThread(builds: Builds): ChannelThread {
  const { port1, port2 } = new MessageChannel();
  const life = new EventEmitter();
  serveBuilds(
    { postMessage: (answer, transfer) => port2.postMessage(answer, [...transfer]), on: (event, tell) => port2.on(event, tell) },
    builds,
  );
  const end = (code: number): void => {
    port1.close();
    life.emit('exit', code);
  };
  return {
    postMessage: (request) => port1.postMessage(request),
    on: (event: string, listener: unknown) => (event === 'message' ? port1 : life).on(event, listener as (value: unknown) => void),
    terminate: async () => end(1),
    die: () => end(134),
  };
}

function localBuilds(cwd: string): Builds {
  return createLocalBuilds({ api: testApi(), env: {}, nowMs: Date.now, cwd });
}

describeBuilds('builds at the other end of a channel', (cwd) =>
  createThreadedBuilds({ start: () => channelThread(localBuilds(cwd)), onFault: (error) => expect.fail(String(error)) }),
);

describe('a build thread that ends (P8)', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** `ends`: how often the thread ends while it builds. */
  async function fixture(): Promise<{
    readonly workspace: Workspace;
    readonly builds: Builds;
    readonly threads: ChannelThread[];
    readonly faults: unknown[];
    /** Makes the next builds end their thread. */
    endDuring(count: number): void;
  }> {
    const workspace = await createWorkspace({ 'edge.yaml': GOOD });
    const threads: ChannelThread[] = [];
    const faults: unknown[] = [];
    let ends = 0;
    const start = (): BuildThread => {
      const local = localBuilds(workspace.root);
      const thread = channelThread({
        ...local,
        builderOf: (file) => {
          const builder = local.builderOf(file);
          return {
            build: (since) => {
              if (ends === 0) return builder.build(since);
              ends -= 1;
              thread.die();
              return new Promise(() => undefined);
            },
            refuse: (good, refusal) => builder.refuse(good, refusal),
            textsOf: (files) => builder.textsOf(files),
            placeOf: (good, typeUrl, name) => builder.placeOf(good, typeUrl, name),
            explain: (good, asked) => builder.explain(good, asked),
          };
        },
      });
      threads.push(thread);
      return thread;
    };
    const builds = createThreadedBuilds({ start, onFault: (error) => faults.push(error) });
    stops.push(
      () => workspace.remove(),
      () => builds.stop(),
    );
    return { workspace, builds, threads, faults, endDuring: (count) => void (ends = count) };
  }

  it('is started anew, and the build is made once more; what is unchanged stays the same object', async () => {
    const { workspace, builds, threads, faults, endDuring } = await fixture();
    const builder = builds.builderOf(workspace.path('edge.yaml'));
    const first = goodOf(await builder.build());
    await workspace.write('edge.yaml', GOOD.replace('127.0.0.1:9001', '127.0.0.1:9002'));
    endDuring(1);
    const second = goodOf(await builder.build(first));
    expect(threads).toHaveLength(2);
    expect(faults.map(String)).toEqual(['Error: the build thread ended with exit code 134']);
    expect(resourceOf(second, 'Cluster', 'service/orders')).toBe(resourceOf(first, 'Cluster', 'service/orders'));
    expect(second.snapshot.version).not.toBe(first.snapshot.version);
    // The new thread never saw the first build.
    expect(second.changes).toBeUndefined();
    expect(await builder.placeOf(first, TYPE_URLS.Cluster, 'service/orders')).toBeUndefined();
    expect(await builder.placeOf(second, TYPE_URLS.Cluster, 'service/orders')).toMatch(/edge.yaml:5$/);
  });

  it('that ends again at the same build fails it, and the next build has a new thread', async () => {
    const { workspace, builds, threads, endDuring } = await fixture();
    const builder = builds.builderOf(workspace.path('edge.yaml'));
    endDuring(2);
    await expect(builder.build()).rejects.toThrow('exit code 134');
    expect(goodOf(await builder.build()).gateway).toBe('edge');
    expect(threads).toHaveLength(3);
  });

  it('between two builds costs nothing but its memory', async () => {
    const { workspace, builds, threads, faults } = await fixture();
    const builder = builds.builderOf(workspace.path('edge.yaml'));
    const first = goodOf(await builder.build());
    threads[0]?.die();
    expect(goodOf(await builder.build(first)).snapshot).toBe(first.snapshot);
    expect(faults).toEqual([]);
  });

  it('answers nothing any more once it is stopped: what waits is rejected', async () => {
    const { workspace, builds } = await fixture();
    const building = builds.builderOf(workspace.path('edge.yaml')).build();
    await Promise.all([expect(building).rejects.toThrow('stopped'), builds.stop()]);
  });

  it('is not ended by a build that fails: the fault is told as it is', async () => {
    const workspace = await createWorkspace({ 'edge.yaml': GOOD });
    let isBroken = true;
    const local = localBuilds(workspace.root);
    const builderOf: Builds['builderOf'] = (file) => {
      const builder = local.builderOf(file);
      return { ...builder, build: async (since) => (isBroken ? Promise.reject(new TypeError('a fault of ours')) : builder.build(since)) };
    };
    let threads = 0;
    const start = (): BuildThread => {
      threads += 1;
      return channelThread({ ...local, builderOf });
    };
    const builds = createThreadedBuilds({ start, onFault: () => undefined });
    stops.push(
      () => workspace.remove(),
      () => builds.stop(),
    );
    const builder = builds.builderOf(workspace.path('edge.yaml'));
    await expect(builder.build()).rejects.toThrow('a fault of ours');
    isBroken = false;
    expect(goodOf(await builder.build()).gateway).toBe('edge');
    expect(threads).toBe(1);
  });
});
