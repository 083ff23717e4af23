// A companion for feature tests: a delta ADS stream that says what it is, takes policies, key sets and secrets, and accepts or refuses them. And
// builds whose snapshots have policies and the cluster of the companions. Asserts nothing.
import type { Builds } from '../../src/build/build.ts';
import { createLocalBuilds } from '../../src/build/local-builds.ts';
import { loadEnvoyApi } from '../../src/proto/api.ts';
import { TYPE_URLS } from '../../src/proto/type-urls.ts';
import type { Snapshot } from '../../src/snapshot/types.ts';
import { snapshotVersion, withResources } from '../../src/snapshot/view.ts';
import { type Contents, type TypeLabel, testResource, testView } from '../support/snapshots.ts';
import { openChannel, type RawResponse } from '../support/xds-client.ts';

const api = loadEnvoyApi();

export interface ScriptedCompanion {
  /** What it has: type → names. */
  readonly held: ReadonlyMap<string, ReadonlySet<string>>;
  readonly responses: readonly RawResponse[];
  /** From now on nothing is answered. */
  pause(): void;
  resume(): void;
  /** Refuses policies of these names from now on. */
  refuse(...names: readonly string[]): void;
  /** Ends its stream in good order. */
  leave(): void;
  /** The stream breaks. */
  cut(): void;
}

export interface CompanionOptions {
  readonly port: number;
  readonly id: string;
  readonly endpoints: readonly string[];
  readonly gateway?: string;
}

export function connectCompanion({ port, id, endpoints, gateway = 'edge' }: CompanionOptions): ScriptedCompanion {
  const channel = openChannel(port);
  const stream = channel.open('delta');
  const held = new Map<string, Set<string>>();
  const responses: RawResponse[] = [];
  const waiting: RawResponse[] = [];
  const bad = new Set<string>();
  let isPaused = false;
  const text = (value: string) => ({ string_value: value });
  const claim = { role: text('authz'), endpoints: { list_value: { values: endpoints.map(text) } } };
  const node = { id, cluster: gateway, metadata: { fields: { chancery: { struct_value: { fields: claim } } } } };
  for (const [type, names] of [
    ['AuthPolicy', []],
    ['ApiKeySet', []],
    ['Secret', ['*']],
  ] as const)
    stream.send({ node, type_url: TYPE_URLS[type], resource_names_subscribe: [...names] });
  const answer = (response: RawResponse): void => {
    const { typeUrl, nonce, names, removed } = response;
    const refused = names.filter((name) => bad.has(name));
    const own = held.get(typeUrl) ?? new Set();
    held.set(typeUrl, own);
    for (const name of names) if (!bad.has(name)) own.add(name);
    for (const name of removed) own.delete(name);
    const error = refused.length === 0 ? {} : { error_detail: { code: 3, message: `${refused.join(', ')}: unknown field` } };
    stream.send({ type_url: typeUrl, response_nonce: nonce, ...error });
  };
  const read = async (): Promise<void> => {
    while (stream.isOpen) {
      const response = await stream.next().catch(() => undefined);
      if (response === undefined) return;
      responses.push(response);
      if (isPaused) waiting.push(response);
      else answer(response);
    }
  };
  void read();
  return {
    held,
    responses,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      for (const response of waiting.splice(0)) answer(response);
    },
    refuse: (...names) => {
      for (const name of names) bad.add(name);
    },
    leave: () => stream.halfClose(),
    cut: () => {
      stream.cancel();
      channel.close();
    },
  };
}

/** The builds of a gateway, whose snapshots also have what `extra` gives at that moment, and the companions' cluster without endpoints. */
export function buildsWith(extra: () => Contents): Builds {
  const builds = createLocalBuilds({ api, env: {}, nowMs: Date.now, cwd: '/' });
  return {
    stop: () => builds.stop(),
    builderOf: (file) => {
      const builder = builds.builderOf(file);
      return {
        build: async (since) => {
          const build = await builder.build(since);
          return build.good === undefined
            ? build
            : { ...build, good: { ...build.good, snapshot: withExtra(build.good.snapshot, extra()) } };
        },
        refuse: (good, refusal) => builder.refuse(good, refusal),
        textsOf: (files) => builder.textsOf(files),
        placeOf: (good, typeUrl, name) => builder.placeOf(good, typeUrl, name),
        explain: (good, asked) => builder.explain(good, asked),
      };
    },
  };
}

function withExtra(snapshot: Snapshot, extra: Contents): Snapshot {
  const views = new Map(snapshot.views);
  const companion = {
    Cluster: { 'companion/authz': { name: 'companion/authz', type: 'EDS', eds_cluster_config: { eds_config: { ads: {} } } } },
    ClusterLoadAssignment: { 'companion/authz': { cluster_name: 'companion/authz' } },
  };
  for (const part of [companion, extra]) {
    for (const [label, resources] of Object.entries(part)) {
      const type = label as TypeLabel;
      const view = views.get(TYPE_URLS[type]);
      const made = Object.entries(resources).map(([name, content]) => testResource(type, name, content));
      views.set(TYPE_URLS[type], view === undefined ? testView(type, resources) : withResources(view, made));
    }
  }
  const sorted = [...views.values()].sort((left, right) => (left.typeUrl < right.typeUrl ? -1 : 1));
  return { gateway: snapshot.gateway, version: snapshotVersion(sorted), views: new Map(sorted.map((view) => [view.typeUrl, view])) };
}
