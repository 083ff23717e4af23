// The settings of the process as command-line options, from the one table in config/settings.ts.
import type { Command } from 'commander';
import { type RawSettings, SETTINGS } from '../config/settings.ts';

/** Adds the named settings as options, or all of them. */
export function addSettingOptions(command: Command, names?: readonly (keyof RawSettings)[]): Command {
  for (const { name, flag, variable, fallback, help } of SETTINGS) {
    if (names !== undefined && !names.includes(name)) continue;
    const isSwitch = fallback === 'false';
    const origin = fallback === undefined || isSwitch ? variable : `${variable}; default ${fallback}`;
    command.option(isSwitch ? flag : `${flag} <${placeholder(name)}>`, `${help} (${origin})`);
  }
  return command;
}

/** The values of these options as text, for `parseSettings`. */
export function settingFlags(options: Readonly<Record<string, unknown>>): RawSettings {
  const given = SETTINGS.flatMap(({ name }) => {
    const value = options[name];
    // A flag without a value is `true`.
    return typeof value === 'string' || value === true ? [[name, String(value)] as const] : [];
  });
  return Object.fromEntries(given);
}

function placeholder(name: keyof RawSettings): string {
  if (name.endsWith('Port')) return 'port';
  const words: Partial<Readonly<Record<keyof RawSettings, string>>> = {
    host: 'address',
    state: 'dir',
    history: 'number',
    redis: 'url',
    xdsTlsCert: 'file',
    xdsTlsKey: 'file',
    xdsClientCa: 'file',
    xdsClientNames: 'templates',
    xdsCompanionNames: 'templates',
    logLevel: 'level',
    logFormat: 'format',
    companions: 'where',
  };
  return words[name] ?? 'value';
}
