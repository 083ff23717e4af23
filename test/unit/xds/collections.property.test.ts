import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { TypeView } from '../../../src/snapshot/types.ts';
import { typeView } from '../../../src/snapshot/view.ts';
import { duePlan } from '../../../src/xds/plan.ts';
import { onRequest } from '../../../src/xds/request.ts';
import { isAwaitingAnswer, newSubscription, onSent, onUpToDate, type Plan, type Subscription } from '../../../src/xds/subscription.ts';
import { typeRules } from '../../../src/xds/type-rules.ts';
import { testResource } from '../../support/snapshots.ts';

const LEDS = 'xdstp://a/envoy.config.endpoint.v3.LbEndpoint';
/** What a client may ask for. */
const ASKS = [`${LEDS}/g/*`, `${LEDS}/g/x`, `${LEDS}/h/*?e=1`, `${LEDS}/none/*`, `${LEDS}/none`, 'plain', '*'];
/** Resources that may be there, and what else asks for each. */
const RESOURCES: Readonly<Record<string, string | undefined>> = {
  [`${LEDS}/g/x`]: `${LEDS}/g/*`,
  [`${LEDS}/g/y`]: `${LEDS}/g/*`,
  [`${LEDS}/h/x?e=1`]: `${LEDS}/h/*?e=1`,
  [`${LEDS}/h/x`]: undefined,
  plain: '*',
  other: '*',
};

class Rig {
  readonly held = new Map<string, string>();
  readonly wants = new Set<string>();
  readonly broken: string[] = [];
  #state: Subscription = newSubscription(typeRules(TYPE_URLS.LbEndpoint), 'delta');
  #view: TypeView = typeView(TYPE_URLS.LbEndpoint, []);
  #nonce = 0;
  #arrived: Plan | undefined;

  publish(contents: Readonly<Record<string, string>>): void {
    const resources = Object.entries(contents).map(([name, content]) => testResource('LbEndpoint', name, content));
    this.#view = typeView(this.#view.typeUrl, resources, this.#view);
  }

  ask(subscribe: readonly string[], unsubscribe: readonly string[]): void {
    for (const name of subscribe) this.wants.add(name);
    for (const name of unsubscribe) this.wants.delete(name);
    for (const name of this.held.keys()) if (!this.#covers(name)) this.held.delete(name);
    this.#request({ subscribe, unsubscribe, initial: new Map() });
  }

  /** One response, if one is due. */
  serve(): boolean {
    if (isAwaitingAnswer(this.#state)) return false;
    const plan = duePlan(this.#state, this.#view, { maxResponseBytes: 120 });
    if (plan === undefined) {
      this.#state = onUpToDate(this.#state, this.#view);
      return false;
    }
    this.#nonce += 1;
    this.#state = onSent(this.#state, plan, { nonce: `n${this.#nonce}`, atMs: 0 });
    this.#arrived = plan;
    return true;
  }

  answer(): boolean {
    const plan = this.#arrived;
    if (plan === undefined) return false;
    this.#arrived = undefined;
    for (const { name, version } of plan.entries) {
      if (this.#covers(name)) this.held.set(name, version);
      if (plan.removed.includes(name)) this.broken.push(`${name} comes and goes in one response`);
    }
    for (const name of plan.removed) this.held.delete(name);
    this.#request({ subscribe: [], unsubscribe: [], initial: new Map(), nonce: `n${this.#nonce}` });
    return true;
  }

  reconnect(): void {
    this.#state = newSubscription(this.#state.type, 'delta');
    this.#arrived = undefined;
    if (this.wants.size > 0) this.#request({ subscribe: [...this.wants], unsubscribe: [], initial: new Map(this.held) });
    else this.held.clear();
  }

  settle(): void {
    for (let step = 0; step < 100 && (this.serve() || this.answer()); step += 1);
    if (this.serve()) this.broken.push('something is still to be sent at rest');
  }

  expected(): Readonly<Record<string, string>> {
    const covered = [...this.#view.resources.values()].filter(({ name }) => this.#covers(name));
    return Object.fromEntries(covered.map(({ name, version }) => [name, version]));
  }

  #covers(name: string): boolean {
    const collection = RESOURCES[name];
    return this.wants.has(name) || (collection !== undefined && this.wants.has(collection));
  }

  #request(given: {
    readonly subscribe: readonly string[];
    readonly unsubscribe: readonly string[];
    readonly initial: ReadonlyMap<string, string>;
    readonly nonce?: string;
  }): void {
    const { subscribe, unsubscribe, initial, nonce = '' } = given;
    const names = { variant: 'delta' as const, subscribe, unsubscribe, initialVersions: initial };
    const request = { typeUrl: this.#view.typeUrl, nonce, error: undefined, names, isResuming: initial.size > 0 };
    this.#state = onRequest(this.#state, request, { isGrpc: false, view: this.#view, nowMs: 0 }).state;
  }
}

test('S11, X92, X95: whatever collections and members are asked for, and however they change, the client ends with exactly those', () => {
  const some = fc.subarray(ASKS);
  const contents = fc.dictionary(fc.constantFrom(...Object.keys(RESOURCES)), fc.constantFrom('1', '2'));
  const action: fc.Arbitrary<(rig: Rig) => void> = fc.oneof(
    contents.map((given) => (rig: Rig) => rig.publish(given)),
    // What is subscribed and given up in one message is given up; a client that means that does not subscribe.
    fc.tuple(some, some).map(
      ([on, off]) =>
        (rig: Rig) =>
          rig.ask(
            on.filter((name) => !off.includes(name)),
            off.filter((name) => rig.wants.has(name)),
          ),
    ),
    fc.constant((rig: Rig) => void rig.serve()),
    fc.constant((rig: Rig) => void rig.answer()),
    fc.constant((rig: Rig) => rig.reconnect()),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30, size: 'max' }), contents, (actions, last) => {
      const rig = new Rig();
      for (const act of actions) act(rig);
      rig.publish(last);
      rig.settle();
      expect(rig.broken).toEqual([]);
      expect(Object.fromEntries([...rig.held].sort(([left], [right]) => (left < right ? -1 : 1)))).toEqual(rig.expected());
    }),
    { numRuns: Number(process.env['S11_RUNS'] ?? 500), seed: Number(process.env['S11_SEED'] ?? 1) },
  );
});

test('S6: what is on its way when everything is asked for, and gone by then, is told to be gone', () => {
  const rig = new Rig();
  rig.ask(['plain'], []);
  rig.publish({ plain: '1' });
  rig.serve();
  rig.ask(ASKS.filter((name) => name.includes('/*')).slice(0, 1), ['plain']);
  rig.ask(['*'], []);
  rig.publish({});
  rig.settle();
  expect(rig.broken).toEqual([]);
  expect(Object.fromEntries(rig.held)).toEqual({});
});
