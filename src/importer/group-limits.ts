// The limits of one group: usually one, with overrides for values that the files name; more where rules differ in what a whole limit says here: shadow
// mode, and what it replaces or is replaced by. Pure.
import type { ReferenceDescriptor, ReferenceUnit } from '../config/reference-limits.ts';
import { hasControlCharacter } from '../config/schema/control-character.ts';
import type { PartMatch } from '../lib/match-rank.ts';

import { mayLack } from './key-meanings.ts';
import type { GroupRule, LimitGroup } from './limit-groups.ts';
import { type OrderedRule, orderedOverrides } from './ordered-overrides.ts';

export interface ImportedOverride {
  readonly match: readonly PartMatch[];
  readonly rate: string;
  readonly shared: boolean;
  /** `file:line`; absent where it takes a value out of this limit. */
  readonly source?: string;
}

/** A limit of ours, but for its name and for the names of those that it replaces. */
export interface GroupLimit {
  readonly group: LimitGroup;
  readonly rate: string;
  readonly overrides: readonly ImportedOverride[];
  readonly isShadow: boolean;
  readonly isQuota: boolean;
  readonly whenMissing: 'share' | 'skip';
  /** The reference's name, where others replace it by that; else empty. */
  readonly replacedAs: string;
  /** Names of the reference. */
  readonly replaces: readonly string[];
  /** Those that count here. */
  readonly rules: readonly GroupRule[];
  /** It counts, or is unlimited, whatever the values are. */
  readonly isForAll: boolean;
}

/** What the answers to some requests will be otherwise, and why. */
export interface GroupLoss {
  readonly kind: 'hidden' | 'order' | 'sharedTogether' | 'unsent';
  readonly descriptor: ReferenceDescriptor;
  readonly other?: ReferenceDescriptor | undefined;
}

export interface GroupLimits {
  readonly limits: readonly GroupLimit[];
  readonly losses: readonly GroupLoss[];
}

const NO_LIMIT = 'unlimited';
/** Weeks, months and years of fixed length, from 1970-01-01: not those of a calendar (R320). */
const SPANS: Readonly<Record<ReferenceUnit, string>> = {
  second: 'second',
  minute: 'minute',
  hour: 'hour',
  day: 'day',
  week: '7d',
  month: '30d',
  year: '365d',
};

/** `replaced`: names that some limit of the domain replaces. */
export function groupLimits(group: LimitGroup, replaced: ReadonlySet<string>): GroupLimits {
  const losses: GroupLoss[] = [];
  const rules = group.rules.filter((rule) => isSent(rule, losses));
  const kinds = new Map<string, GroupRule>();
  for (const rule of rules)
    if (rule.limited !== undefined && !kinds.has(kindOf(rule.limited, replaced))) kinds.set(kindOf(rule.limited, replaced), rule);
  const limits = [...kinds].map(([kind, { limited }]) => {
    const said = limitOf({ group, rules, isOwn: (rule) => rule.limited !== undefined && kindOf(rule.limited, replaced) === kind });
    for (const loss of said.losses) if (!losses.some((each) => isSame(each, loss))) losses.push(loss);
    const { shadowMode = false, quotaMode = false, limit } = limited ?? {};
    return {
      ...said.limit,
      isShadow: shadowMode || quotaMode,
      isQuota: quotaMode,
      replacedAs: limit !== undefined && replaced.has(limit.name) ? limit.name : '',
      replaces: limit?.replaces ?? [],
      isForAll: kinds.size === 1 && said.limit.isForAll,
    };
  });
  return { limits, losses };
}

function isSame(left: GroupLoss, right: GroupLoss): boolean {
  return left.kind === right.kind && left.descriptor === right.descriptor && left.other === right.other;
}

/** What our overrides cannot say, so that it needs limits of its own. */
function kindOf({ shadowMode, quotaMode, limit }: ReferenceDescriptor, replaced: ReadonlySet<string>): string {
  const name = limit !== undefined && replaced.has(limit.name) ? limit.name : '';
  return JSON.stringify([shadowMode, quotaMode, name, [...new Set(limit?.replaces)].sort()]);
}

/** Envoy refuses such characters in all that descriptors are made of. */
function isSent({ match, limited }: GroupRule, losses: GroupLoss[]): boolean {
  const isGood = match.every(({ value }) => !hasControlCharacter(value));
  if (!isGood && limited !== undefined) losses.push({ kind: 'unsent', descriptor: limited });
  return isGood;
}

interface LimitTask {
  readonly group: LimitGroup;
  readonly rules: readonly GroupRule[];
  readonly isOwn: (rule: GroupRule) => boolean;
}

type SaidLimit = Pick<GroupLimit, 'group' | 'rate' | 'overrides' | 'whenMissing' | 'rules' | 'isForAll'>;

function limitOf({ group, rules, isOwn }: LimitTask): { readonly limit: SaidLimit; readonly losses: readonly GroupLoss[] } {
  const own = rules.filter(isOwn);
  const base = own.find(({ match }) => match.length === 0);
  const rate = base?.limited === undefined ? NO_LIMIT : rateOf(base.limited);
  const ordered = rules.map((rule, index): OrderedRule => {
    const isWhole = isOwn(rule) && isShared(rule);
    return { match: rule.match, outcome: isOwn(rule) ? `${rateOf(rule.limited)}${isWhole ? ` ${index}` : ''}` : NO_LIMIT, isWhole };
  });
  const said = orderedOverrides(ordered, { parts: group.parts, fallback: rate });
  const overrides = said.overrides.map(({ match, rule }): ImportedOverride => {
    const from = rules[rule];
    if (from?.limited === undefined || !isOwn(from)) return { match, rate: NO_LIMIT, shared: false };
    return { match, rate: rateOf(from.limited), shared: isShared(from), source: from.limited.source };
  });
  const losses = [
    ...pairLosses('hidden', said.hidden, rules),
    ...pairLosses('order', said.lost, rules),
    ...own.flatMap((rule): readonly GroupLoss[] =>
      rule.limited !== undefined && sharesMore(rule, group) ? [{ kind: 'sharedTogether', descriptor: rule.limited }] : [],
    ),
  ];
  const isForAll = base !== undefined && rules.every((rule) => rule.limited !== undefined || rule.match.length === 0);
  const whenMissing = group.parts.some(mayLack) ? 'skip' : 'share';
  return { limit: { group, rate, overrides, whenMissing, rules: own, isForAll }, losses };
}

function pairLosses(
  kind: 'hidden' | 'order',
  pairs: readonly { readonly rule: number; readonly other: number }[],
  rules: readonly GroupRule[],
): readonly GroupLoss[] {
  return pairs.flatMap(({ rule, other }): readonly GroupLoss[] => {
    const [lost, first] = [rules[rule], rules[other]];
    const descriptor = lost?.limited ?? first?.limited;
    if (descriptor === undefined || (kind === 'hidden' && lost?.limited === undefined)) return [];
    return [{ kind, descriptor, other: lost?.limited === undefined ? lost?.steps.at(-1) : (first?.limited ?? first?.steps.at(-1)) }];
  });
}

function rateOf(limited: ReferenceDescriptor | undefined): string {
  const rate = limited?.limit?.rate;
  return rate === undefined ? NO_LIMIT : `${rate.requestsPerUnit}/${SPANS[rate.unit]}`;
}

/** Some pattern stands for its values in the counter's key (R323). */
function isShared({ sharedParts, limited }: GroupRule): boolean {
  return limited?.limit?.rate !== undefined && sharedParts.length > 0;
}

/** Our shared counters are for all that an override fits; the reference's are apart by the values of what shares nothing. */
function sharesMore(rule: GroupRule, { parts }: LimitGroup): boolean {
  if (!isShared(rule)) return false;
  return parts.some((part) => {
    const value = rule.match.find((each) => each.part === part)?.value;
    return !rule.sharedParts.includes(part) && (value === undefined || value.includes('*'));
  });
}
