// The side towards the fleet as a whole: hears which proxies come and go, tells all of them how many they are, and remembers it for the next run
// (ratelimit R213). Joins the counting with streams, clock and disk.
import path from 'node:path';
import { z } from 'zod';
import { afterMs } from '../lib/after-ms.ts';
import { createDocumentStore, type DocumentStore } from '../state/document.ts';
import type { ClientNode } from '../xds/node.ts';
import type { ProgressListener } from '../xds/progress.ts';
import type { TargetSource } from '../xds/targets.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import { createFleetOverlay, type FleetOverlay } from './fleet-overlay.ts';
import { FleetSizes } from './fleet-sizes.ts';
import { TargetLayer } from './target-layer.ts';

export interface FleetSideOptions {
  readonly settings: Pick<AppSettings, 'state'>;
  readonly parts: Pick<AppParts, 'api' | 'logger' | 'nowMs'>;
  /** Calls `run` after `ms` and returns what cancels it; must keep no process alive. Default: the clock of this machine. */
  readonly after?: (ms: number, run: () => void) => () => void;
}

/** Proxies that come at once are told of at once; many of them later, for each is told of all. */
const TELL_AFTER_MS = 200;
const MS_PER_PROXY = 1;
const FORMAT = 'chancery-fleet 1';
const keptSchema = z.array(z.tuple([z.string(), z.number().int().positive()]));

export class FleetSide {
  readonly #options: FleetSideOptions;
  readonly #sizes = new FleetSizes();
  readonly #told = new Map<string, number>();
  readonly #overlay: FleetOverlay;
  readonly #store: DocumentStore | undefined;
  readonly #layer = new TargetLayer();
  #cancel: (() => void) | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #written: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: FleetSideOptions) {
    this.#options = options;
    const { parts, settings } = options;
    this.#store = settings.state === undefined ? undefined : createDocumentStore(path.join(settings.state, 'fleet'), FORMAT);
    this.#overlay = createFleetOverlay({
      api: parts.api,
      sizeOf: (gateway) => this.#sizeOf(gateway),
      onThin: (gateway, { limits, size }) =>
        parts.logger.warn(
          { event: 'fleet.thin', gateway, limits, proxies: size },
          'a limit with per: fleet has a burst below the number of proxies: none of its requests pass; raise its burst',
        ),
    });
  }

  /** Reads what an earlier run knew; before streams are answered. */
  async start(): Promise<void> {
    const { data } = keptSchema.safeParse(await this.#store?.read());
    this.#sizes.restore(new Map(data), this.#options.parts.nowMs());
    this.#schedule();
  }

  readonly progress: ProgressListener = {
    nodeConnected: (node) => {
      if (!isOfFleet(node)) return;
      this.#sizes.connected(node);
      this.#changed(node.cluster);
    },
    nodeGone: (node, atMs) => {
      if (!isOfFleet(node)) return;
      this.#sizes.gone(node, atMs);
      this.#schedule();
    },
  };

  /** The same targets with the size of now, for those that ask for it. */
  above(targets: TargetSource): TargetSource {
    return this.#layer.above(targets, (base, node) => (isOfFleet(node) ? this.#overlay.over(base) : base));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#written;
  }

  /** All proxies are told the same at the same time. */
  #sizeOf(gateway: string): number {
    const told = this.#told.get(gateway) ?? this.#sizes.size(gateway, this.#options.parts.nowMs());
    this.#told.set(gateway, told);
    return told;
  }

  #changed(gateway: string): void {
    const nowMs = this.#options.parts.nowMs();
    this.#schedule(nowMs + TELL_AFTER_MS + MS_PER_PROXY * this.#sizes.size(gateway, nowMs));
  }

  #schedule(atMs = Number.POSITIVE_INFINITY): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.parts.nowMs();
    const dueMs = Math.min(atMs, this.#sizes.nextDeadlineMs(nowMs) ?? Number.POSITIVE_INFINITY);
    if (dueMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    const { after = afterMs } = this.#options;
    this.#cancel = after(Math.max(1, dueMs - nowMs), () => this.#look());
  }

  #look(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.parts.nowMs();
    const sizes = this.#sizes.sizes(nowMs);
    let isNew = false;
    for (const gateway of new Set([...this.#told.keys(), ...sizes.keys()])) {
      const size = sizes.get(gateway);
      if (size === this.#told.get(gateway)) continue;
      isNew = true;
      if (size === undefined) this.#told.delete(gateway);
      else this.#told.set(gateway, size);
      this.#layer.tell(gateway);
    }
    if (isNew) this.#keep(sizes);
    this.#schedule();
  }

  #keep(sizes: ReadonlyMap<string, number>): void {
    const store = this.#store;
    if (store === undefined) return;
    this.#written = this.#written
      .then(() => store.write([...sizes]))
      .catch((error: unknown) =>
        this.#options.parts.logger.warn({ event: 'fleet.unkept', err: error }, 'the number of proxies could not be kept for the next run'),
      );
  }
}

function isOfFleet({ knowsFleet, companion }: ClientNode): boolean {
  return knowsFleet === true && companion === undefined;
}
