// Policies and key sets of one gateway on disk, for a restart without a control plane (authz D8). Secrets are never written. A file that was
// changed, cut or made by another format is passed over: the companion then waits for its control plane.
import { createHash } from 'node:crypto';
import type { Logger } from '../telemetry/logger.ts';
import { type HeldVersions, NOTHING_HELD, type PolicyResponse, type PolicyType } from './policy-subscription.ts';
import type { PolicyUpdate, RefusedResource } from './policy-update.ts';

/** One file. Writing replaces it whole, readable by its owner only. */
export interface StateFile {
  /** Undefined where there is none. */
  read(): Promise<Buffer | undefined>;
  write(bytes: Buffer): Promise<void>;
}

export interface RestoredPolicies {
  readonly update: PolicyUpdate;
  readonly held: HeldVersions;
}

type KeptType = Exclude<PolicyType, 'Secret'>;

interface KeptResource {
  readonly type: KeptType;
  readonly name: string;
  readonly version: string;
  /** Base64. */
  readonly bytes: string;
}

const FORMAT = 1;

export class KeptPolicies {
  readonly #file: StateFile;
  readonly #gateway: string;
  readonly #logger: Logger;
  #resources: ReadonlyMap<string, KeptResource> = new Map();
  /** Writes follow each other: a stream and the one that replaces it may both bring something. */
  #written: Promise<void> = Promise.resolve();

  constructor(file: StateFile, gateway: string, logger: Logger) {
    this.#file = file;
    this.#gateway = gateway;
    this.#logger = logger;
  }

  async read(): Promise<RestoredPolicies | undefined> {
    const resources = await this.#readResources();
    if (resources === undefined) return undefined;
    this.#resources = new Map(resources.map((resource) => [keyOf(resource), resource]));
    const of = (type: KeptType): readonly KeptResource[] => resources.filter((resource) => resource.type === type);
    const versions = (type: KeptType): ReadonlyMap<string, string> => new Map(of(type).map(({ name, version }) => [name, version]));
    const named = (type: KeptType): PolicyUpdate['policies'] =>
      of(type).map(({ name, bytes }) => ({ name, bytes: Buffer.from(bytes, 'base64') }));
    return {
      update: {
        policies: named('AuthPolicy'),
        apiKeys: named('ApiKeySet'),
        tables: named('RateLimitTable'),
        secrets: [],
        removed: [],
      },
      held: {
        ...NOTHING_HELD,
        AuthPolicy: versions('AuthPolicy'),
        ApiKeySet: versions('ApiKeySet'),
        RateLimitTable: versions('RateLimitTable'),
      },
    };
  }

  /** Resolves when it is on the disk. */
  async keep({ type, update, versions, removed }: PolicyResponse, refused: readonly RefusedResource[]): Promise<void> {
    if (type === 'Secret') return;
    const isRefused = new Set(refused.map(({ name }) => name));
    const next = new Map(this.#resources);
    for (const name of removed) next.delete(keyOf({ type, name }));
    for (const { name, bytes } of [...update.policies, ...update.apiKeys, ...(update.tables ?? [])]) {
      if (isRefused.has(name)) continue;
      const kept = { type, name, version: versions.get(name) ?? '', bytes: Buffer.from(bytes).toString('base64') };
      next.set(keyOf(kept), kept);
    }
    this.#resources = next;
    const written = this.#written.then(() => this.#write());
    this.#written = written.catch(() => {});
    await written;
  }

  /** What is kept by then. */
  #write(): Promise<void> {
    const resources = [...this.#resources.values()];
    return this.#file.write(Buffer.from(JSON.stringify({ format: FORMAT, gateway: this.#gateway, sha256: hashOf(resources), resources })));
  }

  async #readResources(): Promise<readonly KeptResource[] | undefined> {
    try {
      const bytes = await this.#file.read();
      if (bytes === undefined) return undefined;
      const document: unknown = JSON.parse(bytes.toString('utf8'));
      const resources = resourcesOf(document, this.#gateway);
      if (resources !== undefined) return resources;
      throw new Error('it is not what was written');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error({ event: 'companion.state_unusable', gateway: this.#gateway, reason }, 'the kept policies are passed over');
      return undefined;
    }
  }
}

function resourcesOf(document: unknown, gateway: string): readonly KeptResource[] | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  if (!('format' in document && 'gateway' in document && 'sha256' in document && 'resources' in document)) return undefined;
  const { format, gateway: owner, sha256, resources } = document;
  if (format !== FORMAT || owner !== gateway || !Array.isArray(resources) || !resources.every(isKept)) return undefined;
  return hashOf(resources) === sha256 ? resources : undefined;
}

function isKept(value: unknown): value is KeptResource {
  if (typeof value !== 'object' || value === null || !('type' in value && 'name' in value && 'version' in value && 'bytes' in value))
    return false;
  const { type, name, version, bytes } = value;
  return (
    (type === 'AuthPolicy' || type === 'ApiKeySet' || type === 'RateLimitTable') &&
    [name, version, bytes].every((text) => typeof text === 'string')
  );
}

function hashOf(resources: readonly KeptResource[]): string {
  const parts = resources.map(({ type, name, version, bytes }) => [type, name, version, bytes]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function keyOf({ type, name }: Pick<KeptResource, 'type' | 'name'>): string {
  return `${type} ${name}`;
}
