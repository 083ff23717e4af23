// What limits ask of auth and of each other (ratelimit R106, R110): who calls is known after auth, and what replaces must be asked together.
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';
import type { Limit } from './types.ts';
import { type KnownLimits, reportUnknownLimit } from './unknown-limit.ts';

/** Before auth nobody knows who calls. */
export function checkPhase({ path, phase, parts, limitFrom, cost }: Limit, report: Report): void {
  if (phase === 'main') return;
  const index = parts.findIndex(({ kind }) => kind === 'jwt' || kind === 'apiKey');
  const at = index !== -1 ? ['key', index] : limitFrom !== undefined ? ['limitFrom'] : cost.kind === 'requestHeader' ? ['cost'] : undefined;
  if (at === undefined) return;
  report(
    errorAt([...path, ...at], 'CH2910', {
      message: 'before auth nobody knows who calls',
      help: 'leave phase out, or count by client.ip',
      related: [{ message: 'phase is here', path: [...path, 'phase'] }],
    }),
  );
}

/** A header that clients can write would let them choose what they pay. */
export function checkCostHeader({ path, cost }: Limit, identityHeaders: readonly string[], report: Report): void {
  if (cost.kind !== 'requestHeader' || identityHeaders.includes(cost.name)) return;
  report(
    errorAt([...path, 'cost', 'request'], 'CH2905', {
      message: `clients can write ${cost.name} themselves, and so choose what they pay`,
      help: 'name a header of forwardClaims, whose copies by clients are removed',
    }),
  );
}

export interface ReplaceFacts extends KnownLimits {
  /** Names in the order of the file. */
  readonly written: readonly string[];
}

export function checkReplaces(limit: Limit, known: ReplaceFacts, report: Report): void {
  for (const [index, name] of known.written.entries()) {
    const path = [...limit.path, 'replaces', index];
    const other = known.limits.get(name);
    if (name === limit.name) {
      report(errorAt(path, 'CH2908', { message: 'a limit cannot replace itself', help: 'remove it' }));
    } else if (other === undefined) {
      reportUnknownLimit(name, { path, known }, report);
    } else if (other.scope !== limit.scope || other.phase !== limit.phase || other.onFailure !== limit.onFailure) {
      report(
        errorAt(path, 'CH2908', {
          message: `"${name}" is not asked together with "${limit.name}": scope, phase and onFailure must be the same`,
          help: 'write the same scope, phase and onFailure in both',
          related: [{ message: `"${name}" is here`, path: other.path, at: 'key' }],
        }),
      );
    } else {
      warnOfReplaced(limit, { other, path, limits: known.limits }, report);
    }
  }
}

interface Replaced {
  readonly other: Limit;
  readonly path: ConfigPath;
  readonly limits: KnownLimits['limits'];
}

/** Files of the reference service may say these, so they are no errors; but who writes them rarely means that nothing is left to deny. */
function warnOfReplaced(limit: Limit, { other, path, limits }: Replaced, report: Report): void {
  const related = [{ message: `"${other.name}" is here`, path: other.path, at: 'key' }] as const;
  if (limit.mode === 'shadow' && other.mode === 'enforce') {
    report(
      warningAt(path, 'CH2925', {
        message: `"${limit.name}" denies nothing, and where it counts "${other.name}" does not either`,
        help: 'leave replaces out as long as mode is shadow',
        related,
      }),
    );
  }
  const chain = chainBack(other, limit.name, limits);
  // Told once, by the first of its members.
  if (chain === undefined || chain.some((name) => name < limit.name)) return;
  const through = chain.length === 1 ? '' : `, by way of ${chain.slice(1).join(', ')}`;
  report(
    warningAt(path, 'CH2925', {
      message: `"${other.name}" replaces "${limit.name}" in turn${through}: where all of them match, none of them counts`,
      help: 'remove one of the two',
      related,
    }),
  );
}

/** Names from the limit to one that replaces `target`; undefined where there is no such way. */
function chainBack(from: Limit, target: string, limits: KnownLimits['limits']): readonly string[] | undefined {
  const ways = new Map<string, readonly string[]>([[from.name, [from.name]]]);
  for (const [name, way] of ways) {
    for (const next of limits.get(name)?.replaces ?? []) {
      if (next === target) return way;
      if (!ways.has(next)) ways.set(next, [...way, next]);
    }
  }
  return undefined;
}
