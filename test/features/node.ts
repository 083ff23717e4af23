// A node for feature tests: subscribes as an Envoy does over delta ADS, accepts (or refuses) what it is sent and remembers it. Asserts nothing.
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { TypeLabel } from '../support/snapshots.ts';
import { openChannel, type RawResponse } from '../support/xds-client.ts';

export interface Node {
  /** What it runs now: type → name → version. */
  readonly running: ReadonlyMap<TypeLabel, ReadonlyMap<string, string>>;
  /** All responses since the start. */
  readonly responses: readonly RawResponse[];
  /** Refuses the next response of a type with this message. */
  refuseNext(type: TypeLabel, message: string): void;
  /** Accepts the next response of a type after all. */
  accept(type: TypeLabel): void;
  close(): void;
}

export interface NodeOptions {
  readonly port: number;
  readonly gateway: string;
  readonly id?: string;
  /** What it runs already, from an earlier stream. */
  readonly running?: ReadonlyMap<TypeLabel, ReadonlyMap<string, string>>;
}

const WILDCARD_TYPES = ['Cluster', 'Listener'] as const;

export function connectNode({ port, gateway, id = 'node-1', running: earlier }: NodeOptions): Node {
  const channel = openChannel(port);
  const stream = channel.open('delta');
  const running = new Map<TypeLabel, Map<string, string>>();
  const responses: RawResponse[] = [];
  const refusals = new Map<TypeLabel, string>();
  const subscribed = new Set<string>();

  const of = (type: TypeLabel): Map<string, string> => {
    const known = running.get(type) ?? new Map(earlier?.get(type) ?? []);
    running.set(type, known);
    return known;
  };
  const ask = (type: TypeLabel, names: readonly string[]): void => {
    const isFirst = !subscribed.has(type);
    const fresh = names.filter((name) => !subscribed.has(`${type} ${name}`));
    if (!isFirst && fresh.length === 0) return;
    subscribed.add(type);
    for (const name of fresh) subscribed.add(`${type} ${name}`);
    stream.send({
      node: { id, cluster: gateway },
      type_url: TYPE_URLS[type],
      resource_names_subscribe: [...fresh],
      ...(isFirst ? { initial_resource_versions: Object.fromEntries(of(type)) } : {}),
    });
  };
  const follow = (type: TypeLabel): void => {
    if (type === 'Cluster') ask('ClusterLoadAssignment', [...of('Cluster').keys()]);
    if (type === 'Listener')
      ask(
        'RouteConfiguration',
        [...of('Listener').keys()].map((name) => name.replace('listener/', 'routes/')),
      );
  };
  const take = (response: RawResponse): void => {
    responses.push(response);
    const type = labelOf(response.typeUrl);
    const message = refusals.get(type);
    refusals.delete(type);
    const answer = { type_url: response.typeUrl, response_nonce: response.nonce };
    if (message !== undefined) {
      stream.send({ ...answer, error_detail: { code: 3, message } });
      return;
    }
    for (const [name, version] of Object.entries(response.versions)) of(type).set(name, version);
    for (const name of response.removed) of(type).delete(name);
    stream.send(answer);
    follow(type);
  };
  const read = async (): Promise<void> => {
    while (stream.isOpen) {
      const response = await stream.next().catch(() => undefined);
      if (response !== undefined) take(response);
    }
  };

  for (const type of WILDCARD_TYPES) ask(type, []);
  void read();
  return {
    running,
    responses,
    refuseNext: (type, message) => void refusals.set(type, message),
    accept: (type) => void refusals.delete(type),
    close: () => {
      stream.cancel();
      channel.close();
    },
  };
}

function labelOf(typeUrl: string): TypeLabel {
  const found = Object.entries(TYPE_URLS).find(([, url]) => url === typeUrl);
  if (found === undefined) throw new Error(`an unknown type came: ${typeUrl}`);
  return found[0] as TypeLabel;
}
