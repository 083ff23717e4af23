// A model of an Envoy on one aggregated stream, as seen on 1.40: it holds back the ACK of clusters until all are warm, asks for the endpoints
// of its clusters and the routes of its listeners, and goes on with an old cluster until the new one is warm. It knows when a request
// would fail: a route names a cluster that it does not run.
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { Snapshot, TypeUrl } from '../../../src/snapshot/types.ts';
import { createDroppedHistory, type DroppedHistory } from '../../../src/xds/dropped-history.ts';
import { createNameInterner } from '../../../src/xds/name-map.ts';
import { Session } from '../../../src/xds/session.ts';
import type { Plan, Variant } from '../../../src/xds/subscription.ts';
import { contentOf, type TypeLabel } from '../../support/snapshots.ts';
import { MODEL_TIMING } from './model-client.ts';

const INITIAL_FETCH_TIMEOUT_MS = 15_000;

interface Sent {
  readonly plan: Plan;
  readonly nonce: string;
}

export class ModelEnvoy {
  readonly failures: string[] = [];
  /** Type labels of the responses taken, in order. */
  readonly taken: TypeLabel[] = [];
  readonly timedOut: string[] = [];
  nowMs = 1_000_000;
  readonly #variant: Variant;
  /** Clusters that never are warm, such as one whose secret is missing. */
  readonly #stuck: ReadonlySet<string>;
  #session: Session;
  #target: Snapshot | undefined;
  #history = this.#newHistory();
  #toServer: (() => void)[] = [];
  #toClient: Sent[] = [];
  #sequence = 0;
  readonly #nonces = new Map<TypeLabel, string>();
  readonly #asked = new Map<TypeLabel, Set<string>>();
  /** Clusters that carry requests, by version; and those that wait for endpoints. */
  readonly #active = new Map<string, string>();
  readonly #warming = new Map<string, string>();
  #warmingSinceMs = 0;
  #heldAck: Sent | undefined;
  readonly #versions = new Map<TypeLabel, Map<string, string>>();
  readonly #listeners = new Map<string, string>();
  /** Route configuration → the cluster that it names. */
  readonly #routes = new Map<string, string>();

  constructor(variant: Variant, stuck: readonly string[] = []) {
    this.#variant = variant;
    this.#stuck = new Set(stuck);
    this.#session = this.#connect();
  }

  get clusters(): readonly string[] {
    return [...this.#active.keys()].sort();
  }

  get routes(): ReadonlyMap<string, string> {
    return this.#routes;
  }

  get isWarming(): boolean {
    return this.#warming.size > 0;
  }

  publish(snapshot: Snapshot): void {
    this.#target = snapshot;
    this.#history.note(snapshot);
    this.#session.setTarget(snapshot, this.nowMs);
  }

  /** The stream is lost; a new one resumes. While it warms, Envoy asks for no clusters before the warming ends. */
  reconnect(options: { readonly isServerNew: boolean } = { isServerNew: false }): void {
    if (options.isServerNew) {
      this.#history = this.#newHistory();
      if (this.#target !== undefined) this.#history.note(this.#target);
    }
    this.#toServer = [];
    this.#toClient = [];
    this.#nonces.clear();
    const asked = new Map(this.#asked);
    this.#asked.clear();
    this.#heldAck = undefined;
    this.#session = this.#connect();
    if (this.#warming.size === 0) this.#ask('Cluster', []);
    for (const type of ['ClusterLoadAssignment', 'Listener', 'RouteConfiguration'] as const) {
      const names = asked.get(type);
      if (names !== undefined) this.#ask(type, [...names]);
    }
  }

  start(): void {
    this.#ask('Cluster', []);
  }

  serve(): boolean {
    this.#giveUpWaiting();
    const plan = this.#session.next(this.nowMs);
    if (plan === undefined) return false;
    this.#sequence += 1;
    const nonce = `n${this.#sequence}`;
    this.#session.sent(plan, nonce, this.nowMs);
    this.#toClient.push({ plan, nonce });
    return true;
  }

  deliver(): boolean {
    const next = this.#toServer.shift();
    next?.();
    return next !== undefined;
  }

  take(): boolean {
    const next = this.#toClient.shift();
    if (next === undefined) return false;
    const type = labelOf(next.plan.view.typeUrl);
    this.taken.push(type);
    this.#remember(next);
    if (type === 'Cluster') this.#takeClusters(next);
    else if (type === 'ClusterLoadAssignment') this.#takeEndpoints(next);
    else if (type === 'Listener') this.#takeListeners(next);
    else this.#takeRoutes(next);
    this.#check(`after ${type} ${next.nonce}`);
    return true;
  }

  exchange(): void {
    for (let step = 0; step < 1_000 && (this.deliver() || this.serve() || this.take()); step += 1);
  }

  /** Envoy names all that it holds of a type in the first request of a delta stream. */
  #remember({ plan }: Sent): void {
    const type = labelOf(plan.view.typeUrl);
    const versions = this.#versions.get(type) ?? new Map<string, string>();
    this.#versions.set(type, versions);
    for (const { name, version } of plan.entries) versions.set(name, version);
    for (const name of plan.removed) versions.delete(name);
  }

  #newHistory(): DroppedHistory {
    return createDroppedHistory({ keepMs: 300_000, nowMs: () => this.nowMs });
  }

  /** It waits for endpoints only so long. */
  #giveUpWaiting(): void {
    if (this.#warming.size === 0) this.#warmingSinceMs = this.nowMs;
    if (this.nowMs - this.#warmingSinceMs < INITIAL_FETCH_TIMEOUT_MS) return;
    for (const [name, version] of this.#warming) {
      if (this.#stuck.has(name)) continue;
      this.#active.set(name, version);
      this.#warming.delete(name);
    }
    this.#finishWarming();
  }

  #takeClusters(sent: Sent): void {
    for (const { name, version } of sent.plan.entries) {
      if (this.#active.get(name) !== version && this.#warming.get(name) !== version) this.#warming.set(name, version);
    }
    for (const name of this.#gone(sent.plan, new Set([...this.#active.keys(), ...this.#warming.keys()]))) {
      this.#active.delete(name);
      this.#warming.delete(name);
    }
    this.#ask('ClusterLoadAssignment', [...new Set([...this.#active.keys(), ...this.#warming.keys()])]);
    this.#heldAck = sent;
    this.#finishWarming();
  }

  #takeEndpoints(sent: Sent): void {
    for (const name of sent.plan.removed) {
      if (this.#isUsed(name)) this.failures.push(`endpoints of ${name} removed while a route names it`);
    }
    // "Removed" ends the warming of a cluster too, without endpoints.
    for (const name of [...sent.plan.entries.map((entry) => entry.name), ...sent.plan.removed]) {
      if (this.#stuck.has(name)) continue;
      const version = this.#warming.get(name);
      if (version !== undefined) this.#active.set(name, version);
      this.#warming.delete(name);
    }
    this.#answer(sent);
    this.#finishWarming();
  }

  #finishWarming(): void {
    if (this.#warming.size > 0) return;
    if (this.#heldAck !== undefined) {
      this.#answer(this.#heldAck);
      this.#heldAck = undefined;
      if (!this.#asked.has('Listener')) this.#ask('Listener', []);
    } else if (!this.#asked.has('Cluster')) this.#ask('Cluster', []);
  }

  /** A listener's content is the name of its route configuration. */
  #takeListeners(sent: Sent): void {
    for (const { name, content } of contents(sent.plan)) this.#listeners.set(name, content);
    for (const name of this.#gone(sent.plan, new Set(this.#listeners.keys()))) this.#listeners.delete(name);
    this.#answer(sent);
    const used = new Set(this.#listeners.values());
    // A listener that names new routes warms until they come; what no listener names is forgotten.
    for (const name of this.#routes.keys()) if (!used.has(name)) this.#routes.delete(name);
    this.#ask('RouteConfiguration', [...used]);
  }

  #takeRoutes(sent: Sent): void {
    const asked = this.#asked.get('RouteConfiguration');
    for (const { name, content } of contents(sent.plan)) if (asked?.has(name) === true) this.#routes.set(name, content);
    for (const name of sent.plan.removed) this.#routes.delete(name);
    this.#answer(sent);
  }

  #check(when: string): void {
    for (const listener of this.#listeners.values()) {
      const cluster = this.#routes.get(listener);
      if (cluster !== undefined && !this.#stuck.has(cluster) && !this.#active.has(cluster))
        this.failures.push(`${when}: a route names ${cluster}, which is not there`);
    }
  }

  #isUsed(cluster: string): boolean {
    return [...this.#listeners.values()].some((routes) => this.#routes.get(routes) === cluster);
  }

  #gone(plan: Plan, held: ReadonlySet<string>): readonly string[] {
    if (plan.variant === 'delta') return plan.removed;
    return [...held].filter((name) => !plan.entries.some((entry) => entry.name === name));
  }

  #answer({ plan, nonce }: Sent): void {
    const type = labelOf(plan.view.typeUrl);
    this.#nonces.set(type, nonce);
    this.#request(type, nonce, [], []);
  }

  /** State of the world repeats its request although nothing changed, delta says only what is new. */
  #ask(type: TypeLabel, names: readonly string[]): void {
    const before = this.#asked.get(type);
    const asked = new Set(names);
    this.#asked.set(type, asked);
    const subscribe = names.filter((name) => before?.has(name) !== true);
    const unsubscribe = [...(before ?? [])].filter((name) => !asked.has(name));
    for (const name of unsubscribe) this.#versions.get(type)?.delete(name);
    if (this.#variant === 'delta' && before !== undefined && subscribe.length + unsubscribe.length === 0) return;
    this.#request(type, this.#variant === 'sotw' ? (this.#nonces.get(type) ?? '') : '', subscribe, unsubscribe);
  }

  #request(type: TypeLabel, nonce: string, subscribe: readonly string[], unsubscribe: readonly string[]): void {
    const session = this.#session;
    const list = [...(this.#asked.get(type) ?? [])];
    const initialVersions = new Map(nonce === '' ? this.#versions.get(type) : []);
    const isResuming = (this.#versions.get(type)?.size ?? 0) > 0;
    const names =
      this.#variant === 'sotw'
        ? ({ variant: 'sotw', list } as const)
        : ({ variant: 'delta', subscribe, unsubscribe, initialVersions } as const);
    this.#toServer.push(() => void session.receive({ typeUrl: TYPE_URLS[type], nonce, error: undefined, names, isResuming }, this.nowMs));
  }

  #connect(): Session {
    const session = new Session({
      variant: this.#variant,
      isAggregated: true,
      node: { id: 'n', cluster: 'edge', userAgent: 'envoy', version: undefined, isGrpc: false, limits: { maxResponseBytes: 1_000_000 } },
      timing: MODEL_TIMING,
      intern: createNameInterner(),
      recentlyDropped: () => this.#history.droppedOf('edge'),
      onGateTimedOut: ({ waitedFor }) => this.timedOut.push(waitedFor),
      onAnswerOverdue: () => this.timedOut.push('an answer'),
    });
    if (this.#target !== undefined) session.setTarget(this.#target, this.nowMs);
    return session;
  }
}

function contents(plan: Plan): readonly { readonly name: string; readonly content: string }[] {
  return plan.entries.map((entry) => contentOf(entry.typeUrl, valueOf(entry.any)));
}

/** The inside of an encoded Any whose type URL is shorter than 128 bytes. */
export function valueOf(any: Buffer): Buffer {
  const length = any[1] ?? 0;
  const at = 2 + length;
  return any.subarray(at + (any[at + 1] !== undefined && (any[at + 1] ?? 0) < 128 ? 2 : 3));
}

function labelOf(typeUrl: TypeUrl): TypeLabel {
  const found = Object.entries(TYPE_URLS).find(([, url]) => url === typeUrl);
  if (found === undefined) throw new Error(`unexpected ${typeUrl}`);
  return found[0] as TypeLabel;
}
