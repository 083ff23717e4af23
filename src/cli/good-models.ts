// The models of gateway files for commands that only ask them something; mistakes are printed as `validate` prints them.
import type { Model } from '../model/types.ts';
import { gatewayFiles } from './gateway-files.ts';
import type { Terminal } from './terminal.ts';

/** Undefined where a file is not good: its errors have been printed. */
export async function goodModels(config: readonly string[] | undefined, terminal: Terminal): Promise<readonly Model[] | undefined> {
  const [{ buildFiles }, { formatIssues }] = await Promise.all([import('./build-files.ts'), import('../config/diagnostics.ts')]);
  const built = await buildFiles(gatewayFiles(config, terminal), terminal);
  const bad = built.filter(({ build }) => build.good === undefined);
  for (const { build } of bad) terminal.err(formatIssues(build.issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
  return bad.length > 0 ? undefined : built.flatMap(({ build }) => (build.good === undefined ? [] : [build.good.model]));
}
