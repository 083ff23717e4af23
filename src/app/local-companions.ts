// A companion in this process: its workers start when a gateway first has something for it, and are told what changes of all
// gateways. Decides nothing about proxies: it tells where the workers are and what they hold.
import type { InProcessCompanion } from '../companion/in-process.ts';
import type { NamedBytes, NamedSecret, PolicyUpdate } from '../companion/policy-update.ts';
import { neededOf, servedNames } from '../delivery/policy-needs.ts';
import { Secret } from '../lib/secret.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot, SnapshotResource } from '../snapshot/types.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';

export interface LocalCompanionsOptions {
  readonly role: CompanionRole;
  readonly start: () => Promise<Pick<InProcessCompanion, 'apply' | 'endpoints' | 'onEndpoints' | 'stop'>>;
  readonly api: Pick<EnvoyApi, 'decode'>;
  readonly logger: Logger;
  readonly after: (ms: number, run: () => void) => () => void;
  /** The workers of now. */
  readonly onEndpoints: (endpoints: readonly string[]) => void;
  /** What all workers have of a gateway. */
  readonly onAnswer: (gateway: string, answer: LocalAnswer) => void;
}

export interface LocalAnswer {
  readonly held: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, string>;
}

type Authz = Awaited<ReturnType<LocalCompanionsOptions['start']>>;

/** A port that is taken may be free soon. */
const RETRY_MS = 5_000;

export class LocalCompanions {
  readonly #options: LocalCompanionsOptions;
  /** What the workers were last told, by gateway and name. */
  readonly #told = new Map<string, ReadonlyMap<string, SnapshotResource>>();
  /** What they are to be told. */
  readonly #wanted = new Map<string, Snapshot>();
  readonly #refused = new Map<string, string>();
  #starting: Promise<void> | undefined;
  #authz: Authz | undefined;
  #feeding: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;

  constructor(options: LocalCompanionsOptions) {
    this.#options = options;
  }

  /** Resolves when the workers listen, or cannot. */
  begin(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** What companions of the gateway are to have; resolves when they do, or cannot. Without any policy, workers that do not run stay away. */
  async feed(gateway: string, snapshot: Snapshot): Promise<void> {
    if (this.#wanted.get(gateway) === snapshot) return this.#feeding;
    this.#wanted.set(gateway, snapshot);
    const isNeeded = servedNames(snapshot, this.#options.role).length > 0;
    if (this.#authz === undefined && !isNeeded) return;
    await this.begin();
    await this.#feed();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRetry?.();
    await this.#starting;
    await this.#authz?.stop();
  }

  async #start(): Promise<void> {
    try {
      const authz = await this.#options.start();
      this.#authz = authz;
      const tell = (): void => this.#options.onEndpoints(authz.endpoints());
      authz.onEndpoints(tell);
      tell();
      this.#options.logger.info(
        { event: 'companion.started', endpoints: authz.endpoints() },
        `the ${this.#options.role} companion of this process serves`,
      );
    } catch (error) {
      this.#options.logger.error(
        { event: 'companion.failed', err: error },
        `the ${this.#options.role} companion of this process could not start`,
      );
      this.#starting = undefined;
      if (!this.#isStopped) this.#cancelRetry = this.#options.after(RETRY_MS, () => void this.begin().then(() => this.#feed()));
    }
  }

  /** One update at a time: the workers must see them in order. */
  async #feed(): Promise<void> {
    if (this.#authz === undefined || this.#isStopped) return;
    if (this.#feeding !== undefined) return this.#feeding;
    this.#feeding = this.#feedAll(this.#authz).finally(() => {
      this.#feeding = undefined;
    });
    await this.#feeding;
  }

  async #feedAll(authz: Authz): Promise<void> {
    for (let next = this.#nextUntold(); next !== undefined; next = this.#nextUntold()) {
      const [gateway, snapshot] = next;
      const resources = resourcesOf(snapshot);
      const update = updateOf(gateway, this.#told.get(gateway) ?? new Map(), { resources, api: this.#options.api });
      this.#told.set(gateway, resources);
      try {
        const { refused } = await authz.apply(update);
        this.#note(update, refused);
        this.#options.onAnswer(gateway, this.#answerOf(snapshot));
      } catch (error) {
        this.#options.logger.error(
          { event: 'companion.unfed', err: error },
          `the ${this.#options.role} companion of this process took nothing`,
        );
      }
    }
  }

  #nextUntold(): readonly [string, Snapshot] | undefined {
    return [...this.#wanted].find(([gateway, snapshot]) => {
      const told = this.#told.get(gateway);
      const wanted = resourcesOf(snapshot);
      return told === undefined || told.size !== wanted.size || [...wanted].some(([key, resource]) => told.get(key) !== resource);
    });
  }

  #note({ policies, tables = [], removed }: PolicyUpdate, refused: readonly { readonly name: string; readonly message: string }[]): void {
    for (const name of [...removed, ...policies.map((policy) => policy.name), ...tables.map((table) => table.name)])
      this.#refused.delete(name);
    for (const { name, message } of refused) this.#refused.set(name, message);
  }

  #answerOf(snapshot: Snapshot): LocalAnswer {
    const { role } = this.#options;
    const refused = new Map<string, string>();
    const held = new Set<string>();
    for (const [at, needed] of neededOf(snapshot, role).entries()) {
      const name = servedNames(snapshot, role)[at] ?? needed;
      const refusal = this.#refused.get(name);
      if (refusal === undefined) held.add(needed).add(name);
      else refused.set(needed, refusal);
    }
    return { held, refused };
  }
}

const byKey = new WeakMap<Snapshot, ReadonlyMap<string, SnapshotResource>>();

function resourcesOf(snapshot: Snapshot): ReadonlyMap<string, SnapshotResource> {
  const known = byKey.get(snapshot);
  if (known !== undefined) return known;
  const all = [...snapshot.views.values()].flatMap(({ typeUrl, resources }) =>
    [...resources.values()].map((resource) => [`${typeUrl}\0${resource.name}`, resource] as const),
  );
  const map = new Map(all);
  byKey.set(snapshot, map);
  return map;
}

interface Wanted {
  readonly resources: ReadonlyMap<string, SnapshotResource>;
  readonly api: Pick<EnvoyApi, 'decode'>;
}

function updateOf(gateway: string, told: ReadonlyMap<string, SnapshotResource>, { resources, api }: Wanted): PolicyUpdate {
  const fresh = [...resources].filter(([key, { version }]) => told.get(key)?.version !== version).map(([, resource]) => resource);
  const gone = [...told].filter(([key]) => !resources.has(key)).map(([, resource]) => resource);
  const bytesOf = (typeUrl: string): readonly NamedBytes[] =>
    fresh.filter((each) => each.typeUrl === typeUrl).map((each) => ({ name: each.name, bytes: messageOf(each, api) }));
  return {
    policies: bytesOf(TYPE_URLS.AuthPolicy),
    apiKeys: bytesOf(TYPE_URLS.ApiKeySet),
    tables: bytesOf(TYPE_URLS.RateLimitTable),
    secrets: fresh.flatMap((each) => (each.typeUrl === TYPE_URLS.Secret ? secretOf(gateway, each, api) : [])),
    removed: gone.map((each) => (each.typeUrl === TYPE_URLS.Secret ? secretName(gateway, each) : each.name)),
  };
}

function secretName(gateway: string, { name }: SnapshotResource): string {
  return `${gateway}/${name}`;
}

function secretOf(gateway: string, resource: SnapshotResource, api: Pick<EnvoyApi, 'decode'>): readonly NamedSecret[] {
  const message = api.decode('envoy.extensions.transport_sockets.tls.v3.Secret', messageOf(resource, api));
  const { inline_string: text, inline_bytes: bytes } = message.generic_secret?.secret ?? {};
  const value = text ?? (bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8'));
  return value === undefined ? [] : [{ name: secretName(gateway, resource), value: new Secret(value) }];
}

/** What the Any holds. */
function messageOf({ any }: SnapshotResource, api: Pick<EnvoyApi, 'decode'>): Buffer {
  return Buffer.from(api.decode('google.protobuf.Any', any).value ?? '');
}
