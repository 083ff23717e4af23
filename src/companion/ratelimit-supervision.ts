// The half of the rate-limit companion that lives with the supervisor: counts of all workers, whether limits are in force (ratelimit R301), and
// questions of operators (R811): a counter in Redis is any worker's to ask, what is told of workers themselves is put together.
import type { LimitAnswer, LimitQuestion, WorkerAnswer } from '../ratelimit/limit-question.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AsideFromWorker, AsideToWorker } from './companion-messages.ts';
import type { ProviderStatus } from './key-feed.ts';
import { summedAnswer } from './limit-sums.ts';
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

interface Asked {
  readonly answers: WorkerAnswer[];
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
    const isOfAll = question.kind === 'list' || question.kind === 'hot' || question.kind === 'shares';
    const answers = await this.#askWorkers(question, isOfAll ? this.#ports.workers() : Math.min(1, this.#ports.workers()));
    const [first, ...others] = answers;
    if (first === undefined) return { kind: 'refused', status: 503, reason: 'no worker answered in time' };
    return summedAnswer([first, ...others]);
  }

  refreshGauges(): void {}

  stop(): void {
    for (const { finish } of this.#asked.values()) finish();
  }

  #askWorkers(question: LimitQuestion, wanted: number): Promise<readonly WorkerAnswer[]> {
    if (wanted === 0) return Promise.resolve([]);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const answers: WorkerAnswer[] = [];
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

  #take(id: number, answer: WorkerAnswer): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    asked.answers.push(answer);
    if (asked.answers.length >= asked.wanted) asked.finish();
  }
}
