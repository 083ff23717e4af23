import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { Snapshot } from '../../src/snapshot/types.ts';
import { VersionedMap } from '../../src/snapshot/versioned-map.ts';
import { eventually } from '../support/eventually.ts';
import { type Contents, testResource } from '../support/snapshots.ts';
import { FORMS, type Form, type TestClient } from './test-client.ts';
import { PROMPT, withXds } from './with-xds.ts';

const TYPES = ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration', 'Secret'] as const;
type Type = (typeof TYPES)[number];
type Held = Record<Type, Record<string, string>>;

const rig = withXds();

/** A client that keeps what it is sent, as the protocol says that it must. */
class KeepingClient {
  readonly held: Held = { Cluster: {}, ClusterLoadAssignment: {}, Listener: {}, RouteConfiguration: {}, Secret: {} };
  readonly client: TestClient;
  readonly #form: Form;

  constructor(form: Form) {
    this.#form = form;
    this.client = rig.connect(form, { id: `${form.variant}-${form.ads}` });
  }

  /** Answers all that comes until nothing comes any more; what is marked for refusal is refused. */
  async settle(refused: readonly string[] = []): Promise<void> {
    for (let isBusy = true; isBusy; ) {
      await this.client.settled();
      isBusy = false;
      for (const type of TYPES) {
        const response = this.client.stream(type).waiting[0];
        if (response === undefined || response.typeUrl !== TYPE_URLS[type]) continue;
        await this.client.next(type);
        isBusy = true;
        if (Object.values(response.resources).some((content) => refused.includes(content))) {
          this.client.nack(type, response);
          continue;
        }
        if (this.#form.variant === 'sotw' && (type === 'Cluster' || type === 'Listener')) this.held[type] = {};
        Object.assign(this.held[type], response.resources);
        for (const name of response.removed) delete this.held[type][name];
        this.client.ack(type, response);
      }
    }
  }

  /** As it asks: what it gives up, it drops. */
  want(type: Type, ...names: string[]): void {
    this.client.want(type, ...names);
    if (names.includes('*')) return;
    for (const name of Object.keys(this.held[type])) if (!names.includes(name)) delete this.held[type][name];
  }
}

const FIRST: Contents = {
  Cluster: { a: '1', b: '1' },
  ClusterLoadAssignment: { a: '1', b: '1' },
  Listener: { l: '1' },
  RouteConfiguration: { r: 'to a' },
  Secret: { s: '1' },
};

test('X1: through the same events clients of all four forms come to hold the same, and it is what they ask for', async () => {
  const clients = FORMS.map((form) => new KeepingClient(form));
  const all = async (step: (keeper: KeepingClient) => void, refused?: readonly string[]): Promise<void> => {
    for (const keeper of clients) {
      step(keeper);
      await keeper.settle(refused);
    }
  };
  const published = async (contents: Contents, refused?: readonly string[]): Promise<void> => {
    rig.xds.publish(contents);
    // Separate streams follow their parents a little later (O1).
    rig.xds.clock.pass(1_000);
    await all(() => {}, refused);
  };
  const same = (expected: Held): void => {
    for (const keeper of clients) expect({ form: keeper.client.form, ...keeper.held }).toEqual({ form: keeper.client.form, ...expected });
  };

  rig.xds.publish(FIRST);
  await all((keeper) => {
    keeper.want('Cluster', '*');
    keeper.want('ClusterLoadAssignment', 'a', 'b');
    keeper.want('Listener', '*');
    keeper.want('RouteConfiguration', 'r');
    keeper.want('Secret', 's');
  });
  same(FIRST as Held);

  await published({ ...FIRST, Cluster: { a: '1', b: '2', c: '1' }, RouteConfiguration: { r: 'to c' } });
  await all((keeper) => keeper.want('ClusterLoadAssignment', 'a', 'b', 'c'));
  await published({ ...FIRST, Cluster: { a: '1', c: 'bad' }, ClusterLoadAssignment: { a: '2', c: '1' }, Listener: { l: '2' } }, ['bad']);
  await published({ ...FIRST, Cluster: { a: '1', c: 'good' }, ClusterLoadAssignment: { a: '2', c: '1' }, Listener: { l: '2' } });
  await all((keeper) => keeper.want('ClusterLoadAssignment', 'a', 'c'));
  await all((keeper) => keeper.want('Secret'));
  same({
    Cluster: { a: '1', c: 'good' },
    ClusterLoadAssignment: { a: '2', c: '1' },
    Listener: { l: '2' },
    RouteConfiguration: { r: 'to a' },
    Secret: {},
  });
});

describe.each(FORMS)('coming back, $title', (form) => {
  test('X54, J#127, J#287: a client that comes back with a name that is gone gets the others', async () => {
    rig.xds.publish({ Cluster: { a: '1', gone: '1' }, ClusterLoadAssignment: { a: '1', gone: '1' } });
    const client = rig.connect(form);
    client.want('Cluster', '*');
    await client.take('Cluster');
    client.want('ClusterLoadAssignment', 'a', 'gone');
    const { versions } = await client.take('ClusterLoadAssignment');
    client.disconnect();
    await client.settled();
    rig.xds.publish({ Cluster: { a: '1' }, ClusterLoadAssignment: { a: '1' } });
    client.want('Cluster', '*');
    await client.take('Cluster');
    client.send('ClusterLoadAssignment', { want: ['a', 'gone'], version: 'of before', initial: versions });
    expect((await client.take('ClusterLoadAssignment')).names).toContain('a');
  });

  test('S9: versions and contents are taken as given: nothing is checked or made anew', async () => {
    const resource = { ...testResource('RouteConfiguration', 'a', '1'), version: 'one' };
    const view = { typeUrl: TYPE_URLS.RouteConfiguration, version: 'v1', resources: VersionedMap.of([resource]) };
    const snapshot: Snapshot = { gateway: 'edge', version: 's1', views: new Map([[view.typeUrl, view]]) };
    rig.xds.store.publish(snapshot);
    const client = rig.connect(form);
    client.want('RouteConfiguration', 'a');
    const response = await client.take('RouteConfiguration');
    expect(response.version).toBe('v1');
    if (form.variant === 'delta') expect(response.versions).toEqual({ a: 'one' });
    rig.xds.store.publish({ ...snapshot, version: 's2', views: new Map([[view.typeUrl, { ...view, version: 'v2' }]]) });
    await client.silence();
  });

  test('S8: any number of new targets costs nothing until a stream can write, and then the newest counts', async () => {
    rig.xds.publish({ Listener: { l: '0' } });
    const client = rig.connect(form);
    client.want('Listener', '*');
    await client.take('Listener');
    await client.settled();
    const built = rig.xds.counts.get('framesBuilt') ?? 0;
    for (let turn = 1; turn <= 100; turn += 1) rig.xds.publish({ Listener: { l: String(turn) } });
    expect(rig.xds.counts.get('framesBuilt')).toBe(built);
    expect(await client.contents('Listener')).toEqual({ l: '100' });
    await client.silence();
  });
});

describe.each(FORMS)('age, $title', (form) => {
  const HOUR_MS = 3_600_000;
  const aging = withXds({ ...PROMPT, maxConnectionAgeMs: HOUR_MS });

  test('X12, T7: no stream ends before its first response, however old it is; then it ends with OK', async () => {
    const client = aging.connect(form);
    client.want('Cluster', '*');
    await eventually(() => aging.xds.counts.get('requests:Cluster') === 1, { what: 'the request' });
    for (let turn = 0; turn < 5; turn += 1) {
      aging.xds.clock.pass(HOUR_MS);
      await new Promise(setImmediate);
    }
    expect(aging.xds.counts.get('streams')).toBe(1);
    const stream = client.stream('Cluster');
    aging.xds.publish({ Cluster: { a: '1' } });
    expect(await client.contents('Cluster')).toEqual({ a: '1' });
    expect((await stream.ended).code).toBe(status.OK);
  });
});
