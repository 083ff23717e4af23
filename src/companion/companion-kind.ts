// The kinds of companion: one line each, and what a worker of that kind does. The shell, the workers and their supervisor are the same for all.

import type { Secret } from '../lib/secret.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ServedMethod, ShellReason } from './bytes-handler.ts';
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import type { Shedding } from './loop-delay.ts';
import type { PolicyType } from './policy-subscription.ts';
import type { ApplyOutcome, PolicyUpdate } from './policy-update.ts';
import { RATELIMIT_SERVICE } from './ratelimit-names.ts';
import type { RatelimitWorkerSettings } from './ratelimit-worker-settings.ts';
import type { StreamedService } from './stream-handler.ts';

export interface KindFacts {
  /** What the node says of itself to the control plane (authz D1). */
  readonly role: string;
  /** Full name of the gRPC service. */
  readonly service: string;
  /** What it asks the control plane for; the first is what it cannot serve without. */
  readonly types: readonly PolicyType[];
}

export const COMPANION_KINDS = {
  authz: { role: 'authz', service: 'envoy.service.auth.v3.Authorization', types: ['AuthPolicy', 'ApiKeySet', 'Secret'] },
  ratelimit: { role: 'ratelimit', service: RATELIMIT_SERVICE, types: ['RateLimitTable', 'Secret'] },
} as const satisfies Readonly<Record<string, KindFacts>>;

export type CompanionKind = keyof typeof COMPANION_KINDS;

/** What a kind does inside a worker. */
export interface WorkerService {
  /** By name. */
  readonly methods: Readonly<Record<string, ServedMethod>>;
  /** Beside them. */
  readonly streamed?: StreamedService;
  apply(update: PolicyUpdate): ApplyOutcome | Promise<ApplyOutcome>;
  /** From the kind's own part in the supervisor. */
  receive(body: AsideToWorker): void;
  /** The shell answered a call by itself. */
  onShed(reason: ShellReason, cause?: unknown): void;
  stop(): void | Promise<void>;
}

/** What a kind gets inside a worker. */
export interface WorkerServiceContext {
  readonly api: EnvoyApi;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly shedding: () => Shedding;
  /** To the kind's own part in the supervisor. */
  readonly send: (body: AsideFromWorker) => void;
  readonly subjectKey: Secret;
  readonly dev: boolean;
  /** Of the rate limiter only; absent: it is alone. */
  readonly ratelimit?: RatelimitWorkerSettings;
}

export type CreateWorkerService = (context: WorkerServiceContext) => WorkerService;

/** Each loads its own code only (P26). */
export async function workerServiceOf(kind: CompanionKind): Promise<CreateWorkerService> {
  switch (kind) {
    case 'authz':
      return (await import('./authz-service.ts')).createAuthzService;
    case 'ratelimit':
      return (await import('./ratelimit-worker.ts')).createRatelimitService;
  }
}
