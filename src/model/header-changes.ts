// `requestHeaders` and `responseHeaders`: names in lower case, no header changed in two ways, values that Envoy can format (B44, B45).
import type { HeaderChangesConfig } from '../config/schema/headers.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { headerValueProblem } from './header-value.ts';
import { errorAt, type Report } from './issue.ts';
import type { HeaderChanges } from './types.ts';

export const NO_HEADER_CHANGES: HeaderChanges = { set: {}, add: {}, remove: [] };

/** Names that stand in `set`, `add` or `remove`, lower case, with the place of the first. */
type Places = Map<string, ConfigPath>;

export function resolveHeaderChanges(config: HeaderChangesConfig | undefined, path: ConfigPath, report: Report): HeaderChanges {
  if (config === undefined) {
    return NO_HEADER_CHANGES;
  }
  const places: Places = new Map();
  const values = (kind: 'set' | 'add'): Readonly<Record<string, string>> => {
    const entries = Object.entries(config[kind] ?? {}).map(([name, value]) => {
      const here = [...path, kind, name];
      note({ name, here, isKey: true }, places, report);
      reportValue(value, here, report);
      return [name.toLowerCase(), value] as const;
    });
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const set = values('set');
  const add = values('add');
  const remove = (config.remove ?? []).map((name, index) => {
    note({ name, here: [...path, 'remove', index], isKey: false }, places, report);
    return name.toLowerCase();
  });
  return { set, add, remove: remove.sort() };
}

interface Mention {
  readonly name: string;
  readonly here: ConfigPath;
  readonly isKey: boolean;
}

/** Envoy removes first, then adds and sets in an order of its own: two changes of one header are not what they seem. */
function note({ name, here, isKey }: Mention, places: Places, report: Report): void {
  const key = name.toLowerCase();
  const first = places.get(key);
  if (first === undefined) {
    places.set(key, here);
    return;
  }
  report(
    errorAt(here, 'CH2402', {
      message: `the header "${key}" is changed twice`,
      at: isKey ? 'key' : 'value',
      help: 'keep one: set replaces what is there, add keeps it, remove takes it away; case does not matter',
      related: [{ message: 'it is changed here already', path: first, at: typeof first.at(-1) === 'number' ? 'value' : 'key' }],
    }),
  );
}

function reportValue(value: string, path: ConfigPath, report: Report): void {
  const problem = headerValueProblem(value);
  if (problem !== undefined) {
    report(errorAt(path, 'CH2403', problem));
  }
}
