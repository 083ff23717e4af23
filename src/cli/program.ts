// The command line: which commands there are, and how their outcomes become exit codes (O1). Each command has its own file.
import { Command, CommanderError } from 'commander';
import { addAuthzCommand } from './authz.ts';
import { addBootstrapCommand } from './bootstrap.ts';
import type { CommandContext } from './command-context.ts';
import { addDemoCommand } from './demo.ts';
import { EXIT, reportFailure } from './exit-codes.ts';
import { addExplainCommand } from './explain.ts';
import { addHistoryCommand } from './history.ts';
import { addImportCommand } from './import-ratelimit.ts';
import { addKeyCommand } from './key.ts';
import { addLimitsCommand } from './limits.ts';
import { packageVersion } from './package.ts';
import { addRatelimitCommand } from './ratelimit.ts';
import { addRenderCommand } from './render.ts';
import { addSchemaCommand } from './schema.ts';
import { addServeCommand } from './serve.ts';
import { addStatusCommand } from './status.ts';
import type { Terminal } from './terminal.ts';
import { addTokenCommand } from './token.ts';
import { addUpCommand } from './up.ts';
import { addValidateCommand } from './validate.ts';
import { addWatchCommand } from './watch.ts';

const COMMANDS = [
  addUpCommand,
  addServeCommand,
  addAuthzCommand,
  addRatelimitCommand,
  addLimitsCommand,
  addImportCommand,
  addValidateCommand,
  addExplainCommand,
  addRenderCommand,
  addBootstrapCommand,
  addSchemaCommand,
  addStatusCommand,
  addWatchCommand,
  addHistoryCommand,
  addKeyCommand,
  addTokenCommand,
  addDemoCommand,
];

/** Runs one command line (without `node` and the program's name) and gives its exit code. Never throws for what a user can do. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram({
    terminal,
    finish: (code) => {
      exitCode = code;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportFailure(error, terminal);
  }
}

/** All commands, ready to parse a line. */
export function buildProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('chancery')
    .description('An Envoy control plane: one reviewed YAML file becomes configuration for fleets of Envoys.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand('help [command]', 'explain a command')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride()
    .showSuggestionAfterError();
  for (const add of COMMANDS) add(program, context);
  return program;
}
