// The half of the rate-limit companion that lives with the supervisor: counts of all workers, whether limits are in force (ratelimit R301), and
// questions of operators (R811): a counter in Redis is any worker's to ask, what is told of workers themselves is put together.
import type { HotKey } from '../ratelimit/hot-keys.ts';
import type { LimitAnswer, LimitQuestion, ListedLimit } from '../ratelimit/limit-question.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import type { ProviderStatus } from './key-feed.ts';
import type { RatelimitWorkerStatus } from './ratelimit-messages.ts';
import { RatelimitMetricsSum } from './ratelimit-metrics-sum.ts';
import type { Supervision } from './supervision.ts';

export interface RatelimitSupervisionPorts {
  readonly metrics: Metrics;
  /** To all workers that run now. */
  readonly broadcast: (body: AsideToWorker) => void;
  /** To one that runs now. */
  readonly sendToOne: (body: AsideToWorker) => void;
  /** How many run now. */
  readonly workers: () => number;
}

/** A store may take 2 s for an operator. */
const ANSWER_WITHIN_MS = 3_000;
const LISTED = 100;

interface Asked {
  readonly answers: LimitAnswer[];
  wanted: number;
  readonly finish: () => void;
}

export class RatelimitSupervision implements Supervision {
  readonly #ports: RatelimitSupervisionPorts;
  readonly #sum: RatelimitMetricsSum;
  readonly #statuses = new Map<number, RatelimitWorkerStatus>();
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  /** Whoever waits for limits in force. */
  #waiting: (() => void)[] = [];

  constructor(ports: RatelimitSupervisionPorts) {
    this.#ports = ports;
    this.#sum = new RatelimitMetricsSum(ports.metrics);
  }

  greeting(): readonly AsideToWorker[] {
    return [];
  }

  receive(body: AsideFromWorker): void {
    switch (body.kind) {
      case 'limits.metrics':
        return this.#sum.add(body.worker, body.parcel);
      case 'limits.status':
        this.#statuses.set(body.worker, body.status);
        if (body.status.gateways.length > 0) for (const resume of this.#waiting.splice(0)) resume();
        return;
      case 'limits.answer':
        return this.#take(body.id, body.answer);
      case 'counts':
      case 'owners':
      case 'wanted':
        return;
    }
  }

  /** R301: without a table it does not serve. */
  tried(): Promise<void> {
    if ([...this.#statuses.values()].some(({ gateways }) => gateways.length > 0)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  providers(): readonly ProviderStatus[] {
    return [];
  }

  limits(): readonly RatelimitWorkerStatus[] {
    return [...this.#statuses].sort(([left], [right]) => left - right).map(([, status]) => status);
  }

  /** Never rejects. */
  async ask(question: LimitQuestion): Promise<LimitAnswer> {
    const isOfAll = question.kind === 'list' || question.kind === 'hot';
    const answers = await this.#askWorkers(question, isOfAll ? this.#ports.workers() : Math.min(1, this.#ports.workers()));
    const [first] = answers;
    if (first === undefined) return { kind: 'refused', status: 503, reason: 'no worker answered in time' };
    return isOfAll ? merged(answers, first) : first;
  }

  refreshGauges(): void {}

  stop(): void {
    for (const { finish } of this.#asked.values()) finish();
  }

  #askWorkers(question: LimitQuestion, wanted: number): Promise<readonly LimitAnswer[]> {
    if (wanted === 0) return Promise.resolve([]);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const answers: LimitAnswer[] = [];
      const finish = (): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(answers);
      };
      const timer = setTimeout(finish, ANSWER_WITHIN_MS);
      this.#asked.set(id, { answers, wanted, finish });
      const body: AsideToWorker = { kind: 'limits.ask', id, question };
      if (wanted === 1) this.#ports.sendToOne(body);
      else this.#ports.broadcast(body);
    });
  }

  #take(id: number, answer: LimitAnswer): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    asked.answers.push(answer);
    if (asked.answers.length >= asked.wanted) asked.finish();
  }
}

function merged(answers: readonly LimitAnswer[], first: LimitAnswer): LimitAnswer {
  const lists = answers.flatMap((answer) => (answer.kind === 'list' ? answer.limits : []));
  if (first.kind === 'list') return { kind: 'list', limits: joinedLimits(lists) };
  const keys = answers.flatMap((answer) => (answer.kind === 'hot' ? answer.keys : []));
  return first.kind === 'hot' ? { kind: 'hot', keys: joinedKeys(keys) } : first;
}

function joinedLimits(limits: readonly ListedLimit[]): readonly ListedLimit[] {
  const byName = new Map<string, ListedLimit>();
  for (const limit of limits) {
    const key = JSON.stringify([limit.gateway, limit.name]);
    const known = byName.get(key);
    byName.set(key, known === undefined ? limit : { ...known, decisions: added(known.decisions, limit.decisions) });
  }
  return [...byName.values()];
}

function added(left: ListedLimit['decisions'], right: ListedLimit['decisions']): ListedLimit['decisions'] {
  const sum = new Map(Object.entries(left));
  for (const [result, times] of Object.entries(right)) sum.set(result, (sum.get(result) ?? 0) + times);
  return Object.fromEntries(sum);
}

function joinedKeys(keys: readonly HotKey[]): readonly HotKey[] {
  const byHash = new Map<string, HotKey>();
  for (const { hash, hits, error } of keys) {
    const known = byHash.get(hash);
    byHash.set(hash, { hash, hits: hits + (known?.hits ?? 0), error: error + (known?.error ?? 0) });
  }
  const sorted = [...byHash.values()].sort((left, right) => right.hits - left.hits || (left.hash < right.hash ? -1 : 1));
  return sorted.slice(0, LISTED);
}
