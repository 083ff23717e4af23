// Keeps on disk the key sets that proxies were given last, and the filters that they belong to: a restart while an issuer is down must not
// end what runs (authz C5, J5). Key sets are public.
import path from 'node:path';
import { z } from 'zod';
import { createDocumentStore } from '../state/document.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FetchedKeySet } from './fetched-keys.ts';
import type { RevisionTemplate } from './jwt-templates.ts';

export interface KeptKeys {
  /** By owner, as text. */
  readonly sets: readonly (readonly [owner: string, set: FetchedKeySet])[];
  readonly templates: readonly (readonly [gateway: string, templates: readonly RevisionTemplate[]])[];
}

export interface KeyKeeper {
  read(): Promise<KeptKeys>;
  write(kept: KeptKeys): Promise<void>;
}

const FORMAT = 'chancery-keys 1';
const NOTHING: KeptKeys = { sets: [], templates: [] };
/** Written by this program and guarded by a checksum: the contents are not checked again. */
const keptSchema = z.custom<KeptKeys>((value) => typeof value === 'object' && value !== null);

export function createKeyKeeper(directory: string | undefined, logger: Logger): KeyKeeper {
  if (directory === undefined) return { read: async () => NOTHING, write: async () => undefined };
  const store = createDocumentStore(path.join(directory, 'keys'), FORMAT);
  return {
    read: async () => keptSchema.safeParse(await store.read()).data ?? NOTHING,
    write: async (kept) => {
      await store.write(kept).catch((error: unknown) => {
        logger.warn({ event: 'keys.unkept', err: error }, 'key sets could not be kept for the next run');
      });
    },
  };
}
