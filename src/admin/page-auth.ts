// The part of the status page about auth (operating O9): what the companions of this process decided by route, why they denied, and how old issuers'
// keys are. Holds no subject and no token.
import type { SeriesValue } from '../telemetry/metrics.ts';
import { escape, marked, table } from './html.ts';

export interface PageAuth {
  /** Of `chancery_authz_decisions_total`. */
  readonly decisions: readonly SeriesValue[];
  /** Of `chancery_jwks_age_seconds`. */
  readonly keyAges: readonly SeriesValue[];
}

const ROUTES_SHOWN = 100;
const REASONS_SHOWN = 5;
/** Fresh keys are fetched every few minutes; older ones mean that an issuer does not answer. */
const OLD_KEYS_SECONDS = 3_600;

/** Empty where nothing was decided here and no keys are held. */
export function authSection({ decisions, keyAges }: PageAuth): string {
  if (decisions.length === 0 && keyAges.length === 0) return '';
  const routes = [...byRoute(decisions)];
  const byDenials = routes.map(([route, series]) => ({ route, series, denied: sum(series, 'deny') })).sort((a, b) => b.denied - a.denied);
  const rows = byDenials
    .slice(0, ROUTES_SHOWN)
    .map(({ route, series, denied }) => [
      escape(route),
      String(sum(series, 'allow')),
      denied === 0 ? '0' : marked('bad', String(denied)),
      sum(series, 'unknown') === 0 ? '0' : marked('wait', String(sum(series, 'unknown'))),
      reasonsCell(series),
    ]);
  const rest = routes.length - rows.length;
  const more = rest > 0 ? `<p>And ${rest} routes more: <a href="/metrics">/metrics</a></p>\n` : '';
  const checks =
    decisions.length === 0 ? '' : `${table(['Route', 'Allowed', 'Denied', 'Not decided', 'Why not allowed'], rows, '')}\n${more}`;
  return `<h2>Auth</h2>\n${checks}${keysTable(keyAges)}`;
}

function reasonsCell(series: readonly SeriesValue[]): string {
  const others = series.filter(({ labels }) => labels['decision'] !== 'allow').sort((left, right) => right.value - left.value);
  const lines = others.slice(0, REASONS_SHOWN).map(({ labels, value }) => {
    const shadow = labels['mode'] === 'shadow' ? ` ${marked('wait', 'shadow: let pass')}` : '';
    return `${value} × ${escape(labels['reason'] ?? '')}${shadow}`;
  });
  return lines.join('<br>');
}

function keysTable(ages: readonly SeriesValue[]): string {
  if (ages.length === 0) return '';
  const rows = ages.map(({ labels, value }) => [
    escape(labels['issuer'] ?? ''),
    marked(value > OLD_KEYS_SECONDS ? 'bad' : 'good', `${Math.round(value)} s ago`),
  ]);
  return `<h3>Keys of issuers</h3>\n${table(['Issuer', 'Fetched or confirmed'], rows, '')}\n`;
}

/** What is let pass by mode shadow is no denial. */
function sum(series: readonly SeriesValue[], decision: string): number {
  const meant = series.filter(({ labels }) => labels['decision'] === decision && (decision === 'allow' || labels['mode'] !== 'shadow'));
  return meant.reduce((total, { value }) => total + value, 0);
}

function byRoute(decisions: readonly SeriesValue[]): ReadonlyMap<string, readonly SeriesValue[]> {
  const routes = new Map<string, SeriesValue[]>();
  for (const series of decisions) {
    const route = series.labels['route'] ?? '';
    const known = routes.get(route);
    if (known === undefined) routes.set(route, [series]);
    else known.push(series);
  }
  return routes;
}
