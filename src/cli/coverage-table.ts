// Who may call each route, for `validate`: a line a route, or counts where they are many. Nothing for a gateway without auth.
import type { PolicyForm } from '../compiler/auth/form.ts';
import type { RouteCoverage } from '../explain/route-coverage.ts';
import type { AuthPolicy } from '../model/auth/types.ts';
import { textTable } from './text-table.ts';

/** More routes than this are counted. */
const MOST_ROUTES = 60;

export function coverageTable(coverages: readonly RouteCoverage[], formOf: (policy: AuthPolicy) => PolicyForm): string {
  if (coverages.length > MOST_ROUTES) return countLine(coverages);
  const rows = coverages.map(({ route, coverage, policy, scopes, isInherited }) => [
    route.name,
    coverage,
    policy === undefined ? '' : `${policy.name}${isInherited ? ' (default)' : ''}`,
    policy === undefined ? '' : formOf(policy).form,
    scopes.join(' '),
  ]);
  return textTable(['ROUTE', 'WHO', 'POLICY', 'BY', 'SCOPES'], rows);
}

function countLine(coverages: readonly RouteCoverage[]): string {
  const counts = new Map<string, number>();
  for (const { coverage } of coverages) counts.set(coverage, (counts.get(coverage) ?? 0) + 1);
  return `routes: ${[...counts].map(([coverage, count]) => `${count} ${coverage}`).join(', ')}\n`;
}
