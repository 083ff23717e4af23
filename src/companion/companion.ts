// A companion: workers under a supervisor, what they enforce, and whether they serve. The same for `up`, `serve` and the companion's own command;
// where updates come from is the caller's affair.
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type Address, workerAddress } from './address.ts';
import { AuthzSupervision, type AuthzSupervisionPorts } from './authz-supervision.ts';
import type { CompanionKind } from './companion-kind.ts';
import type { ProviderStatus } from './key-feed.ts';
import type { ApplyOutcome, PolicyUpdate } from './policy-update.ts';
import type { WorkerState } from './supervised-worker.ts';
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
  /** mTLS with the names of those that may call; absent: plain text, for local addresses only (authz G15). */
  readonly security?: { readonly tls: SentTls; readonly clientNames: readonly string[] };
}

export interface CompanionPorts extends SystemPorts, Pick<AuthzSupervisionPorts, 'createKeyFeed'> {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly startWorker: StartWorker;
}

export interface CompanionStatus {
  readonly isServing: boolean;
  readonly workers: readonly WorkerState[];
  readonly policies: number;
  readonly providers: readonly ProviderStatus[];
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
  /** NOT_SERVING, then ends when nobody calls any more, after 10 s at the latest (authz G13). */
  stop(): Promise<void>;
}

const DRAIN_MS = 10_000;

/** Resolves when all workers listen. Rejects with ERR_PORT_IN_USE. */
export async function createCompanion(settings: CompanionSettings, ports: CompanionPorts): Promise<Companion> {
  const { kind } = settings;
  const { metrics } = ports;
  const supervision = new AuthzSupervision({ ...ports, broadcast: (body) => supervisor.broadcast(body) });
  const supervisor = new Supervisor({
    ...ports,
    workers: settings.workers,
    settingsOf: settingsOf(settings, ports.secretText()),
    onAside: (body, answer) => supervision.receive(body, answer),
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
  readonly #supervision: AuthzSupervision;
  readonly #onServing: (now: boolean) => void;
  #isServing = false;
  #isStopping = false;

  constructor(supervisor: Supervisor, supervision: AuthzSupervision, onServing: (now: boolean) => void) {
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
    return {
      isServing: this.#isServing,
      workers: this.#supervisor.workers(),
      policies: this.#supervisor.state.policies.size,
      providers: this.#supervision.providers(),
    };
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

/** A worker that starts later gets the certificate of then. */
function settingsOf(
  { kind, address, reflection, dev, security }: CompanionSettings,
  subjectKey: string,
): (index: number, tls: SentTls | undefined) => WorkerSettings {
  return (index, tls) => ({
    kind,
    address: workerAddress(address, index),
    reflection,
    dev,
    subjectKey,
    ...(security === undefined ? {} : { tls: tls ?? security.tls, clientNames: security.clientNames }),
  });
}
