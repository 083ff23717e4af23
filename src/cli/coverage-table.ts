// Who may call each route, for `validate`: a line a route, or counts where they are many. Nothing for a gateway without auth.
import type { PolicyForm } from '../compiler/auth/form.ts';
import type { RouteCoverage } from '../explain/route-coverage.ts';
import { rulesIn } from '../model/auth/rules.ts';
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
  return `${textTable(['ROUTE', 'WHO', 'POLICY', 'BY', 'SCOPES'], rows)}${differenceLine(coverages, formOf)}`;
}

/** Whether the form of a policy has one of the listed differences (authz C9): proxies name other reasons for some tokens. */
export function hasListedDifferences(policy: AuthPolicy, { form }: Pick<PolicyForm, 'form'>): boolean {
  return form === 'proxy' && rulesIn(policy.rule).some(({ kind }) => kind === 'jwt');
}

function differenceLine(coverages: readonly RouteCoverage[], formOf: (policy: AuthPolicy) => PolicyForm): string {
  const policies = coverages.flatMap(({ policy }) =>
    policy !== undefined && hasListedDifferences(policy, formOf(policy)) ? [policy.name] : [],
  );
  if (policies.length === 0) return '';
  const shown = [...new Set(policies)];
  const names = shown.length > 3 ? `${shown.slice(0, 3).join(', ')} and ${shown.length - 3} more` : shown.join(', ');
  return `by proxy (${names}), a few refusals of tokens name another reason than by companion: docs/auth-parity.md\n`;
}

function countLine(coverages: readonly RouteCoverage[]): string {
  const counts = new Map<string, number>();
  for (const { coverage } of coverages) counts.set(coverage, (counts.get(coverage) ?? 0) + 1);
  return `routes: ${[...counts].map(([coverage, count]) => `${count} ${coverage}`).join(', ')}\n`;
}
