// The kinds of companion: one line each, and what a worker of that kind does. The shell, the workers and their supervisor are the same for all.

import type { Secret } from '../lib/secret.ts';
import type { EnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AuthzFromWorker, AuthzToWorker } from './authz-messages.ts';
import type { ServedMethod, ShellReason } from './bytes-handler.ts';
import type { Shedding } from './loop-delay.ts';
import type { ApplyOutcome, PolicyUpdate } from './policy-update.ts';

export interface KindFacts {
  /** What the node says of itself to the control plane (authz D1). */
  readonly role: string;
  /** Full name of the gRPC service. */
  readonly service: string;
}

export const COMPANION_KINDS = {
  authz: { role: 'authz', service: 'envoy.service.auth.v3.Authorization' },
} as const satisfies Readonly<Record<string, KindFacts>>;

export type CompanionKind = keyof typeof COMPANION_KINDS;

/** What a kind does inside a worker. */
export interface WorkerService {
  /** By name. */
  readonly methods: Readonly<Record<string, ServedMethod>>;
  apply(update: PolicyUpdate): ApplyOutcome | Promise<ApplyOutcome>;
  /** From the kind's own part in the supervisor. */
  receive(body: AuthzToWorker): void;
  /** The shell answered a call by itself. */
  onShed(reason: ShellReason, cause?: unknown): void;
  stop(): void;
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
  readonly send: (body: AuthzFromWorker) => void;
  readonly subjectKey: Secret;
  readonly dev: boolean;
}

export type CreateWorkerService = (context: WorkerServiceContext) => WorkerService;

/** Each loads its own code only (P26). */
export async function workerServiceOf(kind: CompanionKind): Promise<CreateWorkerService> {
  switch (kind) {
    case 'authz':
      return (await import('./authz-service.ts')).createAuthzService;
  }
}
