// A model of an xDS client with two queues to its session, for property tests: it applies or refuses what it gets, in its own time,
// and knows by an own reading of the protocol what it should hold in the end.

import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { createDroppedHistory } from '../../../src/xds/dropped-history.ts';
import { createNameInterner } from '../../../src/xds/name-map.ts';
import type { ClientNode } from '../../../src/xds/node.ts';
import type { DiscoveryRequest } from '../../../src/xds/request.ts';
import { Session } from '../../../src/xds/session.ts';
import type { SessionTiming } from '../../../src/xds/session-options.ts';
import type { Plan, Variant } from '../../../src/xds/subscription.ts';
import { typeRules } from '../../../src/xds/type-rules.ts';

export const MODEL_TYPES = ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'] as const;
export type ModelType = (typeof MODEL_TYPES)[number];

export const MODEL_TIMING: SessionTiming = {
  gateMs: 5_000,
  targetMs: 10_000,
  resumeMs: 20_000,
  lingerMs: 30_000,
  separateDelayMs: 1_000,
  childrenDelayMs: 500,
  ackMs: 60_000,
};

const ENVOY: ClientNode = {
  id: 'n',
  cluster: 'edge',
  userAgent: 'envoy',
  version: undefined,
  isGrpc: false,
  limits: { maxResponseBytes: 150 },
};

interface Wants {
  mode: 'none' | 'legacy' | 'explicit';
  readonly names: Set<string>;
  wasNamed: boolean;
  isStarted: boolean;
  nonce: string;
  didRefuse: boolean;
  /** What it holds: name → version. */
  readonly held: Map<string, string>;
}

interface Sent {
  readonly plan: Plan;
  readonly nonce: string;
}

/** What the server knows of a type by the requests that have reached it. */
interface Known {
  isStarted: boolean;
  wasNamed: boolean;
  star: boolean;
  readonly names: Set<string>;
  /** The responses that it has had no answer to: nonce → when they were sent. */
  readonly unanswered: Map<string, number>;
}

export class ModelClient {
  readonly variant: Variant;
  readonly isAggregated: boolean;
  readonly wants = new Map<ModelType, Wants>();
  readonly broken: string[] = [];
  #sessions = new Map<ModelType | 'all', Session>();
  #toServer: { readonly key: ModelType | 'all'; readonly request: DiscoveryRequest }[] = [];
  #toClient: Sent[] = [];
  #known = new Map<string, Known>();
  #nonces = new Set<string>();
  #target: Snapshot | undefined;
  readonly #history = createDroppedHistory({ keepMs: 300_000, nowMs: () => this.nowMs });
  #sequence = 0;
  nowMs = 1_000_000;

  constructor(variant: Variant, isAggregated: boolean) {
    this.variant = variant;
    this.isAggregated = isAggregated;
    for (const type of MODEL_TYPES) {
      this.wants.set(type, {
        mode: 'none',
        names: new Set(),
        wasNamed: false,
        isStarted: false,
        nonce: '',
        didRefuse: false,
        held: new Map(),
      });
    }
    this.#connect();
  }

  publish(snapshot: Snapshot): void {
    this.#target = snapshot;
    this.#history.note(snapshot);
    for (const session of this.#sessions.values()) session.setTarget(snapshot, this.nowMs);
  }

  /** The client wants exactly this from now on; drops what it no longer covers. */
  subscribe(type: ModelType, names: readonly string[], star: boolean): void {
    const wants = this.#wants(type);
    const before = { names: new Set(wants.names), mode: wants.mode };
    wants.names.clear();
    for (const name of names) wants.names.add(name);
    const isLegacy = !wants.wasNamed && names.length === 0 && !star && typeRules(TYPE_URLS[type]).hasLegacyWildcard;
    if (this.variant === 'sotw') wants.mode = star ? 'explicit' : isLegacy ? 'legacy' : 'none';
    else if (star) wants.mode = 'explicit';
    else if (!wants.isStarted && isLegacy) wants.mode = 'legacy';
    // A legacy wildcard ends only by an explicit `-*`, which this client sends only for an explicit one.
    else if (wants.mode === 'explicit') wants.mode = 'none';
    this.#drop(wants);
    this.#request(type, before, '');
    wants.wasNamed ||= names.length > 0 || star;
  }

  /**
   * Repeats the names of a type as an answer that answers nothing: under a nonce that never was, under the last one again, or under that of
   * another type; as an ACK or as a NACK.
   */
  stale(type: ModelType, answer: { readonly nonceOf: ModelType | 'nothing'; readonly refuse: boolean }): void {
    const wants = this.#wants(type);
    const other = answer.nonceOf === 'nothing' ? undefined : this.#wants(answer.nonceOf);
    const nonce = other?.nonce === undefined || other.nonce === '' ? 'outdated' : other.nonce;
    // The last nonce of the type itself may be that of an answer that is under way: said twice, it must say the same.
    const refuse = answer.nonceOf === type ? wants.didRefuse : answer.refuse;
    if (wants.isStarted) this.#request(type, { names: new Set(wants.names), mode: wants.mode }, nonce, refuse);
  }

  reconnect(): void {
    this.#connect();
    for (const type of MODEL_TYPES) {
      const wants = this.#wants(type);
      if (!wants.isStarted) continue;
      wants.isStarted = false;
      wants.nonce = '';
      // A new stream forgets what was named before: `legacy` can be said again only by a client that names nothing.
      if (wants.mode === 'legacy' && wants.names.size > 0) wants.mode = 'explicit';
      if (wants.mode === 'none' && wants.names.size === 0) {
        wants.held.clear();
        wants.wasNamed = false;
        continue;
      }
      wants.wasNamed = wants.names.size > 0 || wants.mode === 'explicit';
      this.#request(type, { names: new Set(), mode: 'none' }, '');
    }
  }

  /** The session sends what it would send now, if anything. */
  serve(): boolean {
    let didSend = false;
    for (const session of this.#sessions.values()) {
      const plan = session.next(this.nowMs);
      if (plan === undefined) continue;
      this.#check(plan);
      const nonce = `n${++this.#sequence}`;
      if (this.#nonces.has(nonce)) this.broken.push('a nonce comes twice');
      this.#nonces.add(nonce);
      session.sent(plan, nonce, this.nowMs);
      this.#toClient.push({ plan, nonce });
      didSend = true;
    }
    return didSend;
  }

  /** The session gets the oldest request under way. */
  deliver(): boolean {
    const next = this.#toServer.shift();
    if (next === undefined) return false;
    this.#learn(next.request);
    this.#sessions.get(next.key)?.receive(next.request, this.nowMs);
    return true;
  }

  /** The client takes the oldest response under way and answers it. */
  answer(refuse: boolean): boolean {
    const next = this.#toClient.shift();
    if (next === undefined) return false;
    const type = MODEL_TYPES.find((label) => TYPE_URLS[label] === next.plan.view.typeUrl);
    if (type === undefined) return true;
    const wants = this.#wants(type);
    if (wants.mode !== 'none' || wants.names.size > 0) {
      this.#apply(type, next.plan, refuse);
      wants.nonce = next.nonce;
      wants.didRefuse = refuse;
      this.#request(type, { names: new Set(wants.names), mode: wants.mode }, next.nonce, refuse);
    }
    return true;
  }

  /** All that can be said without waiting is said and answered. */
  exchange(): void {
    for (let step = 0; step < 500 && (this.deliver() || this.serve() || this.answer(false)); step += 1);
  }

  /** Until nobody has anything to say, letting all clocks run out. */
  settle(): void {
    for (let round = 0; round < 40; round += 1) {
      this.exchange();
      this.nowMs += 10_000;
    }
    if (this.serve()) this.broken.push('something is still to be sent at rest');
  }

  /** Per type: what the client should hold, and what it holds of that. */
  compare(): readonly { readonly type: ModelType; readonly expected: object; readonly held: object }[] {
    return MODEL_TYPES.map((type) => {
      const wants = this.#wants(type);
      const view = this.#target?.views.get(TYPE_URLS[type])?.resources ?? new Map();
      const expected = [...view.values()].filter(({ name }) => this.#covers(wants, name)).map(({ name, version }) => [name, version]);
      // In partial state-of-the-world types absence deletes nothing (X48).
      const deletes = this.variant === 'delta' || typeRules(TYPE_URLS[type]).isFullState;
      const held = [...wants.held].filter(([name]) => deletes || view.has(name)).sort(([left], [right]) => (left < right ? -1 : 1));
      return { type, expected: Object.fromEntries(expected), held: Object.fromEntries(held) };
    });
  }

  #connect(): void {
    this.#toServer = [];
    this.#toClient = [];
    this.#known.clear();
    this.#nonces.clear();
    const keys: (ModelType | 'all')[] = this.isAggregated ? ['all'] : [...MODEL_TYPES];
    this.#sessions = new Map(keys.map((key) => [key, this.#session()]));
  }

  #session(): Session {
    const session = new Session({
      variant: this.variant,
      isAggregated: this.isAggregated,
      node: ENVOY,
      timing: MODEL_TIMING,
      intern: createNameInterner(),
      recentlyDropped: () => this.#history.droppedOf('edge'),
      onGateTimedOut: () => {},
      onAnswerOverdue: () => {},
    });
    if (this.#target !== undefined) session.setTarget(this.#target, this.nowMs);
    return session;
  }

  #request(
    type: ModelType,
    before: { readonly names: ReadonlySet<string>; readonly mode: Wants['mode'] },
    nonce: string,
    refuse = false,
  ): void {
    const wants = this.#wants(type);
    const isFirst = !wants.isStarted;
    wants.isStarted = true;
    const star = wants.mode === 'explicit' ? ['*'] : [];
    const newStar = wants.mode === 'explicit' && before.mode !== 'explicit' ? ['*'] : [];
    const lostStar = before.mode === 'explicit' && wants.mode === 'none' ? ['*'] : [];
    const names =
      this.variant === 'sotw'
        ? { variant: 'sotw' as const, list: [...star, ...wants.names] }
        : {
            variant: 'delta' as const,
            subscribe: [...newStar, ...[...wants.names].filter((name) => !before.names.has(name))],
            unsubscribe: [...lostStar, ...[...before.names].filter((name) => !wants.names.has(name))],
            initialVersions: isFirst ? new Map(wants.held) : new Map<string, string>(),
          };
    const error = refuse ? { code: 13, message: 'refused' } : undefined;
    this.#toServer.push({
      key: this.isAggregated ? 'all' : type,
      request: { typeUrl: TYPE_URLS[type], nonce, error, names, isResuming: wants.held.size > 0 },
    });
  }

  #apply(type: ModelType, plan: Plan, refuse: boolean): void {
    const wants = this.#wants(type);
    for (const name of plan.removed) if (this.#covers(wants, name)) wants.held.delete(name);
    if (this.variant === 'sotw' && typeRules(TYPE_URLS[type]).isFullState) {
      for (const name of wants.held.keys()) if (!plan.entries.some((entry) => entry.name === name)) wants.held.delete(name);
    }
    // As Envoy does, it refuses contents, not removals.
    if (refuse) return;
    for (const { name, version } of plan.entries) if (this.#covers(wants, name)) wants.held.set(name, version);
  }

  #drop(wants: Wants): void {
    for (const name of wants.held.keys()) if (!this.#covers(wants, name)) wants.held.delete(name);
  }

  /** What must hold of every response, whatever came before. */
  #check(plan: Plan): void {
    const { typeUrl } = plan.view;
    const names = [...plan.entries.map(({ name }) => name), ...plan.removed];
    if (new Set(names).size !== names.length) this.broken.push(`a name comes twice: ${names.join(' ')}`);
    const known = this.#knownOf(typeUrl);
    const uncovered = names.filter((name) => !known.star && !known.names.has(name));
    if (uncovered.length > 0) this.broken.push(`nobody asked for ${uncovered.join(' ')}`);
    // Unless it is overdue (O2), or the client warms and answers what came later.
    for (const sentAtMs of known.unanswered.values()) {
      if (this.nowMs - sentAtMs < MODEL_TIMING.gateMs) this.broken.push(`two responses of ${typeUrl} are under way`);
    }
    known.unanswered.clear();
    known.unanswered.set(`n${this.#sequence + 1}`, this.nowMs);
  }

  /** By an own reading of the protocol. */
  #learn({ typeUrl, names, nonce }: DiscoveryRequest): void {
    const known = this.#knownOf(typeUrl);
    if (known.isStarted && nonce !== '') known.unanswered.delete(nonce);
    const hasLegacy = typeRules(typeUrl).hasLegacyWildcard;
    if (names.variant === 'sotw') {
      known.wasNamed ||= names.list.length > 0;
      known.names.clear();
      for (const name of names.list) known.names.add(name);
      known.star = known.names.delete('*') || (names.list.length === 0 && !known.wasNamed && hasLegacy);
    } else {
      for (const name of names.subscribe) known.names.add(name);
      for (const name of names.unsubscribe) known.names.delete(name);
      const isLegacy = !known.isStarted && names.subscribe.length + names.unsubscribe.length === 0 && hasLegacy;
      known.star ||= isLegacy || names.subscribe.includes('*');
      if (names.unsubscribe.includes('*')) known.star = false;
      known.names.delete('*');
    }
    known.isStarted = true;
    // Without an interest nothing is waited for.
    if (!known.star && known.names.size === 0) known.unanswered.clear();
  }

  #knownOf(typeUrl: string): Known {
    const known = this.#known.get(typeUrl) ?? { isStarted: false, wasNamed: false, star: false, names: new Set(), unanswered: new Map() };
    this.#known.set(typeUrl, known);
    return known;
  }

  #covers(wants: Wants, name: string): boolean {
    return wants.mode !== 'none' || wants.names.has(name);
  }

  #wants(type: ModelType): Wants {
    const wants = this.wants.get(type);
    if (wants === undefined) throw new Error(`no model of ${type}`);
    return wants;
  }
}
