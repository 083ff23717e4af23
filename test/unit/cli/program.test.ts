import { describe, expect, it } from 'vitest';
import { reportFailure } from '../../../src/cli/exit-codes.ts';
import { runProgram } from '../../../src/cli/program.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { SETTINGS } from '../../../src/config/settings.ts';
import { ChanceryError } from '../../../src/lib/errors.ts';

function terminal(env: Readonly<Record<string, string>> = {}) {
  const output = { out: '', err: '' };
  const fake: Terminal = {
    out: (text) => void (output.out += text),
    err: (text) => void (output.err += text),
    env,
    cwd: process.cwd(),
    colorOut: false,
    colorErr: false,
    isTerminal: false,
  };
  return { output, fake };
}

async function run(...args: readonly string[]) {
  const { output, fake } = terminal();
  return { code: await runProgram(args, fake), ...output };
}

describe('the command line', () => {
  it('prints its version and its help as data', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const command of ['up', 'serve', 'validate', 'render', 'bootstrap', 'schema', 'status', 'watch', 'history'])
      expect(help.out).toContain(`\n  ${command} `);
  });

  it('calls no command at all a usage error and shows the help (O1)', async () => {
    expect(await run()).toMatchObject({ code: 64, out: '', err: expect.stringContaining('Commands:') });
  });

  it.each([
    ['an unknown command, with the nearest one', ['serv'], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [
      'an unknown option, with the nearest one',
      ['validate', '--outputt', 'json'],
      /unknown option '--outputt'\n\(Did you mean --output\?\)/,
    ],
    ['a missing option', ['bootstrap', '-c', 'x.yaml'], /required option '--node <id>'/],
    ['a missing configuration', ['validate'], /no configuration was named\nhelp: add -c FILE/],
    ['a file that is not there', ['validate', '-c', 'none.yaml'], /there is no file or directory none\.yaml/],
    ['a wrong port', ['serve', '-c', 'none.yaml', '--xds-port', 'x'], /--xds-port is "x"/],
    ['plain text for others', ['serve', '-c', 'none.yaml', '--host', '0.0.0.0'], /--insecure-plaintext/],
    ['an unknown format', ['status', '-o', 'xml'], /-o xml.*\nhelp: use -o table or -o json or -o yaml/],
    ['an unknown form', ['render', '-c', 'x', '--to', 'xml'], /--to xml/],
    ['a bad port of a bootstrap', ['bootstrap', '-c', 'x', '--node', 'n', '--xds-port', '0'], /--xds-port is "0"/],
    ['a URL that is none', ['status', '--server', 'localhost:18080'], /--server localhost:18080 is no URL/],
  ])('answers %s with exit code 64 and a message on standard error (O1, O2)', async (_what, args, message) => {
    const { code, out, err } = await run(...args);
    expect(err).toMatch(message);
    expect({ code, out }).toEqual({ code: 64, out: '' });
  });

  it('gives exit code 4 where no server answers, with the next command (O1)', async () => {
    const { code, err } = await run('status', '--server', 'http://127.0.0.1:1');
    expect(code).toBe(4);
    expect(err).toMatch(/no control plane answers at http:\/\/127\.0\.0\.1:1\nhelp: start one with `chancery serve`/);
  });

  it('explains every flag with its variable, and where companions run', async () => {
    const { out } = await run('serve', '--help');
    for (const { flag, variable } of SETTINGS) {
      expect(out).toContain(flag);
      expect(out).toContain(variable);
    }
    expect(out.replaceAll(/\s+/g, ' ')).toContain('chancery authz');
  });
});

describe('a failure', () => {
  it('is told with its remedy and without a stack trace', () => {
    const { output, fake } = terminal();
    expect(reportFailure(new ChanceryError('ERR_PORT_IN_USE', 'port 1 is taken', { remedy: 'use 2' }), fake)).toBe(69);
    expect(output.err).toBe('error: port 1 is taken\nhelp: use 2\n');
  });

  it('of the operating system is told as it says', () => {
    const { output, fake } = terminal();
    const error = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: 'EACCES', syscall: 'open' });
    expect(reportFailure(error, fake)).toBe(69);
    expect(output.err).toBe("error: permission denied, open '/x'\n");
  });

  it('of our own is called one, with exit code 70, and shows a stack trace only when asked', () => {
    const { output, fake } = terminal();
    expect(reportFailure(new TypeError('x is undefined'), fake)).toBe(70);
    expect(output.err).toMatch(/^internal error: x is undefined\n.*please report/);
    expect(output.err).not.toMatch(/\n\s+at /);
    const debug = terminal({ CHANCERY_LOG_LEVEL: 'debug' });
    reportFailure(new TypeError('x is undefined'), debug.fake);
    expect(debug.output.err).toMatch(/\n\s+at /);
  });
});
