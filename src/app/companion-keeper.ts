// Keeps on disk where companions were and which policies were dropped lately, for the next run: a restart of the control plane must not send
// proxies to nobody (authz D6, D8). Holds no secrets.
import path from 'node:path';
import { z } from 'zod';
import type { KeptCompanion } from '../delivery/companion-book.ts';
import type { GonePolicy } from '../delivery/policy-book.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import { snapshotResource } from '../snapshot/view.ts';
import { createDocumentStore, type DocumentStore } from '../state/document.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface KeptCompanions {
  readonly companions: readonly KeptCompanion[];
  /** By gateway. */
  readonly gone: ReadonlyMap<string, readonly GonePolicy[]>;
}

export interface CompanionKeeper {
  read(): Promise<KeptCompanions>;
  /** Writes what `now` gives, a moment later. */
  soon(): void;
  /** Writes what has not been written. */
  stop(): Promise<void>;
}

export interface CompanionKeeperOptions {
  /** Absent: nothing is kept. */
  readonly directory: string | undefined;
  readonly logger: Logger;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly now: () => KeptCompanions;
}

const KEEP_AFTER_MS = 1_000;
const FORMAT = 'chancery-companions 1';

const companionSchema = z.object({
  gateway: z.string(),
  role: z.enum(['authz', 'ratelimit']),
  id: z.string(),
  endpoints: z.array(z.string()),
});
const goneSchema = z.object({ typeUrl: z.string(), name: z.string(), any: z.base64(), goneAtMs: z.number() });
const documentSchema = z.object({
  companions: z.array(companionSchema),
  gone: z.array(z.object({ gateway: z.string(), policies: z.array(goneSchema) })),
});

export function createCompanionKeeper(options: CompanionKeeperOptions): CompanionKeeper {
  const { directory, logger, after, now } = options;
  if (directory === undefined) {
    return { read: async () => ({ companions: [], gone: new Map() }), soon: () => undefined, stop: async () => undefined };
  }
  const store: DocumentStore = createDocumentStore(path.join(directory, 'companions'), FORMAT);
  let cancel: (() => void) | undefined;
  const write = async (): Promise<void> => {
    cancel = undefined;
    await store.write(writtenForm(now())).catch((error: unknown) => {
      logger.warn({ event: 'companions.unkept', err: error }, 'where companions are could not be kept for the next run');
    });
  };
  return {
    read: async () => readForm(await store.read()),
    soon: () => {
      cancel ??= after(KEEP_AFTER_MS, () => void write());
    },
    stop: async () => {
      if (cancel === undefined) return;
      cancel();
      await write();
    },
  };
}

function readForm(value: unknown): KeptCompanions {
  const { data } = documentSchema.safeParse(value);
  const gone = (data?.gone ?? []).map(({ gateway, policies }) => {
    const resources = policies.map(({ typeUrl, name, any, goneAtMs }) => ({
      resource: snapshotResource(typeUrl, name, Buffer.from(any, 'base64')),
      goneAtMs,
    }));
    return [gateway, resources] as const;
  });
  return { companions: data?.companions ?? [], gone: new Map(gone) };
}

function writtenForm({ companions, gone }: KeptCompanions): z.input<typeof documentSchema> {
  return {
    companions: companions.map(({ gateway, role, id, endpoints }) => ({ gateway, role, id, endpoints: [...endpoints] })),
    gone: [...gone].map(([gateway, policies]) => ({
      gateway,
      policies: policies
        .filter(({ resource }) => resource.typeUrl !== TYPE_URLS.Secret)
        .map(({ resource: { typeUrl, name, any }, goneAtMs }) => ({ typeUrl, name, any: any.toString('base64'), goneAtMs })),
    })),
  };
}
