// `runtime:`: values that every proxy reads while it runs, by name.
import type { RuntimeConfig } from '../config/schema/runtime.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { errorAt, type Report } from './issue.ts';

export type RuntimeValue = boolean | number | string | { readonly percent: number };

export interface Runtime {
  readonly path: ConfigPath;
  /** Sorted by name. */
  readonly values: readonly (readonly [name: string, value: RuntimeValue])[];
}

const PATH: ConfigPath = ['runtime'];

/** Envoy's switches of its own behaviour, which know true and false alone. */
const FEATURE = /^envoy\.(?:reloadable_features|restart_features)\./;
/** Ours: the bootstrap sets them, and a smaller one would make proxies refuse expressions that were accepted here. */
const RESERVED = /^re2\.max_program_size\./;

export function resolveRuntime(config: RuntimeConfig | undefined, report: Report): Runtime | undefined {
  if (config === undefined) {
    return undefined;
  }
  for (const [name, value] of Object.entries(config)) {
    reportValue(name, value, report);
  }
  return { path: PATH, values: Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)) };
}

function reportValue(name: string, value: RuntimeValue, report: Report): void {
  const path = [...PATH, name];
  if (RESERVED.test(name)) {
    const message = `"${name}" is set by Chancery itself`;
    report(errorAt(path, 'CH2701', { message, at: 'key', help: 'leave it out; expressions of up to 1000 steps are taken' }));
  }
  if (FEATURE.test(name) && typeof value !== 'boolean') {
    report(errorAt(path, 'CH2702', { message: `"${name}" is a switch of Envoy's: true or false`, help: 'write true or false' }));
  }
}
