// The program's entrance: hands the command line to cli/ and ends the process with its exit code.
import { reportFailure } from './cli/exit-codes.ts';
import { runProgram } from './cli/program.ts';
import { processTerminal } from './cli/terminal.ts';

const terminal = processTerminal();
process.on('uncaughtException', (error) => end(reportFailure(error, terminal)));
// `chancery render | head` closes our output early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
end(await runProgram(process.argv.slice(2), terminal));

/** After everything written has left the process. */
function end(exitCode: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
}
