// Builds in a thread of their own (P8): asks it, puts snapshots together from what it sends, and starts it anew when it ends. The memos are
// in the thread; here is only the last snapshot of each file, whose unchanged resources stay the same objects.

import type { SourceTexts } from '../delivery/revision-store.ts';
import type { AskedRequest } from '../explain/explained.ts';
import { unpackSnapshot } from '../snapshot/parcel.ts';
import type { Snapshot, TypeUrl } from '../snapshot/types.ts';
import type { Build, Builder, BuildName, Builds, ExplainOutcome } from './build.ts';
import type { BuildAnswer, BuildRequest, BuildThread, SentBuild } from './build-messages.ts';
import type { BuildRefusal } from './build-refusal.ts';
import { type HeldServices, unpackDiscovery } from './discovery-parcel.ts';

export interface ThreadedBuildsOptions {
  /** Starts the thread: at the first build, and again when it has ended. */
  readonly start: () => BuildThread;
  /** Told of each end of the thread after which it was started anew. */
  readonly onFault: (error: unknown) => void;
}

/** Whom to tell, without the id, which is given when it is sent. */
type Question = BuildRequest extends infer Each ? (Each extends BuildRequest ? Omit<Each, 'id'> : never) : never;

interface Waiting {
  readonly question: Question;
  readonly resolve: (answer: BuildAnswer) => void;
  readonly reject: (error: unknown) => void;
}

interface Running {
  readonly thread: BuildThread;
  readonly waiting: Map<number, Waiting>;
  /** Good builds that this thread made: it knows no others. */
  readonly builds: WeakSet<BuildName>;
}

export function createThreadedBuilds(options: ThreadedBuildsOptions): Builds {
  const connection = new BuildConnection(options);
  return { builderOf: (file) => new ThreadedBuilder(connection, file), stop: () => connection.stop() };
}

class BuildConnection {
  readonly #options: ThreadedBuildsOptions;
  #running: Running | undefined;
  #lastId = 0;
  #isStopped = false;

  constructor(options: ThreadedBuildsOptions) {
    this.#options = options;
  }

  /** The thread of now, started if there is none. */
  running(): Running {
    if (this.#isStopped) throw new Error('the builds are stopped');
    this.#running ??= this.#start();
    return this.#running;
  }

  /** Rejects when the thread ends before it has answered, or fails at it. */
  async ask({ thread, waiting }: Running, question: Question): Promise<BuildAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = await new Promise<BuildAnswer>((resolve, reject) => {
      waiting.set(id, { question, resolve, reject });
      thread.postMessage({ ...question, id });
    });
    if (answer.kind === 'failed') throw answer.error;
    return answer;
  }

  isRunning(running: Running): boolean {
    return this.#running === running;
  }

  onFault(error: unknown): void {
    this.#options.onFault(error);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = this.#running;
    if (running === undefined) return;
    this.#end(running, new Error('the builds are stopped'));
    await running.thread.terminate();
  }

  #start(): Running {
    const running: Running = { thread: this.#options.start(), waiting: new Map(), builds: new WeakSet() };
    running.thread.on('message', (answer) => {
      const asked = running.waiting.get(answer.id);
      running.waiting.delete(answer.id);
      asked?.resolve(answer);
    });
    running.thread.on('error', (error) => this.#end(running, error));
    running.thread.on('exit', (code) => this.#end(running, new Error(`the build thread ended with exit code ${code}`)));
    return running;
  }

  #end(running: Running, error: unknown): void {
    if (this.#running === running) this.#running = undefined;
    for (const { reject } of running.waiting.values()) reject(error);
    running.waiting.clear();
  }
}

class ThreadedBuilder implements Builder {
  readonly #connection: BuildConnection;
  readonly #file: string;
  #held: Snapshot | undefined;
  #services: HeldServices | undefined;

  constructor(connection: BuildConnection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  /** Once more in a new thread where the first one ended: what the user wrote is not at fault for that, or it will end again. */
  async build(since?: BuildName): Promise<Build> {
    const running = this.#connection.running();
    try {
      return await this.#buildIn(running, since);
    } catch (error) {
      if (this.#connection.isRunning(running)) throw error;
      const next = this.#connection.running();
      this.#connection.onFault(error);
      return await this.#buildIn(next, since);
    }
  }

  async refuse(good: BuildName, refusal: BuildRefusal): Promise<Build> {
    const question = { kind: 'refuse', file: this.#file, build: good.id, refusal } as const;
    return this.#built(this.#connection.running(), question);
  }

  async textsOf(files: readonly string[]): Promise<SourceTexts | undefined> {
    const answer = await this.#connection.ask(this.#connection.running(), { kind: 'texts', file: this.#file, files });
    return answer.kind === 'texts' ? answer.texts : undefined;
  }

  async placeOf(good: BuildName, typeUrl: TypeUrl, name: string): Promise<string | undefined> {
    const running = this.#connection.running();
    if (!running.builds.has(good)) return undefined;
    const answer = await this.#connection.ask(running, { kind: 'place', file: this.#file, build: good.id, typeUrl, name });
    return answer.kind === 'place' ? answer.place : undefined;
  }

  async explain(good: BuildName, asked: AskedRequest): Promise<ExplainOutcome | undefined> {
    const running = this.#connection.running();
    if (!running.builds.has(good)) return undefined;
    const answer = await this.#connection.ask(running, { kind: 'explain', file: this.#file, build: good.id, asked });
    return answer.kind === 'explain' ? answer.outcome : undefined;
  }

  #buildIn(running: Running, since: BuildName | undefined): Promise<Build> {
    const known = since !== undefined && running.builds.has(since) ? { since: since.id } : {};
    return this.#built(running, { kind: 'build', file: this.#file, ...known });
  }

  async #built(running: Running, question: Question): Promise<Build> {
    const answer = await this.#connection.ask(running, question);
    if (answer.kind !== 'built') throw new Error(`the build thread answered ${answer.kind} to ${question.kind}`);
    try {
      return await this.#received(running, answer.build);
    } catch (error) {
      // The two sides no longer hold the same: only a new thread sends everything again.
      await running.thread.terminate();
      throw error;
    }
  }

  async #received(running: Running, { good, ...build }: SentBuild): Promise<Build> {
    if (good === undefined) return build;
    const { parcel, discoveryParcel, ...rest } = good;
    this.#held = await unpackSnapshot(parcel, this.#held, nextTurn);
    this.#services = unpackDiscovery(this.#services, discoveryParcel);
    const received = { ...rest, snapshot: this.#held, discovery: [...this.#services.values()] };
    running.builds.add(received);
    return { ...build, good: received };
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
