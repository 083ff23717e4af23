// The policies of one gateway from its control plane, for as long as the companion lives: connects, connects again with what it holds, keeps
// what it needs for a restart without a control plane (authz D8). Losing the control plane takes nothing away.
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { EnvoyApi } from '../proto/api.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { KeptPolicies } from './kept-policies.ts';
import { openPolicyStream, type PolicyStream } from './policy-stream.ts';
import { type HeldVersions, heldAfter, NOTHING_HELD, type PolicyResponse, type PolicyType } from './policy-subscription.ts';
import type { ApplyOutcome, PolicyUpdate, RefusedResource } from './policy-update.ts';

export interface PolicySourceOptions {
  readonly api: EnvoyApi;
  readonly server: string;
  readonly serverName?: string;
  readonly credentials: () => ChannelCredentials;
  readonly gateway: string;
  /** What it asks for; the first is what it cannot serve without. */
  readonly types: readonly PolicyType[];
  /** What the companion says of itself now; asked at each connection. */
  readonly node: () => object;
  readonly apply: (update: PolicyUpdate) => Promise<ApplyOutcome>;
  /** Absent: nothing outlives the process. */
  readonly kept?: KeptPolicies;
  /** All that the control plane has was received once, or was found on disk. */
  readonly onComplete: () => void;
  readonly logger: Logger;
  readonly random: () => number;
}

export interface PolicySourceStatus {
  readonly gateway: string;
  readonly isConnected: boolean;
  /** Where the policies of now came from. */
  readonly from: 'nowhere' | 'disk' | 'server';
  /** Why there is no connection. */
  readonly problem?: string;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** After the first type came: a control plane without any of the others may say nothing of them. */
const SILENCE_MS = 1_000;

export class PolicySource {
  readonly #options: PolicySourceOptions;
  #held: HeldVersions = NOTHING_HELD;
  readonly #seen = new Set<PolicyType>();
  #stream: PolicyStream | undefined;
  #isConnected = false;
  #from: PolicySourceStatus['from'] = 'nowhere';
  #problem: string | undefined;
  #failures = 0;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(options: PolicySourceOptions) {
    this.#options = options;
  }

  /** Applies what is on disk, then connects. */
  async start(): Promise<void> {
    const { kept, apply, logger, gateway, onComplete } = this.#options;
    const found = await kept?.read();
    if (found !== undefined) {
      const { refused } = await apply(found.update);
      this.#held = dropRefused(found.held, refused);
      this.#from = 'disk';
      logger.info(
        { event: 'companion.restored', gateway, policies: found.update.policies.length + (found.update.tables ?? []).length },
        'policies from disk until the control plane answers',
      );
      onComplete();
    }
    this.#connect();
  }

  status(): PolicySourceStatus {
    const { gateway } = this.#options;
    return {
      gateway,
      isConnected: this.#isConnected,
      from: this.#from,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** The node says something new of itself: a new stream takes over once it is answered, so that the endpoints that stay never leave. */
  renew(): void {
    if (this.#isStopped || this.#stream === undefined) return;
    const before = this.#stream;
    this.#stream = undefined;
    this.#connect(before);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#stream?.halfClose();
  }

  /** `before`: the stream that this one replaces. */
  #connect(before?: PolicyStream): void {
    const { api, server, serverName, credentials, gateway, types, node } = this.#options;
    let predecessor = before;
    const stream = openPolicyStream({
      api,
      server,
      ...(serverName === undefined ? {} : { serverName }),
      credentials: credentials(),
      gateway,
      types,
      node: node(),
      held: this.#held,
      onResponse: (response) => {
        predecessor?.cancel();
        predecessor = undefined;
        return this.#take(response);
      },
      onEnd: (reason) => {
        predecessor?.cancel();
        if (this.#stream === stream) this.#reconnect(reason);
      },
    });
    this.#stream = stream;
  }

  #reconnect(reason: string): void {
    const { logger, gateway, server, random } = this.#options;
    this.#stream = undefined;
    if (this.#isStopped) return;
    if (this.#isConnected || this.#problem === undefined) {
      const consequence =
        this.#from === 'nowhere' ? 'this companion does not serve before it has policies' : 'the policies that are here stay in force';
      logger.warn({ event: 'companion.disconnected', gateway, server, reason }, `no policies from the control plane: ${consequence}`);
    }
    this.#isConnected = false;
    this.#problem = reason;
    this.#failures += 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)) * (0.5 + random() / 2);
    this.#timer = setTimeout(() => this.#connect(), pauseMs);
  }

  async #take(response: PolicyResponse): Promise<string | undefined> {
    const { apply, kept, logger, gateway } = this.#options;
    this.#noteConnected();
    const { refused } = await apply(response.update);
    const all = [...response.unreadable, ...refused];
    this.#held = heldAfter(this.#held, response, all);
    if (response.type !== 'Secret') await this.#keep(response, all, kept);
    this.#noteSeen(response.type);
    if (all.length === 0) return undefined;
    const reason = all.map(({ name, message }) => `${name}: ${message}`).join('; ');
    logger.error(
      { event: 'companion.policy_refused', gateway, reason },
      'the control plane sent what cannot be enforced here: what was there stays',
    );
    return reason;
  }

  /** A full disk must not keep policies from being enforced. */
  async #keep(response: PolicyResponse, refused: readonly RefusedResource[], kept: KeptPolicies | undefined): Promise<void> {
    try {
      await kept?.keep(response, refused);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.logger.error(
        { event: 'companion.state_unwritable', gateway: this.#options.gateway, reason },
        'policies cannot be kept for a restart',
      );
    }
  }

  #noteConnected(): void {
    const { logger, gateway } = this.#options;
    this.#failures = 0;
    this.#problem = undefined;
    if (this.#isConnected) return;
    this.#isConnected = true;
    logger.info({ event: 'companion.connected', gateway }, 'policies come from the control plane');
  }

  #noteSeen(type: PolicyType): void {
    const { types } = this.#options;
    this.#seen.add(type);
    if (this.#from === 'server' || !types.slice(0, 1).every((first) => this.#seen.has(first))) return;
    const finish = (): void => {
      clearTimeout(this.#silence);
      if (this.#from === 'server') return;
      this.#from = 'server';
      this.#options.onComplete();
    };
    if (types.every((each) => this.#seen.has(each))) finish();
    else this.#silence ??= setTimeout(finish, SILENCE_MS);
  }
}

function dropRefused(held: HeldVersions, refused: readonly RefusedResource[]): HeldVersions {
  const names = new Set(refused.map(({ name }) => name));
  const without = (versions: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
    new Map([...versions].filter(([name]) => !names.has(name)));
  return {
    AuthPolicy: without(held.AuthPolicy),
    ApiKeySet: without(held.ApiKeySet),
    RateLimitTable: without(held.RateLimitTable),
    Secret: without(held.Secret),
  };
}
