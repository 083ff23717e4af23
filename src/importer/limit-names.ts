// Names for imported limits: those that the reference's files give, else the keys and constants by which Envoy sends them. Stable, and each once.
import type { GroupLimit } from './group-limits.ts';
import type { GroupEntry } from './limit-groups.ts';

const LONGEST = 63;

/** Parallel to the limits. `isOne`: all are of one domain, whose name says nothing. */
export function limitNames(limits: readonly GroupLimit[], isOne: boolean): readonly string[] {
  const used = new Set<string>();
  return limits.map((limit) => {
    const name = free(slug(isOne ? wordsOf(limit, limits) : `${limit.group.domain}-${wordsOf(limit, limits)}`), used);
    used.add(name);
    return name;
  });
}

function wordsOf(limit: GroupLimit, limits: readonly GroupLimit[]): string {
  const [own, ...more] = new Set(limit.rules.map(({ limited }) => limited?.limit?.name ?? ''));
  if (own !== undefined && own !== '' && more.length === 0) return own;
  const words = limit.group.entries.map(entryWords).join('-');
  const siblings = limits.filter(({ group }) => group === limit.group);
  if ((siblings.find(({ isShadow }) => !isShadow) ?? siblings[0]) === limit) return words;
  return `${words}-${limit.isQuota ? 'quota' : limit.isShadow ? 'shadow' : limit.replacedAs || 'more'}`;
}

function entryWords({ key, constant }: GroupEntry): string {
  return constant === undefined ? key : constant;
}

function slug(words: string): string {
  const text = words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return cut(/^[a-z]/.test(text) ? text : `limit-${text}`, LONGEST);
}

function free(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name)) return name;
  for (let number = 2; ; number += 1) {
    const next = `${cut(name, LONGEST - String(number).length - 1)}-${number}`;
    if (!used.has(next)) return next;
  }
}

function cut(name: string, length: number): string {
  return name.slice(0, length).replaceAll(/-+$/g, '');
}
