// README's commands do what README says. Every line of its `sh` fences is run in a checkout of its own against a real Envoy, in order; a
// `text` fence right after one shows lines of the output (an ellipsis stands for anything). Not run: git clone and cd (there is a checkout
// already), npm test and the like (this is it), docker (no engine here).
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/envoy-binary.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

interface Step {
  readonly command: string;
  /** Lines that the output must have, in order. */
  readonly shows: readonly string[];
}

/** Port that README names → the variable that moves it. */
const PORTS: Readonly<Record<string, string>> = {
  '10000': 'CHANCERY_QUICKSTART_PORT',
  '18000': 'CHANCERY_XDS_PORT',
  '18080': 'CHANCERY_ADMIN_PORT',
  '18001': 'CHANCERY_AUTHZ_PORT',
  '18002': 'CHANCERY_RATELIMIT_PORT',
  '18101': 'CHANCERY_DEMO_HELLO_V1_PORT',
  '18102': 'CHANCERY_DEMO_HELLO_V2_PORT',
  '18111': 'CHANCERY_DEMO_GREETER_V1_PORT',
  '18112': 'CHANCERY_DEMO_GREETER_V2_PORT',
};
const NOT_RUN = /^(git clone|cd|npm test|npm run (check|bench|dev|format)|docker)\b/;
const START = 'npm start';

const readme = readFileSync(path.join(REPOSITORY, 'README.md'), 'utf8');
const steps = stepsOf(readme);
let workspace: Workspace;
let ports: ReadonlyMap<string, string>;
let gateway: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  workspace = await createWorkspace();
  // Everything as it is here, but for the files that README edits.
  const own = new Set(['envoy', '.chancery', '.git']);
  for (const name of readdirSync(REPOSITORY)) if (!own.has(name)) symlinkSync(path.join(REPOSITORY, name), workspace.path(name));
  cpSync(path.join(REPOSITORY, 'envoy'), workspace.path('envoy'), { recursive: true });
  const free = await freePorts(Object.keys(PORTS).length);
  ports = new Map(Object.keys(PORTS).map((port, index) => [port, String(free[index])]));
});

afterAll(async () => {
  if (gateway?.pid !== undefined && gateway.exitCode === null && gateway.signalCode === null) {
    const ended = new Promise((resolve) => gateway?.once('exit', resolve));
    process.kill(-gateway.pid, 'SIGKILL');
    await ended;
  }
  await workspace.remove();
});

describe('README', () => {
  it('names the two commands', () => {
    const commands = steps.map(({ command }) => command);
    expect(commands).toContain(START);
    expect(commands).toContain('npm test');
  });

  it('names the line to change', () => {
    const line = Number(/change line (\d+) of \[(envoy\/quickstart\/gateway\.yaml)\]/.exec(readme)?.[1]);
    const lines = readFileSync(path.join(REPOSITORY, 'envoy/quickstart/gateway.yaml'), 'utf8').split('\n');
    expect(lines[line - 1]).toContain('backends: [hello-v1]');
  });

  it('shows the diagnostics of a mistake as they are', async () => {
    const shown =
      /^```\n(error\[[\s\S]*?)^```$/m
        .exec(readme)?.[1]
        ?.split('\n')
        .filter((line) => line !== '') ?? [];
    const file = workspace.path('envoy/quickstart/gateway.yaml');
    const text = readFileSync(file, 'utf8');
    await workspace.write('envoy/quickstart/gateway.yaml', text.replace('[hello-v1]', '[hello-v3]'));
    const { text: told } = await run('npx chancery validate -c envoy/quickstart/gateway.yaml');
    await workspace.write('envoy/quickstart/gateway.yaml', text);
    expect(shown.length).toBeGreaterThan(4);
    expect(missingLines(told, shown)).toEqual([]);
  });

  it.each(steps.filter(({ command }) => !NOT_RUN.test(command)))('$command', async ({ command, shows }) => {
    if (command === START) {
      await start();
      return;
    }
    // A change goes live a moment after it is saved, so that what README shows may take a few tries.
    await eventually(async () => {
      const { code, text } = await run(withOurPorts(command));
      expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' });
      expect(missingLines(text, shows.map(withOurPorts))).toEqual([]);
      return true;
    });
  });

  it('ends everything cleanly with Ctrl-C', async () => {
    const pid = gateway?.pid ?? 0;
    const ended = new Promise<number | string | null>((resolve) => gateway?.once('exit', (code, signal) => resolve(code ?? signal)));
    process.kill(-pid, 'SIGINT');
    // npm ends by the signal itself once the program has ended.
    expect([0, 130, 'SIGINT']).toContain(await ended);
    await eventually(() => isEmptyGroup(pid), { what: 'the end of the processes that npm start began' });
    await expect(fetch(withOurPorts('http://127.0.0.1:10000/hello'))).rejects.toThrow('fetch failed');
  });
});

function isEmptyGroup(pid: number): boolean {
  try {
    return !process.kill(-pid, 0);
  } catch {
    return true;
  }
}

function stepsOf(markdown: string): readonly Step[] {
  const fences = [...markdown.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$(?=\n*(?:```text\n([\s\S]*?)^```$)?)/gm)];
  return fences
    .filter(([, language]) => language === 'sh')
    .flatMap(([, , body = '', shown = '']) => {
      const commands = body.split('\n').map((line) => line.replace(/\s+# .*$/, '').trim());
      const run = commands.filter((line) => line !== '' && !line.startsWith('#'));
      return run.map((command, index) => ({
        command,
        shows: index === run.length - 1 ? shown.split('\n').filter((line) => line !== '') : [],
      }));
    });
}

function withOurPorts(text: string): string {
  return text.replaceAll(/\b\d{5}\b/g, (port) => ports.get(port) ?? port);
}

function environment(): NodeJS.ProcessEnv {
  const moved = Object.entries(PORTS).map(([port, variable]) => [variable, ports.get(port) ?? port]);
  return { ...process.env, NO_COLOR: '1', ...Object.fromEntries(moved) };
}

async function start(): Promise<void> {
  const child = spawn('npm', ['start'], { cwd: workspace.root, env: environment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  gateway = child;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  await eventually(() => /ready/i.test(output), {
    timeoutMs: 30_000,
    what: 'npm start',
    hopeless: () => (child.exitCode === null ? undefined : `npm start ended with ${child.exitCode}:\n${output}`),
  });
}

function run(command: string): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { cwd: workspace.root, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}

/** The expected lines that the text does not have after those before them. */
function missingLines(text: string, shows: readonly string[]): readonly string[] {
  const lines = text.split('\n');
  let at = 0;
  return shows.filter((line) => {
    const pattern = new RegExp(
      line
        .trim()
        .split(/…|\.\.\./)
        .map(escape)
        .join('.*'),
    );
    const found = lines.findIndex((candidate, index) => index >= at && pattern.test(candidate));
    if (found >= 0) at = found + 1;
    return found < 0;
  });
}

function escape(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
