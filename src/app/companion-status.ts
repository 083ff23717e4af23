// Companions as status, API and page show them. Plain data, made when asked for.
import type { Companion } from '../delivery/companion-book.ts';

export interface CompanionStatus {
  readonly gateway: string;
  readonly role: 'authz' | 'ratelimit';
  /** Of its node; `in-process` for that of the control plane itself. */
  readonly id: string;
  /**
   * `serving`: proxies are sent to it; `behind`: it is connected and lacks policies that proxies ask for, or has not said what it has; `lost`:
   * its stream broke, and proxies are sent to it still; `spare`: another one counts in memory, where two would each admit the whole rate
   * (ratelimit R603).
   */
  readonly state: 'serving' | 'behind' | 'lost' | 'spare';
  readonly endpoints: readonly string[];
  /** Connected or lost since then; milliseconds since the epoch. */
  readonly since: number;
  /** How many policies it has. */
  readonly held: number;
  /** Those that proxies may ask for and it lacks. */
  readonly missing: readonly string[];
  readonly refused: readonly { readonly policy: string; readonly message: string }[];
}

const NAMES_SHOWN = 100;

/** `requiredOf` gives the policies that proxies of a gateway may ask for. */
export function companionStatuses(
  companions: readonly Companion[],
  requiredOf: (gateway: string, role: CompanionStatus['role']) => readonly string[],
): readonly CompanionStatus[] {
  return companions.map(({ gateway, role, id, endpoints, state, sinceMs, held, refused, isServing, isSpare }) => ({
    gateway,
    role,
    id,
    endpoints,
    since: sinceMs,
    held: held.size,
    state: state === 'lost' ? 'lost' : isServing ? 'serving' : isSpare ? 'spare' : 'behind',
    missing:
      state === 'connected'
        ? requiredOf(gateway, role)
            .filter((name) => !held.has(name))
            .slice(0, NAMES_SHOWN)
        : [],
    refused: [...refused].slice(0, NAMES_SHOWN).map(([policy, message]) => ({ policy, message })),
  }));
}
