// `chancery validate`: all checks on the files as they are, without a server. For people, and as JSON for programs.
import type { Command } from 'commander';
import type { DetailedGood } from '../build/pipeline.ts';
import type { PolicyForm } from '../compiler/auth/form.ts';
import { routeCoverage } from '../explain/route-coverage.ts';
import { shownPath } from '../lib/shown-path.ts';
import type { AuthModel, AuthPolicy } from '../model/auth/types.ts';
import type { Model } from '../model/types.ts';
import { buildFiles } from './build-files.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { coverageTable, hasListedDifferences } from './coverage-table.ts';
import { EXIT } from './exit-codes.ts';
import { gatewayFiles } from './gateway-files.ts';
import { checkFormat } from './output-format.ts';
import type { Terminal } from './terminal.ts';

interface ValidateFlags {
  readonly config?: readonly string[];
  readonly output: string;
}

export function addValidateCommand(program: Command, { terminal, finish }: CommandContext): void {
  addConfigOption(program.command('validate'))
    .description('check gateway files: every error with its place and remedy; exit code 1 if there is any')
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (flags: ValidateFlags) => finish(await validate(flags, terminal)));
}

async function validate({ config, output }: ValidateFlags, terminal: Terminal): Promise<number> {
  checkFormat(output, ['text', 'json']);
  const checked = await buildFiles(gatewayFiles(config, terminal), terminal);
  const [{ formatIssues, issuesToJson }, { weakerSpellings }, { policyForm }] = await Promise.all([
    import('../config/diagnostics.ts'),
    import('../explain/weaker-spellings.ts'),
    import('../compiler/auth/form.ts'),
  ]);
  const isGood = checked.every(({ build }) => build.good !== undefined);
  if (output === 'json') {
    const files = checked.map(({ file, build: { good, issues, positions } }) => ({
      file,
      valid: good !== undefined,
      ...(good === undefined ? {} : { gateway: good.model.gateway }),
      issues: issuesToJson([...issues, ...(good === undefined ? [] : weakerSpellings(good.model))], positions),
      ...coverageOf(good?.model, policyForm),
    }));
    terminal.out(`${JSON.stringify({ valid: isGood, files }, undefined, 2)}\n`);
  } else {
    for (const { file, build } of checked) {
      const issues = [...build.issues, ...(build.good === undefined ? [] : weakerSpellings(build.good.model))];
      terminal.err(formatIssues(issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
      if (build.good === undefined) continue;
      const { model } = build.good;
      const { auth } = model;
      terminal.out(`${summary(shownPath(file, terminal.cwd), build.good)}\n`);
      if (auth !== undefined) terminal.out(coverageTable(routeCoverage(model), (policy) => policyForm(policy, auth)));
    }
  }
  return isGood ? EXIT.ok : EXIT.invalid;
}

/** Who may call each route, and who decides, for programs (authz M12, C2, C9). */
function coverageOf(
  model: Model | undefined,
  policyForm: (policy: AuthPolicy, auth: AuthModel) => PolicyForm,
): { readonly coverage?: readonly object[] } {
  const { auth } = model ?? {};
  if (model === undefined || auth === undefined) return {};
  const coverage = routeCoverage(model).map(({ route, coverage: who, policy, scopes, isInherited }) => {
    const form = policy && policyForm(policy, auth);
    const by = policy === undefined || form === undefined ? {} : { by: form.form, listedDifferences: hasListedDifferences(policy, form) };
    return { route: route.name, coverage: who, policy: policy?.name ?? null, inherited: isInherited, scopes, ...by };
  });
  return { coverage };
}

function summary(file: string, { model }: DetailedGood): string {
  const { gateway, listeners, routes, services } = model;
  return `${file}: valid (gateway ${gateway}: ${listeners.length} listeners, ${routes.length} routes, ${services.length} services)`;
}
