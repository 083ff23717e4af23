// Whether routes that need these policies may be offered (authz D5, delivery D10): every connected companion has them, or the time for it is
// over and one has. Pure; who waits for what stands in gated-rollouts.ts.
import type { CompanionRole } from '../xds/companion-claim.ts';
import type { CompanionFacts } from './companion-facts.ts';

export interface PolicyNeed {
  /** Of the companions that must have them. */
  readonly role: CompanionRole;
  /** Names of policies, or versions of limits. */
  readonly policies: readonly string[];
  /** When the waiting began, and how long it may take. */
  readonly sinceMs: number;
  readonly waitMs: number;
}

export type PolicyVerdict =
  /** `without`: companions that do not have all of it and answer for nobody from now on. */
  | { readonly kind: 'open'; readonly without: readonly string[] }
  | { readonly kind: 'wait'; readonly role: CompanionRole; readonly untilMs: number; readonly missing: readonly MissingPolicies[] }
  /** No companion has all of it, and no clock will change that. */
  | { readonly kind: 'lacking'; readonly role: CompanionRole; readonly missing: readonly MissingPolicies[] }
  /** All that are connected refused some of it. */
  | { readonly kind: 'refused'; readonly role: CompanionRole; readonly refusals: readonly PolicyRefusal[] };

export interface MissingPolicies {
  readonly companion: string;
  readonly policies: readonly string[];
}

export interface PolicyRefusal {
  readonly companion: string;
  readonly policy: string;
  readonly message: string;
}

/** A revision that no node is offered yet. */
export interface PolicyWait {
  readonly revision: number;
  /** Of the companions that are waited for; absent before anybody looked. */
  readonly role?: CompanionRole;
  readonly sinceMs: number;
  /** Until when at most; absent: until a companion has them. */
  readonly untilMs?: number;
  /** Connected companions that have not said yes or no; empty where none is connected. */
  readonly missing: readonly MissingPolicies[];
}

export function judgePolicies(need: PolicyNeed, companions: readonly CompanionFacts[], nowMs: number): PolicyVerdict {
  const connected = companions.filter(({ isConnected }) => isConnected);
  const lacking = connected.filter(({ held }) => need.policies.some((name) => !held.has(name)));
  const hasServing = lacking.length < connected.length;
  if (need.policies.length === 0 || (hasServing && lacking.length === 0)) return { kind: 'open', without: [] };
  const undecided = lacking.filter(({ refused }) => !need.policies.some((name) => refused.has(name)));
  const untilMs = need.sinceMs + need.waitMs;
  if (undecided.length > 0 && nowMs < untilMs) return { kind: 'wait', role: need.role, untilMs, missing: missingOf(need, undecided) };
  if (hasServing) return { kind: 'open', without: lacking.map(({ id }) => id) };
  if (undecided.length === 0 && connected.length > 0) return { kind: 'refused', role: need.role, refusals: refusalsOf(need, lacking) };
  return { kind: 'lacking', role: need.role, missing: missingOf(need, undecided) };
}

/** Of companions of several roles, each of which must be ready: one that refused, then one that has time left, then one that lacks something. */
export function worstOf(verdicts: readonly PolicyVerdict[]): PolicyVerdict {
  const worst = (['refused', 'wait', 'lacking'] as const).flatMap((kind) => verdicts.find((verdict) => verdict.kind === kind) ?? [])[0];
  return worst ?? { kind: 'open', without: verdicts.flatMap((verdict) => (verdict.kind === 'open' ? verdict.without : [])) };
}

function missingOf({ policies }: PolicyNeed, companions: readonly CompanionFacts[]): readonly MissingPolicies[] {
  return companions.map(({ id, held }) => ({ companion: id, policies: policies.filter((name) => !held.has(name)) }));
}

/** The first of each companion. */
function refusalsOf({ policies }: PolicyNeed, companions: readonly CompanionFacts[]): readonly PolicyRefusal[] {
  return companions.flatMap(({ id, refused }) => {
    const policy = policies.find((name) => refused.has(name));
    return policy === undefined ? [] : [{ companion: id, policy, message: refused.get(policy) ?? '' }];
  });
}

/** One line for people: what a revision waits for. */
export function waitText({ revision, role = 'authz', untilMs, missing }: PolicyWait): string {
  const waits = `revision ${revision} waits`;
  const what = role === 'authz' ? 'policies' : 'limits';
  const ids = missing.map(({ companion }) => companion).join(', ');
  if (untilMs !== undefined) return `${waits} for ${what} to be accepted by ${ids}`;
  if (missing.length > 0) return `${waits}: no companion has its ${what} (connected: ${ids})`;
  return `${waits}: it needs ${what} and no ${role} companion is connected; start one with \`chancery ${role}\``;
}
