// What a supervisor and a worker tell each other: plain data that a message port or a pipe between processes can carry. Secrets cross as text
// and are wrapped again at once.
import { Secret } from '../lib/secret.ts';
import type { LogFields, LogLevel } from '../telemetry/logger.ts';
import type { Address } from './address.ts';
import type { CompanionKind } from './companion-kind.ts';
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import type { PolicyUpdate, RefusedResource } from './policy-update.ts';
import type { RatelimitWorkerSettings } from './ratelimit-worker-settings.ts';

/** What a worker is started with. */
export interface WorkerSettings {
  readonly kind: CompanionKind;
  readonly address: Address;
  readonly reflection: boolean;
  /** Names of client certificates that may call; absent: everybody, which only this machine may be (authz G15). */
  readonly clientNames?: readonly string[];
  readonly tls?: SentTls;
  /** Keys the HMAC of `subject_hash`: the same in all workers. */
  readonly subjectKey: string;
  readonly dev: boolean;
  readonly ratelimit?: RatelimitWorkerSettings;
}

export interface SentTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string;
}

export interface SentUpdate extends Omit<PolicyUpdate, 'secrets'> {
  readonly secrets: readonly { readonly name: string; readonly text: string }[];
}

export type ToWorker =
  | { readonly kind: 'start'; readonly settings: WorkerSettings }
  | { readonly kind: 'apply'; readonly id: number; readonly update: SentUpdate }
  | { readonly kind: 'serving'; readonly isServing: boolean }
  /** For new connections. */
  | { readonly kind: 'tls'; readonly tls: SentTls }
  /** To the kind's own part in the worker. */
  | { readonly kind: 'aside'; readonly body: AsideToWorker }
  | { readonly kind: 'drain'; readonly graceMs: number };

export type FromWorker =
  | { readonly kind: 'listening'; readonly endpoint: string }
  /** It could not start and will end. */
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'applied'; readonly id: number; readonly refused: readonly RefusedResource[] }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly fields: LogFields; readonly message: string }
  /** To the kind's own part in the supervisor. */
  | { readonly kind: 'aside'; readonly body: AsideFromWorker }
  | { readonly kind: 'drained' };

export function sentUpdate({ secrets, ...update }: PolicyUpdate): SentUpdate {
  return { ...update, secrets: secrets.map(({ name, value }) => ({ name, text: value.reveal() })) };
}

export function receivedUpdate({ secrets, ...update }: SentUpdate): PolicyUpdate {
  return { ...update, secrets: secrets.map(({ name, text }) => ({ name, value: new Secret(text) })) };
}
