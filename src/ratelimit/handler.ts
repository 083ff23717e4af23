// ShouldRateLimit (R301-R309): bytes in, decision, bytes out (P17, R901). Scans, plans and hands on to the kind of table that the domain has;
// it holds the table in force and nothing of any request.
import type { CacheCounts } from './cache-counts.ts';
import { DEAF_LISTENER, type DecisionListener } from './decision-listener.ts';
import { OwnDecisions } from './own-decision.ts';
import type { DescriptorPlan } from './plan/descriptor-plan.ts';
import type { DomainPlans } from './plan/domain-plans.ts';
import { INTERNAL } from './planned-request.ts';
import type { CallRefusal, RateLimitAnswer, RateLimitCall, RateLimitHandler } from './rate-limit-call.ts';
import { ReadyTable, type Tables } from './ready-table.ts';
import { ReferenceDecisions, type ReferenceOptions } from './reference/reference-decision.ts';
import { isOverrideUnit, type ReferenceTools } from './reference/reference-limits.ts';
import type { ToldRequest } from './reference/reference-reply.ts';
import { toldRequest } from './reference/told-request.ts';
import { OK, writeOverallCode, writePlainStatus } from './reply/reply-fields.ts';
import { ReplyWriter } from './reply/reply-writer.ts';
import { MAX_DESCRIPTORS, MAX_REQUEST_BYTES, RequestScan } from './request-scan.ts';
import type { CounterStore } from './store.ts';

export interface RateLimiterOptions {
  readonly store: CounterStore;
  readonly tools: ReferenceTools;
  readonly reference: ReferenceOptions;
  /** Default: nobody is told. */
  readonly listener?: DecisionListener;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** Any 32 bits, different in each process: callers cannot choose descriptors that displace each other from memory. */
  readonly seed: number;
  /** P27. Default 131,072. */
  readonly maxPlans?: number;
}

export interface RateLimiter {
  readonly handler: RateLimitHandler;
  /** Puts these limits in force for all requests from now on (R301). They must be sound: see `tableProblem`. */
  setTables(tables: Tables): void;
  /** The table in force, for `limits` (R811). */
  readonly table: ReadyTable | undefined;
  /** P27: its own and those of its store. */
  caches(): readonly CacheCounts[];
}

const NO_TABLE: CallRefusal = { status: 'UNAVAILABLE', message: 'no limits are loaded yet' };
const MALFORMED: CallRefusal = { status: 'INVALID_ARGUMENT', message: 'the request is no RateLimitRequest' };
const NO_DOMAIN: CallRefusal = { status: 'INVALID_ARGUMENT', message: 'the domain must not be empty' };
const NO_DESCRIPTORS: CallRefusal = { status: 'INVALID_ARGUMENT', message: 'the list of descriptors must not be empty' };
const TOO_LARGE: CallRefusal = { status: 'RESOURCE_EXHAUSTED', message: `the request has more than ${MAX_REQUEST_BYTES} bytes` };
const TOO_MANY: CallRefusal = { status: 'RESOURCE_EXHAUSTED', message: `the request has more than ${MAX_DESCRIPTORS} descriptors` };

/** Without tables until the first `setTables`. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  return new Limiter(options);
}

class Limiter implements RateLimiter {
  table: ReadyTable | undefined;
  readonly #options: RateLimiterOptions;
  readonly #listener: DecisionListener;
  readonly #scan = new RequestScan();
  #own: OwnDecisions;
  readonly #reference: ReferenceDecisions;

  constructor(options: RateLimiterOptions) {
    const { store, listener = DEAF_LISTENER, nowMs } = options;
    this.#options = options;
    this.#listener = listener;
    this.#own = new OwnDecisions({ store, listener }, '');
    this.#reference = new ReferenceDecisions({ store, listener, nowMs }, options.reference);
  }

  setTables(tables: Tables): void {
    const { store, tools, seed, maxPlans } = this.#options;
    this.table = new ReadyTable(tables, tools, maxPlans === undefined ? { seed } : { seed, maxPlans });
    this.#own = new OwnDecisions({ store, listener: this.#listener }, this.table.revision);
    store.tableChanged();
  }

  caches(): readonly CacheCounts[] {
    const { table } = this;
    return [...(table === undefined ? [] : [table.plans]), ...this.#options.store.caches()];
  }

  readonly handler: RateLimitHandler = (request, call, answer) => {
    try {
      this.#handle(request, call, answer);
    } catch (cause) {
      this.#listener.failed(cause);
      answer(INTERNAL);
    }
  };

  #handle(request: Uint8Array, call: RateLimitCall, answer: RateLimitAnswer): void {
    const { table } = this;
    const scan = this.#scan;
    const refusal = table === undefined ? NO_TABLE : refusalOf(request, scan);
    if (refusal !== undefined || table === undefined) {
      answer(refusal ?? NO_TABLE);
      return;
    }
    const place = table.placeOf(request, scan);
    const domain = table.domains[place];
    if (domain === undefined) {
      this.#listener.unknown('domain');
      answer(allOk(scan.count));
      return;
    }
    const plans = this.#plansOf(table, request, place);
    if (plans === undefined) answer(MALFORMED);
    else this.#decide(domain, plans, { bytes: request, call, answer });
  }

  /** Undefined if a descriptor is malformed. Nothing is counted before all of them are known. */
  #plansOf(table: ReadyTable, bytes: Uint8Array, domain: number): readonly DescriptorPlan[] | undefined {
    if (this.#scan.count === 1) {
      const only = table.planOf(bytes, this.#scan, { domain, place: 0 });
      return only === undefined ? undefined : [only];
    }
    const plans: DescriptorPlan[] = [];
    for (let place = 0; place < this.#scan.count; place += 1) {
      const plan = table.planOf(bytes, this.#scan, { domain, place });
      if (plan === undefined) return undefined;
      plans.push(plan);
    }
    return plans;
  }

  #tellOverrides(): void {
    const { count, overridden, overrideUnits } = this.#scan;
    for (let place = 0; place < count; place += 1)
      if (overridden[place] === 1 && !isOverrideUnit(overrideUnits[place] ?? 0)) this.#listener.unknown('override');
  }

  #told(bytes: Uint8Array): ToldRequest | undefined {
    return this.#options.reference.hasMetadata ? toldRequest(bytes, this.#scan) : undefined;
  }

  #decide(domain: DomainPlans, plans: readonly DescriptorPlan[], { bytes, call, answer }: Asked): void {
    const scan = this.#scan;
    const [hits, gives] = isOneHit(scan) ? ONE_HIT : hitsOf(scan);
    if (domain.readsOverrides) this.#tellOverrides();
    if (domain.kind === 'own') this.#own.decide({ plans, hits, gives, call, answer });
    else this.#reference.decide({ plans, hits, gives, call, answer, told: this.#told(bytes) });
  }
}

type Hits = readonly [hits: readonly number[], gives: readonly boolean[]];
const ONE_HIT: Hits = [[1], [false]];

/** Nearly all requests are so. */
function isOneHit({ count, hits, hitsAddend, negative }: RequestScan): boolean {
  return count === 1 && hits[0] === -1 && hitsAddend <= 1 && negative[0] === 0;
}

function hitsOf(scan: RequestScan): Hits {
  const hits: number[] = [];
  const gives: boolean[] = [];
  for (let place = 0; place < scan.count; place += 1) {
    const own = scan.hits[place] ?? -1;
    // R304: a descriptor may say 0, which checks; a request that says 0 says nothing.
    hits.push(own === -1 ? Math.max(1, scan.hitsAddend) : own);
    gives.push(scan.negative[place] === 1);
  }
  return [hits, gives];
}

interface Asked {
  readonly bytes: Uint8Array;
  readonly call: RateLimitCall;
  readonly answer: RateLimitAnswer;
}

/** R302. */
function refusalOf(request: Uint8Array, scan: RequestScan): CallRefusal | undefined {
  switch (scan.scan(request)) {
    case 'malformed':
      return MALFORMED;
    case 'tooLarge':
      return TOO_LARGE;
    case 'tooManyDescriptors':
      return TOO_MANY;
    case 'scanned':
      if (scan.domainStart === scan.domainEnd) return NO_DOMAIN;
      return scan.count === 0 ? NO_DESCRIPTORS : undefined;
  }
}

const plainReplies: (Buffer | undefined)[] = [];

/** R303. The same bytes each time: they are only ever read. */
function allOk(count: number): Buffer {
  let reply = plainReplies[count];
  if (reply === undefined) {
    const writer = new ReplyWriter();
    for (let place = 0; place < count; place += 1) writePlainStatus(writer, OK);
    writeOverallCode(writer, OK);
    reply = writer.take();
    plainReplies[count] = reply;
  }
  return reply;
}
