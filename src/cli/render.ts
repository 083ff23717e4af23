// `chancery render`: prints what a gateway file becomes, offline and deterministic: Envoy's configuration, its resources, or our model.
import type { Command } from 'commander';
import { ChanceryError } from '../lib/errors.ts';
import type { CommandContext } from './command-context.ts';
import { addConfigOption } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { gatewayFiles } from './gateway-files.ts';
import { checkFormat, formatData } from './output-format.ts';
import type { RenderForm } from './render-form.ts';
import type { Terminal } from './terminal.ts';

interface RenderFlags {
  readonly config?: readonly string[];
  readonly to?: string;
  readonly type?: string;
  readonly defaults?: true;
  readonly withSecrets?: true;
  readonly output: string;
}

export function addRenderCommand(program: Command, { terminal, finish }: CommandContext): void {
  addConfigOption(program.command('render'))
    .description('print what a gateway file becomes')
    .option('--to <form>', 'envoy: a configuration that a plain Envoy runs; resources: as served over xDS; model: every default filled in')
    .option('--defaults', 'the same as --to model')
    .option('--type <type>', 'with --to resources: only this type, such as Cluster')
    .option('--with-secrets', 'print private keys and credentials too; otherwise their hashes stand in their place')
    .option('-o, --output <format>', 'yaml or json', 'yaml')
    .action(async (flags: RenderFlags) => finish(await render(flags, terminal)));
}

async function render(flags: RenderFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['yaml', 'json']);
  const form = formOf(flags);
  const files = gatewayFiles(flags.config, terminal);
  if (files.length > 1 && form === 'envoy')
    throw usage('--to envoy prints one configuration, and several files were named', 'name one root file with -c');
  const [{ buildFiles }, { formatIssues }] = await Promise.all([import('./build-files.ts'), import('../config/diagnostics.ts')]);
  const built = await buildFiles(files, terminal);
  for (const { build } of built) {
    terminal.err(formatIssues(build.issues, build.positions, { color: terminal.colorErr, cwd: terminal.cwd }));
  }
  const good = built.flatMap(({ build }) => build.good ?? []);
  if (good.length < built.length) return EXIT.invalid;
  const { renderForm } = await import('./render-form.ts');
  const options = { type: flags.type, withSecrets: flags.withSecrets === true };
  const rendered = good.map((one) => renderForm(one, form, options));
  if (form === 'envoy' && !options.withSecrets && JSON.stringify(rendered).includes('"sha256:')) terminal.err(REDACTED_NOTE);
  terminal.out(await formatData(rendered.length === 1 ? rendered[0] : rendered, flags.output));
  return EXIT.ok;
}

function formOf({ to, type, defaults }: RenderFlags): RenderForm {
  const form = to ?? (defaults === true ? 'model' : type === undefined ? 'envoy' : 'resources');
  if (form !== 'envoy' && form !== 'resources' && form !== 'model')
    throw usage(`--to ${form}: there is no such form`, 'use --to envoy, resources or model');
  if (defaults === true && form !== 'model') throw usage('--defaults shows the model', 'leave out --to, or use --to model');
  if (type !== undefined && form !== 'resources') throw usage('--type chooses among resources', 'add --to resources');
  return form;
}

const REDACTED_NOTE =
  'note: hashes stand in the place of keys and credentials, so Envoy cannot run this as it is; --with-secrets prints them\n';

function usage(message: string, remedy: string): ChanceryError {
  return new ChanceryError('ERR_USAGE', message, { remedy });
}
