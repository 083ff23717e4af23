// `jwt:` → providers, each for itself and against the others: one issuer and place belongs to one provider (authz M6).
import type { JwtProviderConfig } from '../../config/schema/jwt-provider.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';
import { sharedSource, sourceText } from './credential-sources.ts';
import * as defaults from './defaults.ts';
import { type KeyPlace, resolveJwtKeys } from './jwt-keys.ts';
import { sortedOnce, tokenSettings } from './token-settings.ts';
import type { JwtProvider } from './types.ts';

/** Sorted by name; without those whose keys are wrong. */
export function resolveJwtProviders(
  config: Readonly<Record<string, JwtProviderConfig>>,
  trust: KeyPlace['trust'],
  report: Report,
): readonly JwtProvider[] {
  const providers = Object.entries(config)
    .flatMap(([name, entry]) => resolveProvider(name, { entry, trust }, report) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  reportSharedIssuers(providers, report);
  return providers;
}

function resolveProvider(
  name: string,
  { entry, trust }: { readonly entry: JwtProviderConfig; readonly trust: KeyPlace['trust'] },
  report: Report,
): JwtProvider | undefined {
  const path: ConfigPath = ['jwt', name];
  const algorithms = entry.algorithms === undefined ? defaults.JWT_ALGORITHMS : sortedOnce(entry.algorithms);
  const settings = tokenSettings(entry, path, report);
  const types = entry.types === undefined ? defaults.JWT_TYPES : sortedOnce(entry.types.map(plainType));
  reportRefusedTypes(entry, path, report);
  const keys = resolveJwtKeys(entry, { path, algorithms, trust }, report);
  if (keys === undefined) return undefined;
  return {
    name,
    path,
    ...settings,
    algorithms,
    types,
    clockSkewSeconds: entry.clockSkew ?? defaults.CLOCK_SKEW_SECONDS,
    ...(entry.maxLifetime === undefined ? {} : { maxLifetimeSeconds: entry.maxLifetime }),
    keys,
  };
}

/** A8. */
function plainType(type: string): string {
  return type.toLowerCase().replace(/^application\//, '');
}

/** Never accepted, whatever is configured (A8). */
const REFUSED_TYPES = ['dpop+jwt', 'logout+jwt', 'secevent+jwt'];

function reportRefusedTypes({ types = [] }: JwtProviderConfig, path: ConfigPath, report: Report): void {
  for (const [index, type] of types.entries()) {
    if (!REFUSED_TYPES.includes(plainType(type))) continue;
    report(
      warningAt([...path, 'types', index], 'CH2826', {
        message: `tokens of the type ${type} are always refused: they prove or tell something else than who calls`,
        help: 'remove it',
      }),
    );
  }
}

function reportSharedIssuers(providers: readonly JwtProvider[], report: Report): void {
  const first = new Map<string, JwtProvider[]>();
  for (const provider of providers) {
    const others = first.get(provider.issuer) ?? [];
    for (const other of others) {
      const source = sharedSource(other.from, provider.from);
      if (source === undefined) continue;
      report(
        errorAt([...provider.path, 'issuer'], 'CH2803', {
          message: `"${other.name}" and "${provider.name}" have one issuer and both read ${sourceText(source)}`,
          label: 'nothing would choose between them',
          help: 'make one provider of the two, or let them read different places (from)',
          related: [{ message: `"${other.name}" is here`, path: [...other.path, 'issuer'] }],
        }),
      );
    }
    first.set(provider.issuer, [...others, provider]);
  }
}
