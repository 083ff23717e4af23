// Where a snapshot says that limits are counted, as far as it decides who may count (ratelimit R603). Reads; changes nothing.
import type { EnvoyApi } from '../proto/api.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import type { Snapshot, SnapshotResource } from '../snapshot/types.ts';

const answers = new WeakMap<SnapshotResource, boolean>();

/** Counters are in the memory of whoever counts: two would each admit the whole rate. */
export function countsInMemory(snapshot: Snapshot, api: Pick<EnvoyApi, 'decode'>): boolean {
  const tables = snapshot.views.get(TYPE_URLS.RateLimitTable)?.resources.values() ?? [];
  return [...tables].some((table) => isInMemory(table, api));
}

function isInMemory(table: SnapshotResource, api: Pick<EnvoyApi, 'decode'>): boolean {
  const known = answers.get(table);
  if (known !== undefined) return known;
  const { value } = api.decode('google.protobuf.Any', table.any);
  const { store } = api.decode('chancery.policy.v1.RateLimitTable', Buffer.from(value ?? ''));
  const answer = store?.kind === 'memory';
  answers.set(table, answer);
  return answer;
}
