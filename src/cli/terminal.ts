// Where commands write and what they know of their surroundings. Handed to each, so that tests need no process.

export interface Terminal {
  /** Data, for the next program: standard output (O2). */
  readonly out: (text: string) => void;
  /** Messages, for people: standard error (O2). */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether each stream is a terminal and may be coloured (NO_COLOR unset). */
  readonly colorOut: boolean;
  readonly colorErr: boolean;
  /** Whether a person reads standard error. */
  readonly isTerminal: boolean;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  const mayColor = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    env,
    cwd: process.cwd(),
    colorOut: mayColor && stdout.isTTY === true,
    colorErr: mayColor && stderr.isTTY === true,
    isTerminal: stderr.isTTY === true,
  };
}
