// A client for conformance tests that speaks all four forms of the protocol alike: what a test says about names becomes a full list or a
// change, on one stream or on one per type. It answers only when told to.
import { expect } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { TypeLabel } from '../support/snapshots.ts';
import { openChannel, type RawResponse, type RawStream, type WireVariant, type XdsChannel } from '../support/xds-client.ts';
import { GATEWAY, type XdsHarness } from './xds-harness.ts';

export interface Form {
  readonly variant: WireVariant;
  readonly ads: boolean;
}

/** The four forms, for `describe.each`; `$title` names one. */
export const FORMS: readonly (Form & { readonly title: string })[] = [
  { title: 'SotW ADS', variant: 'sotw', ads: true },
  { title: 'delta ADS', variant: 'delta', ads: true },
  { title: 'separate SotW', variant: 'sotw', ads: false },
  { title: 'separate delta', variant: 'delta', ads: false },
];

export const SOTW_FORMS = FORMS.filter(({ variant }) => variant === 'sotw');
export const DELTA_FORMS = FORMS.filter(({ variant }) => variant === 'delta');
export const ADS_FORMS = FORMS.filter(({ ads }) => ads);

export interface NodeOptions {
  readonly id?: string;
  readonly gateway?: string;
  readonly userAgent?: string;
  readonly features?: readonly string[];
}

export interface Change {
  /** All names wanted from now on, `*` included. Default: as before. */
  readonly want?: readonly string[];
  /** Delta: added to the changes that follow from `want`. */
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initial?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  readonly version?: string;
  readonly error?: { readonly code: number; readonly message: string };
}

export class TestClient {
  readonly form: Form;
  readonly #harness: XdsHarness;
  readonly #channel: XdsChannel;
  readonly #node: NodeOptions;
  readonly #streams = new Map<TypeLabel | 'all', RawStream>();
  /** Of the open streams: what is wanted. */
  readonly #wants = new Map<TypeLabel, readonly string[]>();
  #fence: RawStream | undefined;
  #fences = 0;

  constructor(harness: XdsHarness, form: Form, node: NodeOptions = {}) {
    this.#harness = harness;
    this.form = form;
    this.#node = node;
    this.#channel = openChannel(harness.port);
  }

  /** Wants exactly these names of a type from now on. */
  want(type: TypeLabel, ...names: readonly string[]): void {
    this.send(type, { want: names });
  }

  /** One request; by default without a nonce and without a change. */
  send(type: TypeLabel, change: Change): void {
    const stream = this.stream(type);
    const before = this.#wants.get(type) ?? [];
    const wants = change.want ?? before;
    const isFirst = this.form.ads ? this.#wants.size === 0 : !this.#wants.has(type);
    this.#wants.set(type, wants);
    const common = {
      type_url: TYPE_URLS[type],
      ...(isFirst ? { node: this.node() } : {}),
      response_nonce: change.nonce ?? '',
      ...(change.error === undefined ? {} : { error_detail: change.error }),
    };
    if (this.form.variant === 'sotw') stream.send({ ...common, version_info: change.version ?? '', resource_names: [...wants] });
    else {
      stream.send({
        ...common,
        resource_names_subscribe: [...wants.filter((name) => !before.includes(name)), ...(change.subscribe ?? [])],
        resource_names_unsubscribe: [...before.filter((name) => !wants.includes(name)), ...(change.unsubscribe ?? [])],
        initial_resource_versions: { ...change.initial },
      });
    }
  }

  node(): object {
    const { id = 'node-1', gateway = GATEWAY, userAgent = 'envoy', features = [] } = this.#node;
    return { id, cluster: gateway, user_agent_name: userAgent, client_features: [...features] };
  }

  /** The next response, which must be of this type. */
  async next(type: TypeLabel): Promise<RawResponse> {
    const response = await this.stream(type).next();
    expect(response.typeUrl).toBe(TYPE_URLS[type]);
    return response;
  }

  ack(type: TypeLabel, response: RawResponse, change: Change = {}): void {
    this.send(type, { ...change, nonce: response.nonce, version: response.version });
  }

  nack(type: TypeLabel, response: RawResponse, change: Change = {}): void {
    this.send(type, { error: { code: 13, message: 'refused by the test' }, ...change, nonce: response.nonce });
  }

  /** The next response, accepted. */
  async take(type: TypeLabel): Promise<RawResponse> {
    const response = await this.next(type);
    this.ack(type, response);
    return response;
  }

  /** What the next response holds, accepted: name → contents, and `null` for a name that is removed. */
  async contents(type: TypeLabel): Promise<Readonly<Record<string, string | null>>> {
    const { resources, removed } = await this.take(type);
    return { ...resources, ...Object.fromEntries(removed.map((name) => [name, null])) };
  }

  /** Everything that the server had to say so far has arrived, and it was nothing. */
  async silence(): Promise<void> {
    await this.settled();
    for (const stream of this.#streams.values()) expect(stream.waiting).toEqual([]);
  }

  /** Everything that the server has to say so far has arrived: three exchanges on another stream of this connection have passed it by. */
  async settled(): Promise<void> {
    for (let round = 0; round < 3; round += 1) await this.#passFence();
    await new Promise(setImmediate);
  }

  stream(type: TypeLabel): RawStream {
    const key = this.form.ads ? 'all' : type;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    const opened = this.#channel.open(this.form.variant, this.form.ads ? undefined : type);
    this.#streams.set(key, opened);
    return opened;
  }

  /** Closes the streams; the next request opens new ones, as after a lost connection. */
  disconnect(): void {
    for (const stream of this.#streams.values()) stream.cancel();
    this.#streams.clear();
    this.#wants.clear();
  }

  close(): void {
    this.disconnect();
    this.#fence?.cancel();
    this.#channel.close();
  }

  async #passFence(): Promise<void> {
    if (this.#fence === undefined) {
      this.#harness.publish({}, 'fence');
      this.#fence = this.#channel.open('delta');
    }
    this.#fences += 1;
    const type_url = 'type.googleapis.com/test.Fence';
    this.#fence.send({ node: { id: 'fence', cluster: 'fence' }, type_url, resource_names_subscribe: [`fence-${this.#fences}`] });
    const { nonce } = await this.#fence.next();
    this.#fence.send({ type_url, response_nonce: nonce });
  }
}
