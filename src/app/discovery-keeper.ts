// Keeps on disk what discovery knows, for the next run (D17, D25): pushes before they are answered, because nobody else knows them; the rest
// a moment later.
import path from 'node:path';
import { z } from 'zod';
import type { Discovery } from '../discovery/discovery.ts';
import type { KeptDiscovery } from '../discovery/kept-discovery.ts';
import type { Clock } from '../discovery/ports.ts';
import { createDocumentStore, type DocumentStore } from '../state/document.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface DiscoveryKeeper {
  /** What an earlier run kept. */
  read(): Promise<KeptDiscovery>;
  /** Writes all but the pushes. Changes of endpoints do that by themselves, a moment later. */
  write(): void;
  /** Resolves when the pushes of now are on the disk, or the disk has had its time. */
  writePushes(): Promise<void>;
  /** Writes what has not been written. */
  stop(): Promise<void>;
}

export interface DiscoveryKeeperOptions {
  /** Absent: nothing is kept. */
  readonly directory: string | undefined;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
}

const KEEP_AFTER_MS = 1_000;
/** A disk that hangs must not hold up who pushes. */
const PATIENCE_MS = 2_000;
/** Written by this program and guarded by a checksum: the contents are not checked again. */
const FORMAT = 'chancery-discovery 1';

type Known = Omit<KeptDiscovery, 'pushes'>;
type Pushes = Pick<KeptDiscovery, 'pushes'>;

const knownSchema = z.custom<Known>((value) => typeof value === 'object' && value !== null);
const pushesSchema = z.custom<Pushes>((value) => typeof value === 'object' && value !== null);

const NOTHING: Known = { names: [], lists: [], revisions: [] };

export function createDiscoveryKeeper(discovery: Discovery, options: DiscoveryKeeperOptions): DiscoveryKeeper {
  const { directory } = options;
  if (directory === undefined) {
    return {
      read: async () => ({ ...NOTHING, pushes: [] }),
      write: () => undefined,
      writePushes: async () => undefined,
      stop: async () => undefined,
    };
  }
  return new Keeper(discovery, directory, options);
}

class Keeper implements DiscoveryKeeper {
  readonly #discovery: Discovery;
  readonly #options: DiscoveryKeeperOptions;
  readonly #known: DocumentStore;
  readonly #pushes: DocumentStore;
  readonly #unsubscribe: () => void;
  #cancel: (() => void) | undefined;

  constructor(discovery: Discovery, directory: string, options: DiscoveryKeeperOptions) {
    this.#discovery = discovery;
    this.#options = options;
    this.#known = createDocumentStore(path.join(directory, 'discovery'), FORMAT);
    this.#pushes = createDocumentStore(path.join(directory, 'pushes'), FORMAT);
    this.#unsubscribe = discovery.subscribe(() => this.#soon());
  }

  async read(): Promise<KeptDiscovery> {
    const known = knownSchema.safeParse(await this.#known.read()).data ?? NOTHING;
    const { pushes } = pushesSchema.safeParse(await this.#pushes.read()).data ?? { pushes: [] };
    return { ...known, pushes };
  }

  write(): void {
    this.#cancel?.();
    void this.#writeKnown();
  }

  #soon(): void {
    this.#cancel ??= this.#options.clock.after(KEEP_AFTER_MS, () => void this.#writeKnown());
  }

  async writePushes(): Promise<void> {
    const pushes: Pushes = { pushes: this.#discovery.pushes.all() };
    let cancel = (): void => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(PATIENCE_MS, resolve);
    });
    await Promise.race([this.#write(this.#pushes, pushes), patience]);
    cancel();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    if (this.#cancel === undefined) return;
    this.#cancel();
    await this.#writeKnown();
  }

  #writeKnown(): Promise<void> {
    this.#cancel = undefined;
    const { pushes: _pushes, ...known } = this.#discovery.keep();
    return this.#write(this.#known, known);
  }

  async #write(store: DocumentStore, value: object): Promise<void> {
    await store.write(value).catch((error: unknown) => {
      this.#options.logger.warn({ event: 'discovery.unkept', err: error }, 'endpoints could not be kept for the next run');
    });
  }
}
