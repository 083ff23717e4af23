// The workers of one companion: started, fed with all that is enforced, started anew with a growing pause when they end (authz G14). It knows
// neither where updates come from nor what a kind of companion does with them.
import { ChanceryError } from '../lib/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import { EMPTY_STATE, nextState, type PolicyState, wholeUpdate } from './policy-state.ts';
import type { ApplyOutcome, PolicyUpdate, RefusedResource } from './policy-update.ts';
import { SupervisedWorker, type WorkerState } from './supervised-worker.ts';
import type { StartWorker } from './worker-handle.ts';
import type { SentTls, WorkerSettings } from './worker-messages.ts';

export interface SupervisorOptions {
  /** At least 1. */
  readonly workers: number;
  /** `tls`: what replaced the certificate of the start. */
  readonly settingsOf: (index: number, tls: SentTls | undefined) => WorkerSettings;
  readonly startWorker: StartWorker;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** From the kind's own part in a worker; `answer` goes back to that one alone. */
  readonly onAside: (body: AsideFromWorker, answer: (body: AsideToWorker) => void, worker: number) => void;
  /** What the kind tells a worker that has just started, before its first update. */
  readonly greeting: () => readonly AsideToWorker[];
  /** A worker ended and another one is on its way. */
  readonly onRestart: () => void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workers: readonly SupervisedWorker[];
  readonly #listeners: (() => void)[] = [];
  #state: PolicyState = EMPTY_STATE;
  #isServing = false;
  #tls: SentTls | undefined;
  /** Updates reach all workers in one order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.workers }, (_, index) => this.#worker(index));
  }

  get state(): PolicyState {
    return this.#state;
  }

  /** Resolves when every worker listens; rejects, with none left, where one cannot. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()));
    } catch (error) {
      for (const worker of this.#workers) worker.kill();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ChanceryError('ERR_PORT_IN_USE', reason, { cause: error, remedy: 'end the other program, or choose another address' });
    }
  }

  /** Resolves when every worker that runs holds the update; one that ends meanwhile gets it with the next start. */
  apply(update: PolicyUpdate): Promise<ApplyOutcome> {
    const done = this.#last.then(() => this.#apply(update));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Endpoints of the workers that take calls now, in the order of the workers. */
  endpoints(): readonly string[] {
    return this.#workers.flatMap(({ endpoint }) => endpoint ?? []);
  }

  onEndpoints(listener: () => void): void {
    this.#listeners.push(listener);
  }

  workers(): readonly WorkerState[] {
    return this.#workers.map((worker) => worker.state());
  }

  setServing(isServing: boolean): void {
    this.#isServing = isServing;
    for (const worker of this.#workers) worker.send({ kind: 'serving', isServing });
  }

  broadcast(body: AsideToWorker): void {
    for (const worker of this.#workers) worker.send({ kind: 'aside', body });
  }

  /** To the first worker that runs. */
  sendToOne(body: AsideToWorker): void {
    this.#workers.find(({ endpoint }) => endpoint !== undefined)?.send({ kind: 'aside', body });
  }

  replaceTls(tls: SentTls): void {
    this.#tls = tls;
    for (const worker of this.#workers) worker.send({ kind: 'tls', tls });
  }

  /** Lets every worker finish what it has begun, for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop(graceMs)));
  }

  async #apply(update: PolicyUpdate): Promise<ApplyOutcome> {
    const before = this.#state;
    // At once: a worker that starts while the others are asked must have it too.
    this.#state = nextState(before, update, []);
    const answers = await Promise.all(this.#workers.map((worker) => worker.apply(update)));
    const refused = new Map(answers.flat().map((refusal): [string, RefusedResource] => [refusal.name, refusal]));
    if (refused.size > 0) this.#state = nextState(before, update, [...refused.values()]);
    return { refused: [...refused.values()] };
  }

  #worker(index: number): SupervisedWorker {
    const { settingsOf, startWorker, logger, nowMs, random, onAside, greeting, onRestart } = this.#options;
    return new SupervisedWorker(index, {
      settings: (address) => ({ ...settingsOf(index, this.#tls), ...(address === undefined ? {} : { address }) }),
      startWorker,
      logger,
      nowMs,
      random,
      firstUpdate: () => wholeUpdate(this.#state),
      isServing: () => this.#isServing,
      greeting,
      onRestart,
      onAside: (body, answer) => onAside(body, answer, index),
      onChange: () => {
        for (const listener of this.#listeners) listener();
      },
    });
  }
}
