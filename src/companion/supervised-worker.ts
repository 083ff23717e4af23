// One place of a supervisor: the worker that runs there now, or the pause before the next one. A new worker takes the address of the one before.
import type { Logger } from '../telemetry/logger.ts';
import type { Address } from './address.ts';
import { addressOf } from './address.ts';
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import type { PolicyUpdate, RefusedResource } from './policy-update.ts';
import type { StartWorker, WorkerHandle } from './worker-handle.ts';
import { type FromWorker, sentUpdate, type ToWorker, type WorkerSettings } from './worker-messages.ts';

export interface SupervisedWorkerOptions {
  /** `address`: where the worker before was bound. */
  readonly settings: (address: Address | undefined) => WorkerSettings;
  readonly startWorker: StartWorker;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** All that a new worker must hold. */
  readonly firstUpdate: () => PolicyUpdate;
  readonly isServing: () => boolean;
  readonly greeting: () => readonly AsideToWorker[];
  readonly onAside: (body: AsideFromWorker, answer: (body: AsideToWorker) => void) => void;
  readonly onRestart: () => void;
  /** The endpoint came or went. */
  readonly onChange: () => void;
}

export interface WorkerState {
  /** Absent while none takes calls here. */
  readonly endpoint?: string;
  readonly restarts: number;
}

/** Pauses before a new start: the first at once, doubling, jittered; short again after a worker has lived for a while. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;
const LIVED_MS = 30_000;
/** Beyond the time for draining: a worker that hangs is ended. */
const STOP_MARGIN_MS = 1_000;

interface Running {
  readonly handle: WorkerHandle;
  readonly startedMs: number;
  /** What it was asked to apply and has not answered. */
  readonly waiting: Map<number, (refused: readonly RefusedResource[]) => void>;
}

export class SupervisedWorker {
  readonly #options: SupervisedWorkerOptions;
  readonly #index: number;
  #running: Running | undefined;
  #endpoint: string | undefined;
  #address: Address | undefined;
  #restarts = 0;
  #failures = 0;
  #lastId = 0;
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;
  #starting: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  #onEnded: (() => void) | undefined;

  constructor(index: number, options: SupervisedWorkerOptions) {
    this.#index = index;
    this.#options = options;
  }

  get endpoint(): string | undefined {
    return this.#endpoint;
  }

  state(): WorkerState {
    return { restarts: this.#restarts, ...(this.#endpoint === undefined ? {} : { endpoint: this.#endpoint }) };
  }

  /** The first start; those after it are its own affair. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#run();
    });
  }

  send(message: ToWorker): void {
    this.#running?.handle.send(message);
  }

  /** Resolves with what the worker refuses; with nothing where none runs, or it ends before it answers. */
  apply(update: PolicyUpdate): Promise<readonly RefusedResource[]> {
    const running = this.#running;
    if (running === undefined) return Promise.resolve([]);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      running.waiting.set(id, resolve);
      running.handle.send({ kind: 'apply', id, update: sentUpdate(update) });
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const running = this.#running;
    if (running === undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#onEnded = resolve;
    });
    running.handle.send({ kind: 'drain', graceMs });
    const timer = setTimeout(() => running.handle.kill(), graceMs + STOP_MARGIN_MS);
    await ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#running?.handle.kill();
  }

  #run(): void {
    const { startWorker, settings, nowMs } = this.#options;
    const handle = startWorker(this.#index);
    const running: Running = { handle, startedMs: nowMs(), waiting: new Map() };
    this.#running = running;
    handle.onMessage((message) => this.#take(message, running));
    handle.onEnd((reason) => this.#onEnd(reason, running));
    handle.send({ kind: 'start', settings: settings(this.#address) });
  }

  #take(message: FromWorker, running: Running): void {
    const { logger, onAside } = this.#options;
    switch (message.kind) {
      case 'listening':
        return void this.#begin(message.endpoint, running);
      case 'applied':
        running.waiting.get(message.id)?.(message.refused);
        running.waiting.delete(message.id);
        return;
      case 'log':
        return logger[message.level]({ worker: this.#index, ...message.fields }, message.message);
      case 'aside':
        return onAside(message.body, (body) => running.handle.send({ kind: 'aside', body }));
      case 'unusable':
        return this.#refuseStart(message.message);
      case 'drained':
    }
  }

  /** It takes calls once it holds everything: an endpoint without its policies would answer that it cannot decide. */
  async #begin(endpoint: string, running: Running): Promise<void> {
    const { greeting, firstUpdate, isServing, onChange } = this.#options;
    for (const body of greeting()) running.handle.send({ kind: 'aside', body });
    await this.apply(firstUpdate());
    if (this.#running !== running) return;
    running.handle.send({ kind: 'serving', isServing: isServing() });
    this.#endpoint = endpoint;
    this.#address = addressOf(endpoint);
    this.#starting?.resolve();
    this.#starting = undefined;
    onChange();
  }

  #refuseStart(reason: string): void {
    this.#options.logger.error({ event: 'companion.worker_unusable', worker: this.#index, reason }, 'a worker cannot start');
    if (this.#starting === undefined) return;
    this.#isStopping = true;
    this.#starting.reject(new Error(reason));
  }

  #onEnd(reason: string, running: Running): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    for (const resolve of running.waiting.values()) resolve([]);
    const hadEndpoint = this.#endpoint !== undefined;
    this.#endpoint = undefined;
    this.#onEnded?.();
    if (this.#starting !== undefined) {
      this.#isStopping = true;
      this.#starting.reject(new Error(reason));
    }
    if (hadEndpoint) this.#options.onChange();
    if (!this.#isStopping) this.#startAgain(reason, running);
  }

  #startAgain(reason: string, { startedMs }: Running): void {
    const { logger, nowMs, random, onRestart } = this.#options;
    this.#failures = nowMs() - startedMs > LIVED_MS ? 1 : this.#failures + 1;
    this.#restarts += 1;
    onRestart();
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)) * (0.5 + random() / 2);
    logger.error(
      { event: 'companion.worker_ended', worker: this.#index, reason, pause_ms: Math.round(pauseMs) },
      'a worker ended: starting another',
    );
    this.#timer = setTimeout(() => this.#run(), pauseMs);
  }
}
