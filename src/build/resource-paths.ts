// Where resources come from in the configuration: made when first asked for, kept as long as the compilation.
import type { Compilation } from '../compiler/types.ts';
import type { ConfigPath } from '../lib/issue.ts';
import { TYPE_URLS } from '../proto/type-urls.ts';

const known = new WeakMap<Compilation, ReadonlyMap<string, ConfigPath>>();

/** By type URL and name, with a space between. */
export function resourcePaths(compilation: Compilation): ReadonlyMap<string, ConfigPath> {
  const paths =
    known.get(compilation) ?? new Map(compilation.resources.map(({ kind, name, path }) => [`${TYPE_URLS[kind]} ${name}`, path]));
  known.set(compilation, paths);
  return paths;
}
