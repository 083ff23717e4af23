// A companion: workers under a supervisor, what they enforce, and whether they serve. The same for `up`, `serve` and the companion's own command;
// where updates come from is the caller's affair.

import type { LimitAnswer, LimitQuestion } from '../ratelimit/limit-question.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Address, workerAddress } from './address.ts';
import { AuthzSupervision, type AuthzSupervisionPorts } from './authz-supervision.ts';
import type { CompanionKind } from './companion-kind.ts';
import type { AsideToWorker } from './companion-messages.ts';
import type { ProviderStatus } from './key-feed.ts';
import type { ApplyOutcome, PolicyUpdate } from './policy-update.ts';
import type { RatelimitWorkerStatus } from './ratelimit-messages.ts';
import { RatelimitSupervision } from './ratelimit-supervision.ts';
import { DEFAULT_NEAR_RATIO, type RatelimitWorkerSettings } from './ratelimit-worker-settings.ts';
import type { WorkerState } from './supervised-worker.ts';
import type { Supervision } from './supervision.ts';
import { Supervisor } from './supervisor.ts';
import type { SystemPorts } from './system-ports.ts';
import type { StartWorker } from './worker-handle.ts';
import type { SentTls, WorkerSettings } from './worker-messages.ts';

export interface CompanionSettings {
  readonly kind: CompanionKind;
  /** Of the first worker. */
  readonly address: Address;
  readonly workers: number;
  readonly reflection: boolean;
  /** Development: issuers on loopback and without TLS are allowed (J1, J2). */
  readonly dev: boolean;
  /** Of the rate limiter only. */
  readonly ratelimit?: Omit<RatelimitWorkerSettings, 'workers' | 'worker'>;
  /** mTLS with the names of those that may call; absent: plain text, for local addresses only (authz G15). */
  readonly security?: { readonly tls: SentTls; readonly clientNames: readonly string[] };
}

export interface CompanionPorts extends SystemPorts {
  /** Authz cannot do without. */
  readonly createKeyFeed?: AuthzSupervisionPorts['createKeyFeed'];
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly startWorker: StartWorker;
}

export interface CompanionStatus {
  readonly isServing: boolean;
  readonly workers: readonly WorkerState[];
  readonly policies: number;
  readonly providers: readonly ProviderStatus[];
  /** Of the rate limiter: gateways whose limits are in force, those that wait, and the state of the stores. */
  readonly limits?: { readonly gateways: RatelimitWorkerStatus['gateways']; readonly waiting: RatelimitWorkerStatus['waiting'] };
}

export interface Companion {
  /** Resolves when every worker holds the update. */
  apply(update: PolicyUpdate): Promise<ApplyOutcome>;
  /** The first set of policies is there: serve as soon as each issuer's keys were tried (authz G13). */
  complete(): void;
  endpoints(): readonly string[];
  onEndpoints(listener: () => void): void;
  replaceTls(tls: SentTls): void;
  status(): CompanionStatus;
  /** Of the rate limiter; others refuse. Never rejects. */
  askLimits(question: LimitQuestion): Promise<LimitAnswer>;
  /** NOT_SERVING, then ends when nobody calls any more, after 10 s at the latest (authz G13). */
  stop(): Promise<void>;
}

const DRAIN_MS = 10_000;

/** Resolves when all workers listen. Rejects with ERR_PORT_IN_USE. */
export async function createCompanion(settings: CompanionSettings, ports: CompanionPorts): Promise<Companion> {
  const { kind } = settings;
  const { metrics } = ports;
  const supervision = supervisionOf(kind, ports, () => supervisor);
  const supervisor = new Supervisor({
    ...ports,
    workers: settings.workers,
    settingsOf: settingsOf(settings, ports.secretText()),
    onAside: (body, answer, worker) => supervision.receive(body, answer, worker),
    greeting: () => supervision.greeting(),
    onRestart: () => metrics.increment('chancery_companion_worker_restarts_total', { kind }),
  });
  supervisor.onEndpoints(() => metrics.set('chancery_companion_workers', { kind }, supervisor.endpoints().length));
  metrics.beforeRead(() => supervision.refreshGauges());
  await supervisor.start();
  return new RunningCompanion(supervisor, supervision, (now) => metrics.set('chancery_companion_serving', { kind }, now ? 1 : 0));
}

class RunningCompanion implements Companion {
  readonly #supervisor: Supervisor;
  readonly #supervision: Supervision;
  readonly #onServing: (now: boolean) => void;
  #isServing = false;
  #isStopping = false;

  constructor(supervisor: Supervisor, supervision: Supervision, onServing: (now: boolean) => void) {
    this.#supervisor = supervisor;
    this.#supervision = supervision;
    this.#onServing = onServing;
    onServing(false);
  }

  apply(update: PolicyUpdate): Promise<ApplyOutcome> {
    return this.#supervisor.apply(update);
  }

  complete(): void {
    if (this.#isServing || this.#isStopping) return;
    void this.#supervision.tried().then(() => {
      if (!this.#isStopping) this.#setServing(true);
    });
  }

  endpoints(): readonly string[] {
    return this.#supervisor.endpoints();
  }

  onEndpoints(listener: () => void): void {
    this.#supervisor.onEndpoints(listener);
  }

  replaceTls(tls: SentTls): void {
    this.#supervisor.replaceTls(tls);
  }

  status(): CompanionStatus {
    const limits = this.#supervision.limits?.();
    return {
      // A store that must not count, or cannot yet, is no readiness; its limits still answer by their onStoreFailure (R409, R410).
      isServing: this.#isServing && (limits ?? []).every(isReady),
      workers: this.#supervisor.workers(),
      policies: this.#supervisor.state.policies.size + this.#supervisor.state.tables.size,
      providers: this.#supervision.providers(),
      ...(limits === undefined ? {} : { limits: worst(limits) }),
    };
  }

  async askLimits(question: LimitQuestion): Promise<LimitAnswer> {
    if (this.#supervision instanceof RatelimitSupervision) return this.#supervision.ask(question);
    return { kind: 'refused', status: 404, reason: 'this companion serves no limits' };
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#setServing(false);
    await this.#supervisor.stop(DRAIN_MS);
    this.#supervision.stop();
  }

  #setServing(now: boolean): void {
    if (now === this.#isServing) return;
    this.#isServing = now;
    this.#onServing(now);
    this.#supervisor.setServing(now);
  }
}

function supervisionOf(kind: CompanionKind, ports: CompanionPorts, supervisor: () => Supervisor): Supervision {
  const { metrics, createKeyFeed } = ports;
  const broadcast = (body: AsideToWorker): void => supervisor().broadcast(body);
  if (kind === 'ratelimit') {
    const workers = (): number => supervisor().endpoints().length;
    return new RatelimitSupervision({ metrics, broadcast, workers, sendToOne: (body) => supervisor().sendToOne(body) });
  }
  if (createKeyFeed === undefined) throw new Error('an authz companion was given no source of keys');
  return new AuthzSupervision({ metrics, broadcast, createKeyFeed });
}

function isReady({ gateways, waiting }: RatelimitWorkerStatus): boolean {
  return waiting.length === 0 && gateways.every(({ readiness }) => readiness.isReady);
}

/** Of workers that differ the one that lacks something. */
function worst(limits: readonly RatelimitWorkerStatus[]): RatelimitWorkerStatus {
  return limits.find((status) => !isReady(status)) ?? limits[0] ?? { gateways: [], waiting: [] };
}

/** A worker that starts later gets the certificate of then. */
function settingsOf(
  { kind, address, workers, reflection, dev, security, ratelimit }: CompanionSettings,
  subjectKey: string,
): (index: number, tls: SentTls | undefined) => WorkerSettings {
  return (index, tls) => ({
    kind,
    address: workerAddress(address, index),
    reflection,
    dev,
    subjectKey,
    ...(kind === 'ratelimit' ? { ratelimit: { nearRatio: DEFAULT_NEAR_RATIO, ...ratelimit, workers, worker: index } } : {}),
    ...(security === undefined ? {} : { tls: tls ?? security.tls, clientNames: security.clientNames }),
  });
}
