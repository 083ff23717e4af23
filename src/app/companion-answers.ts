// What a connected companion has, read from its stream: policies that it accepted, and those that it refused with its words. Changes nothing.
import type { Companion } from '../delivery/companion-book.ts';
import { NEEDED_TYPES, versionedName } from '../delivery/policy-needs.ts';
import { resourceStatuses, type SubscriptionView } from '../xds/client-status.ts';
import type { ClientStream } from '../xds/client-status-service.ts';
import type { CompanionRole } from '../xds/companion-claim.ts';
import { namesMeant } from '../xds/rejected.ts';

/**
 * Versions of limits are held beside their name: any will do for requests, one alone for the gate. `streams`: the open ones of one node, the newest last, which alone counts. Undefined before it has
 * said yes or no to what its role needs.
 */
export function companionAnswer(role: CompanionRole, streams: readonly ClientStream[]): Pick<Companion, 'held' | 'refused'> | undefined {
  const policies = streams.at(-1)?.subscriptions.find(({ state }) => state.type.typeUrl === NEEDED_TYPES[role]);
  if (policies === undefined || (policies.state.accepted === undefined && policies.state.rejected === undefined)) return undefined;
  const statuses = resourceStatuses(policies);
  const refused = refusedOf(policies, statuses);
  if (role === 'ratelimit') return tableAnswer(statuses, refused);
  const held = statuses.flatMap(({ name, status }) => (status === 'SYNCED' || (status === 'ERROR' && !refused.has(name)) ? [name] : []));
  return { held: new Set(held), refused };
}

/** What stands in place of a refused version is the one before, which proxies may go on to use. */
function tableAnswer(
  statuses: ReturnType<typeof resourceStatuses>,
  refused: ReadonlyMap<string, string>,
): Pick<Companion, 'held' | 'refused'> {
  const held = new Set<string>();
  const refusals = new Map<string, string>();
  for (const { name, status, version = '', acceptedAtMs } of statuses) {
    const refusal = refused.get(name);
    if (status === 'SYNCED') held.add(name).add(versionedName(name, version));
    else if (refusal !== undefined) refusals.set(versionedName(name, version), refusal);
    if (status !== 'NOT_SENT' && acceptedAtMs !== undefined) held.add(name);
  }
  return { held, refused: refusals };
}

/** Of a response that it refused it enforces what its message does not name (authz D3). */
function refusedOf({ state }: SubscriptionView, statuses: ReturnType<typeof resourceStatuses>): ReadonlyMap<string, string> {
  const { rejected } = state;
  if (rejected === undefined) return new Map();
  const names = statuses.flatMap(({ name, status }) => (status === 'ERROR' ? [name] : []));
  return new Map(namesMeant(names, rejected.message).map((name) => [name, rejected.message]));
}
