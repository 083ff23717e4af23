// The table of commands in docs/operations.md and the program hold each other: every command is there, and none that does not exist.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../../src/cli/program.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/operations.md');

/** Those that do something, in full: `chancery limits list`. */
function commandsOf(command: Command, names: readonly string[] = []): readonly string[] {
  const own = [...names, command.name()];
  const inner = command.commands.flatMap((each) => commandsOf(each, own));
  return hasAction(command) ? [own.join(' '), ...inner] : inner;
}

/** Commander keeps the action in a field of its own. */
function hasAction(command: Command): boolean {
  return Reflect.get(command, '_actionHandler') instanceof Function;
}

function listed(): readonly string[] {
  const [, section = ''] = /^## Commands$([^]*?)^##/m.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const firstCells = section.split('\n').flatMap((line) => /^\| (.*?) \|/.exec(line)?.[1] ?? []);
  return firstCells.flatMap((cell) => [...cell.matchAll(/`(chancery [^`]+)`/g)].map(([, command = '']) => command));
}

describe('the commands of docs/operations.md', () => {
  const silent = (): void => undefined;
  const program = buildProgram({
    terminal: { out: silent, err: silent, env: {}, cwd: '/', colorOut: false, colorErr: false, isTerminal: false },
    finish: silent,
  });

  it('are those of the program', () => {
    expect([...listed()].sort()).toEqual([...commandsOf(program)].sort());
  });

  it('say what they do, and each of their options too', () => {
    const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
    for (const command of all(program)) {
      expect([command.name(), command.description()]).not.toEqual([command.name(), '']);
      for (const option of command.options)
        expect([command.name(), option.flags, option.description]).not.toEqual([command.name(), option.flags, '']);
    }
  });

  it('tell no defaults that are none', () => {
    const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
    for (const command of all(program)) expect(command.helpInformation()).not.toMatch(/default: (\[\]|undefined|null)/);
  });
});
