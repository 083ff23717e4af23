import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/envoy-binary.ts';

const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;

/** Every file and package that is loaded with these files, by the way there. */
function loadedWith(entries: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (file: string, way: string): void => {
    if (found.has(file)) return;
    found.set(file, way);
    if (!file.startsWith('src/')) return;
    for (const [, named, late] of readFileSync(path.join(REPOSITORY, file), 'utf8').matchAll(IMPORT)) {
      const target = named ?? late ?? '';
      visit(target.startsWith('.') ? path.join(path.dirname(file), target) : target, `${way} → ${target}`);
    }
  };
  for (const entry of entries) visit(entry, entry);
  return found;
}

/** Endpoints alone are made where they are served: an endpoint event must wait for no build (P6). */
const BUILDING =
  /^src\/(pipeline|local-builds|plain-build|build-thread|sound-rest|source-texts)\.ts$|^src\/compiler\/(?:compile|.*-pass|route.*|listener.*|cluster)\.ts$|^src\/config\/(load|merge|yaml-\w+)\.ts$|^src\/model\/resolve\.ts$/;

describe('the serving thread (P8)', () => {
  it('loads nothing that parses, resolves or compiles a configuration', () => {
    const loaded = loadedWith(['src/app/app.ts', 'src/build/worker-builds.ts']);
    expect([...loaded].filter(([file]) => BUILDING.test(file)).map(([, way]) => way)).toEqual([]);
    expect(loaded.has('src/xds/server.ts')).toBe(true);
  });

  it('leaves that to the build thread, which loads nothing of what serves', () => {
    const loaded = loadedWith(['src/build/build-thread.ts']);
    expect(loaded.has('src/compiler/compile.ts')).toBe(true);
    expect([...loaded.keys()].filter((file) => /^src\/(xds|admin|delivery|discovery|state)\/|^src\/app\.ts$/.test(file))).toEqual([]);
  });
});
