// What limits ask of auth and of each other (ratelimit R106, R110): who calls is known after auth, and what replaces must be asked together.
import { errorAt, type Report } from '../issue.ts';
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

export function checkReplaces(limit: Limit, known: KnownLimits, report: Report): void {
  for (const [index, name] of limit.replaces.entries()) {
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
          help: 'write the same phase and onFailure in both',
          related: [{ message: `"${name}" is here`, path: other.path, at: 'key' }],
        }),
      );
    }
  }
}
