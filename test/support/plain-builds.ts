// Builds as the serving thread sees them, for tests that read no files.
import type { Build, GoodBuild } from '../../src/build/build.ts';
import { plainBuild } from '../../src/build/plain-build.ts';
import { NO_POSITIONS } from '../../src/config/source.ts';
import type { KeptSnapshot } from '../../src/delivery/revision-store.ts';
import type { Issue } from '../../src/lib/issue.ts';
import { deliveryOf } from '../../src/model/delivery-of.ts';

/** A good build of a gateway without anything. */
export function goodOf(version: string, parts: Partial<GoodBuild> = {}): GoodBuild {
  const { gateway = 'edge' } = parts;
  return {
    id: 1,
    gateway,
    snapshot: { gateway, version, views: new Map() },
    counts: { listeners: 0, routes: 0, services: 0 },
    certificates: {},
    delivery: deliveryOf({ gateway, listeners: [], services: [], routes: [], certificates: [] }),
    discovery: [],
    ...parts,
  };
}

/** What an earlier run left of such a build. */
export function keptSnapshot(version: string, parts: Partial<KeptSnapshot> = {}): KeptSnapshot {
  const { snapshot, delivery } = goodOf(version);
  return { revision: 1, snapshot, contentHash: version, acceptedAtMs: 500, settings: delivery.rollout, shape: delivery.shape, ...parts };
}

/** A build with these problems; good if `good` is given. */
export function buildOf(issues: readonly Issue[], parts: Partial<Pick<Build, 'files' | 'contentHash' | 'good'>> = {}): Build {
  const { files = [], contentHash = '', good } = parts;
  const build = plainBuild({ issues, positions: NO_POSITIONS, files, contentHash, compiles: 1 }, { id: 1, since: undefined, cwd: '/' });
  return good === undefined ? build : { ...build, good };
}
