// One subscription and the view it is served from, spoken to in short form. Asserts nothing.
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { TypeView } from '../../../src/snapshot/types.ts';
import { duePlan } from '../../../src/xds/plan.ts';
import { onRequest, type RequestEvent } from '../../../src/xds/request.ts';
import { isAwaitingAnswer, newSubscription, onSent, type Plan, type Subscription, type Variant } from '../../../src/xds/subscription.ts';
import { typeRules } from '../../../src/xds/type-rules.ts';
import { type TypeLabel, testView } from '../../support/snapshots.ts';

export interface DialogueOptions {
  readonly variant: Variant;
  readonly type?: TypeLabel;
  readonly isGrpc?: boolean;
  readonly maxResponseBytes?: number;
}

export interface Ask {
  /** State of the world. */
  readonly list?: readonly string[];
  /** Delta. */
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initial?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  readonly error?: { readonly code: number; readonly message: string };
}

export class SubscriptionDialogue {
  state: Subscription;
  readonly #options: DialogueOptions;
  readonly #type: TypeLabel;
  #view: TypeView;
  #sent = 0;

  constructor(options: DialogueOptions, contents: Readonly<Record<string, string>> = {}) {
    this.#options = options;
    this.#type = options.type ?? 'Cluster';
    this.state = newSubscription(typeRules(TYPE_URLS[this.#type]), options.variant);
    this.#view = testView(this.#type, contents);
  }

  /** The view becomes this. */
  serve(contents: Readonly<Record<string, string>>): void {
    this.#view = testView(this.#type, contents);
  }

  versionOf(name: string, content: string): string {
    return testView(this.#type, { [name]: content }).resources.get(name)?.version ?? '';
  }

  ask(ask: Ask): RequestEvent {
    const { list = [], subscribe = [], unsubscribe = [], initial = {} } = ask;
    const names =
      this.#options.variant === 'sotw'
        ? ({ variant: 'sotw', list } as const)
        : ({ variant: 'delta', subscribe, unsubscribe, initialVersions: new Map(Object.entries(initial)) } as const);
    const request = { typeUrl: TYPE_URLS[this.#type], nonce: ask.nonce ?? '', error: ask.error, names, isResuming: false };
    const outcome = onRequest(this.state, request, { isGrpc: this.#options.isGrpc ?? false, view: this.#view, nowMs: 7 });
    this.state = outcome.state;
    return outcome.event;
  }

  /** Takes the next response; its names, removed ones with a minus, and `(more)`; undefined for silence. */
  answer(): string | undefined {
    const plan = this.plan();
    return plan && describe(plan);
  }

  plan(): Plan | undefined {
    const limits = { maxResponseBytes: this.#options.maxResponseBytes ?? 1_000_000 };
    const plan = isAwaitingAnswer(this.state) ? undefined : duePlan(this.state, this.#view, limits);
    if (plan === undefined) return undefined;
    this.#sent += 1;
    this.state = onSent(this.state, plan, { nonce: `n${this.#sent}`, atMs: 1 });
    return plan;
  }

  get nonce(): string {
    return `n${this.#sent}`;
  }

  /** The next response and its ACK under the names of before. */
  exchange(ack: Ask = {}): string | undefined {
    const answer = this.answer();
    if (answer === undefined) return undefined;
    const list = [...(this.state.wildcard === 'explicit' ? ['*'] : []), ...this.state.names.keys()];
    this.ask({ list, ...ack, nonce: this.nonce });
    return answer;
  }
}

function describe(plan: Plan): string {
  const names = [...plan.entries.map(({ name }) => name), ...plan.removed.map((name) => `-${name}`)];
  return [...(names.length === 0 ? ['(empty)'] : names), ...(plan.hasMore ? ['(more)'] : [])].join(' ');
}
