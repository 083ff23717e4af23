// Keys for policies that proxies enforce themselves (authz C5, C6): the control plane fetches them and lays the finished jwt_authn filter over
// whatever snapshot a proxy should reach. A rotation compiles nothing, passes no wave and drains no connection.
import { keySetId } from '../authz/jwks/key-set-id.ts';
import type { KeyOwner } from '../authz/jwks/key-source.ts';
import type { GoodBuild } from '../build/build.ts';
import { type JwtTemplate, type JwtTemplateProvider, keyedResources } from '../compiler/filters/jwt-keys.ts';
import type { GatedRollouts } from '../delivery/gated-rollouts.ts';
import { afterMs } from '../lib/after-ms.ts';
import { takesLonger } from '../lib/takes-longer.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS, typeNameOf } from '../proto/type-urls.ts';
import { revisionOf } from '../snapshot/revision-of.ts';
import type { Snapshot } from '../snapshot/types.ts';
import { snapshotResource, withResource, withView } from '../snapshot/view.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { TargetSource } from '../xds/targets.ts';
import type { AppParts, AppSettings } from './app-parts.ts';
import type { CreateFetchedKeys, FetchedKeySet, FetchedKeys } from './fetched-keys.ts';
import { issuerKeys } from './issuer-keys.ts';
import { JwtTemplates } from './jwt-templates.ts';
import { createKeyKeeper, type KeyKeeper } from './key-keeper.ts';
import { TargetLayer } from './target-layer.ts';

export interface KeySideOptions {
  readonly state: string | undefined;
  readonly api: Pick<EnvoyApi, 'check' | 'encodeAny'>;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly createKeys: CreateFetchedKeys;
  /** What proxies of a gateway may be told to reach, and what waits. */
  readonly needed: (gateway: string) => readonly Snapshot[];
  /** Of them the last good one. */
  readonly goodOf: (gateway: string) => Snapshot | undefined;
}

export interface KeySideParts {
  readonly metrics: Metrics;
  readonly rollouts: Pick<GatedRollouts, 'needed' | 'offers'>;
  /** From 0 to 1. */
  readonly random: () => number;
}

export function createKeySide(
  settings: Pick<AppSettings, 'state'>,
  parts: Pick<AppParts, 'api' | 'logger' | 'nowMs' | 'createKeys' | 'dev'>,
  { metrics, rollouts, random }: KeySideParts,
): KeySide {
  const { api, logger, nowMs, dev = false } = parts;
  return new KeySide({
    api,
    logger,
    nowMs,
    state: settings.state,
    after: afterMs,
    createKeys: parts.createKeys ?? issuerKeys({ logger, nowMs, dev, metrics, random }),
    needed: (gateway) => rollouts.needed(gateway),
    goodOf: (gateway) => rollouts.offers(gateway).good?.snapshot,
  });
}

/** A removed key is refused within a minute (C5). */
const FRESH_MS = 60_000;
const FIRST_PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 30_000;
const TYPE = TYPE_URLS.TypedExtensionConfig;

type RemoteKeys = Extract<KeyOwner['keys'], { readonly kind: 'remote' }>;

export class KeySide {
  readonly #options: KeySideOptions;
  readonly #templates = new Map<string, JwtTemplates>();
  readonly #keeper: KeyKeeper;
  readonly #keys: FetchedKeys;
  /** Of an earlier run, until the issuer is heard. */
  readonly #kept = new Map<string, FetchedKeySet>();
  readonly #layer = new TargetLayer();
  /** Rises with every change of keys or templates. */
  #epoch = 0;
  #laid = new WeakMap<Snapshot, { readonly epoch: number; readonly snapshot: Snapshot }>();
  #cancelTimer: (() => void) | undefined;
  #watched = '';

  constructor(options: KeySideOptions) {
    this.#options = options;
    this.#keeper = createKeyKeeper(options.state, options.logger);
    this.#keys = options.createKeys(() => this.#changed());
  }

  /** Reads what an earlier run kept; before anything is prepared. */
  async start(): Promise<void> {
    const { sets, templates } = await this.#keeper.read();
    for (const [owner, set] of sets) this.#kept.set(owner, set);
    for (const [gateway, kept] of templates) this.#templates.set(gateway, new JwtTemplates(kept));
    this.#watch();
    this.#schedule();
  }

  /** To be called before the snapshot is served: asks its issuers, and waits until each was asked once, for 5 s at most. */
  async prepare(snapshot: Snapshot, good?: Pick<GoodBuild, 'jwt'>): Promise<void> {
    const { gateway } = snapshot;
    this.#prove(gateway);
    if (good?.jwt !== undefined) this.#of(gateway).follow(revisionOf(snapshot), good.jwt);
    if (!this.#templates.has(gateway)) return;
    this.#watch();
    await takesLonger(this.#keys.tried(), FIRST_PATIENCE_MS);
    this.#epoch += 1;
    void this.#keep();
  }

  /** The same targets with the keys of now. */
  above(targets: TargetSource): TargetSource {
    return this.#layer.above(targets, (base, node) => (node.companion === undefined ? this.over(base) : base));
  }

  /** The snapshot with the keys of now; the same object for equal states. */
  over(base: Snapshot): Snapshot {
    const templates = this.#templates.get(base.gateway);
    const view = base.views.get(TYPE);
    if (templates === undefined || view === undefined) return base;
    const known = this.#laid.get(base);
    if (known?.epoch === this.#epoch) return known.snapshot;
    const made = this.#made(base, templates);
    const snapshot = known?.snapshot.version === made.version ? known.snapshot : made;
    this.#laid.set(base, { epoch: this.#epoch, snapshot });
    return snapshot;
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#keys.stop();
    await this.#keep();
  }

  #made(base: Snapshot, templates: JwtTemplates): Snapshot {
    const all = templates.of(revisionOf(base));
    const providers = new Map(all.flatMap((template) => template.providers.map((each) => [each.id, each])));
    const resources = keyedResources(all, (id) => this.#textOf(providers.get(id)));
    return resources.reduce((under, { typeUrl, name, message }) => {
      const view = under.views.get(typeUrl);
      // A slot that the revision does not have is nobody's.
      if (view?.resources.has(name) !== true || this.#options.api.check(typeNameOf(typeUrl), message).length > 0) return under;
      const resource = snapshotResource(typeUrl, name, this.#options.api.encodeAny(typeNameOf(typeUrl), message));
      return withView(under, withResource(view, resource));
    }, base);
  }

  #prove(gateway: string): void {
    const good = this.#options.goodOf(gateway);
    if (good !== undefined) this.#templates.get(gateway)?.prove(revisionOf(good));
  }

  #textOf(provider: JwtTemplateProvider | undefined): string | undefined {
    const owner = provider && ownerOf(provider);
    return owner && this.#setOf(owner)?.text;
  }

  #setOf(owner: KeyOwner & { readonly keys: RemoteKeys }): FetchedKeySet | undefined {
    const fetched = this.#keys.keySetOf(owner);
    if (fetched !== undefined) return fetched;
    const kept = this.#kept.get(keySetId(owner));
    const { cacheForMs, serveStaleForMs } = owner.keys;
    return kept !== undefined && this.#options.nowMs() < kept.fetchedAtMs + cacheForMs + serveStaleForMs ? kept : undefined;
  }

  #changed(): void {
    this.#epoch += 1;
    void this.#keep();
    for (const gateway of this.#templates.keys()) this.#layer.tell(gateway);
  }

  #schedule(): void {
    this.#cancelTimer = this.#options.after(LOOK_EVERY_MS, () => {
      this.#look();
      this.#schedule();
    });
  }

  /** Names that nobody uses any more go, and kept keys past their bound. */
  #look(): void {
    const nowMs = this.#options.nowMs();
    const gone = [...this.#templates].filter(([gateway, templates]) => {
      this.#prove(gateway);
      const needed = this.#options.needed(gateway);
      // Before its files are read nothing is known to be gone.
      return needed.length > 0 && templates.look(new Set(needed.map(revisionOf)), nowMs);
    });
    const before = this.#kept.size;
    for (const owner of this.#owners().values()) if (this.#setOf(owner) === undefined) this.#kept.delete(keySetId(owner));
    if (gone.length > 0) this.#watch();
    if (gone.length > 0 || this.#kept.size < before) this.#changed();
    else void this.#keep();
  }

  #watch(): void {
    const owners = this.#owners();
    const watched = [...owners.keys()].sort().join('\n');
    if (this.#watched === watched) return;
    this.#watched = watched;
    this.#keys.watch([...owners.values()]);
  }

  #owners(): ReadonlyMap<string, KeyOwner & { readonly keys: RemoteKeys }> {
    const templates: readonly JwtTemplate[] = [...this.#templates.values()].flatMap(({ all }) => all.map(({ template }) => template));
    const owners = templates.flatMap(({ providers }) => providers.flatMap((provider) => ownerOf(provider) ?? []));
    return new Map(owners.map((owner) => [keyOf(owner), owner]));
  }

  #of(gateway: string): JwtTemplates {
    const known = this.#templates.get(gateway) ?? new JwtTemplates();
    this.#templates.set(gateway, known);
    return known;
  }

  async #keep(): Promise<void> {
    const sets = [...this.#owners().values()].flatMap((owner) => {
      const set = this.#setOf(owner);
      return set === undefined ? [] : [[keySetId(owner), set] as const];
    });
    const templates = [...this.#templates].map(([gateway, { all }]) => [gateway, all.toReversed()] as const);
    if (templates.length > 0) await this.#keeper.write({ sets, templates });
  }
}

/** Undefined where nothing is to be fetched. Fetched at least once a minute; the time for which old keys may be used stays the same (J5). */
function ownerOf({ issuer, algorithms, keys }: JwtTemplateProvider): (KeyOwner & { readonly keys: RemoteKeys }) | undefined {
  if (keys.kind === 'inline') return undefined;
  const { kind, url, cacheForMs, timeoutMs, serveStaleForMs, ca } = keys;
  const freshMs = Math.min(cacheForMs, FRESH_MS);
  const remote: RemoteKeys = {
    kind: 'remote',
    url,
    discovery: kind === 'discovery',
    cacheForMs: freshMs,
    timeoutMs,
    serveStaleForMs: serveStaleForMs + cacheForMs - freshMs,
    ca,
  };
  return { issuer, algorithms, keys: remote };
}

function keyOf(owner: KeyOwner): string {
  return JSON.stringify([owner.issuer, owner.algorithms, owner.keys]);
}
