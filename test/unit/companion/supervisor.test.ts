// The supervisor over workers that the test holds in its hands.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Supervisor } from '../../../src/companion/supervisor.ts';
import type { WorkerHandle } from '../../../src/companion/worker-handle.ts';
import type { FromWorker, ToWorker, WorkerSettings } from '../../../src/companion/worker-messages.ts';
import { quietLogger } from '../../support/quiet-logger.ts';

const NOTHING = { policies: [], apiKeys: [], secrets: [], removed: [] };
const resource = (name: string) => ({ name, bytes: new Uint8Array([1]) });

class FakeWorker implements WorkerHandle {
  readonly told: ToWorker[] = [];
  /** What it refuses. */
  refuses = new Set<string>();
  /** It takes updates but does not answer. */
  isPaused = false;
  #say: (message: FromWorker) => void = () => {};
  #end: (reason: string) => void = () => {};
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  send(message: ToWorker): void {
    this.told.push(message);
    if (message.kind === 'start') {
      const { address } = message.settings;
      const port = 'port' in address && address.port !== 0 ? address.port : this.#port;
      queueMicrotask(() => this.#say({ kind: 'listening', endpoint: `127.0.0.1:${port}` }));
    }
    if (message.kind === 'drain') queueMicrotask(() => this.die());
    if (message.kind !== 'apply' || this.isPaused) return;
    const refused = message.update.policies.filter(({ name }) => this.refuses.has(name)).map(({ name }) => ({ name, message: 'no' }));
    queueMicrotask(() => this.#say({ kind: 'applied', id: message.id, refused }));
  }

  onMessage(listener: (message: FromWorker) => void): void {
    this.#say = listener;
  }

  onEnd(listener: (reason: string) => void): void {
    this.#end = listener;
  }

  kill(): void {
    this.die();
  }

  die(): void {
    this.#end('killed');
  }

  held(): readonly string[] {
    return this.told.flatMap((message) => (message.kind === 'apply' ? message.update.policies.map(({ name }) => name) : []));
  }
}

describe('the supervisor of workers', () => {
  let workers: FakeWorker[];
  let supervisor: Supervisor;
  let restarts: number;

  beforeEach(async () => {
    vi.useFakeTimers();
    [workers, restarts] = [[], 0];
    supervisor = new Supervisor({
      workers: 2,
      settingsOf: (): WorkerSettings => ({
        kind: 'authz',
        address: { host: '127.0.0.1', port: 0 },
        reflection: false,
        subjectKey: 'k',
        dev: false,
      }),
      startWorker: () => {
        const worker = new FakeWorker(40_000 + workers.length);
        workers.push(worker);
        return worker;
      },
      logger: quietLogger(),
      nowMs: Date.now,
      random: () => 1,
      onAside: () => {},
      greeting: () => [],
      onRestart: () => {
        restarts += 1;
      },
    });
    await supervisor.start();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('an update counts when every worker holds it (authz D5, D7)', async () => {
    const [, second] = workers;
    if (second !== undefined) second.isPaused = true;
    let isDone = false;
    const done = supervisor.apply({ ...NOTHING, policies: [resource('a')] }).then(() => {
      isDone = true;
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(isDone).toBe(false);
    // One that ends instead gets it with its next start.
    second?.die();
    await done;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(workers[2]?.held()).toEqual(['a']);
  });

  it('what is refused is not given to workers that start later (authz D3)', async () => {
    for (const worker of workers) worker.refuses.add('bad');
    const { refused } = await supervisor.apply({ ...NOTHING, policies: [resource('good'), resource('bad')] });
    expect(refused).toEqual([{ name: 'bad', message: 'no' }]);
    workers[0]?.die();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(workers[2]?.held()).toEqual(['good']);
  });

  it('endpoints are those of workers that hold everything; a new worker takes the old address (authz G14)', async () => {
    const seen: number[] = [];
    supervisor.onEndpoints(() => void seen.push(supervisor.endpoints().length));
    expect(supervisor.endpoints()).toEqual(['127.0.0.1:40000', '127.0.0.1:40001']);
    workers[0]?.die();
    expect(supervisor.endpoints()).toEqual(['127.0.0.1:40001']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(supervisor.endpoints()).toEqual(['127.0.0.1:40000', '127.0.0.1:40001']);
    expect([seen, restarts]).toEqual([[1, 2], 1]);
  });

  it('pauses grow while workers keep dying, up to 10 s', async () => {
    for (let death = 0; death < 12; death += 1) {
      workers.at(-1)?.die();
      await vi.advanceTimersByTimeAsync(10_001);
    }
    expect(workers).toHaveLength(14);
    workers.at(-1)?.die();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(workers).toHaveLength(14);
    await supervisor.stop(100);
  });

  it('a stop drains and starts nobody anew', async () => {
    await supervisor.stop(10_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(workers).toHaveLength(2);
    expect(supervisor.endpoints()).toEqual([]);
  });
});
