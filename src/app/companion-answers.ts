// What a connected companion has, read from its stream: policies that it accepted, and those that it refused with its words. Changes nothing.
import type { Companion } from '../delivery/companion-book.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';
import { resourceStatuses, type SubscriptionView } from '../xds/client-status.ts';
import type { ClientStream } from '../xds/client-status-service.ts';
import { namesMeant } from '../xds/rejected.ts';

/** `streams`: the open ones of one node, the newest last, which alone counts. Undefined before it has said yes or no to policies. */
export function companionAnswer(streams: readonly ClientStream[]): Pick<Companion, 'held' | 'refused'> | undefined {
  const policies = streams.at(-1)?.subscriptions.find(({ state }) => state.type.typeUrl === TYPE_URLS.AuthPolicy);
  if (policies === undefined || (policies.state.accepted === undefined && policies.state.rejected === undefined)) return undefined;
  const statuses = resourceStatuses(policies);
  const refused = refusedOf(policies, statuses);
  const held = statuses.flatMap(({ name, status }) => (status === 'SYNCED' || (status === 'ERROR' && !refused.has(name)) ? [name] : []));
  return { held: new Set(held), refused };
}

/** Of a response that it refused it enforces what its message does not name (authz D3). */
function refusedOf({ state }: SubscriptionView, statuses: ReturnType<typeof resourceStatuses>): ReadonlyMap<string, string> {
  const { rejected } = state;
  if (rejected === undefined) return new Map();
  const names = statuses.flatMap(({ name, status }) => (status === 'ERROR' ? [name] : []));
  return new Map(namesMeant(names, rejected.message).map((name) => [name, rejected.message]));
}
