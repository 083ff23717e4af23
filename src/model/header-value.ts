// Header values as Envoy's substitution formatter reads them: text, `%%`, and `%COMMAND(argument):length%`. Envoy refuses anything else.
import { nearest } from '../lib/nearest.ts';
import { HEADER_COMMANDS } from './header-commands.ts';

export interface HeaderValueProblem {
  readonly message: string;
  readonly help?: string;
}

const COMMAND = /%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::[0-9]+)?%/y;

/** What Envoy would refuse in `value`, or undefined. */
export function headerValueProblem(value: string): HeaderValueProblem | undefined {
  for (let index = value.indexOf('%'); index !== -1; index = value.indexOf('%', index)) {
    if (value.startsWith('%%', index)) {
      index += 2;
      continue;
    }
    COMMAND.lastIndex = index;
    const [text, name, argument] = COMMAND.exec(value) ?? [];
    if (text === undefined || name === undefined) {
      return {
        message: 'a "%" begins a command here, but none follows',
        help: 'write %% for a percent sign, or a command such as %DOWNSTREAM_REMOTE_ADDRESS%',
      };
    }
    const problem = commandProblem(name, argument);
    if (problem !== undefined) {
      return problem;
    }
    index += text.length;
  }
  return undefined;
}

function commandProblem(name: string, argument: string | undefined): HeaderValueProblem | undefined {
  const command = HEADER_COMMANDS.get(name);
  if (command === undefined) {
    const meant = nearest(name, HEADER_COMMANDS.keys());
    const help = meant === undefined ? 'write %% for a percent sign' : `did you mean %${meant}%?`;
    return { message: `Envoy knows no command %${name}%`, help };
  }
  return command.needsArgument && argument === undefined
    ? { message: `the command %${name}% needs an argument`, help: `write %${name}(…)%` }
    : undefined;
}
