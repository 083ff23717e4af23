import { beforeEach, describe, expect, it } from 'vitest';
import type { FetchedKeySet } from '../../../src/app/fetched-keys.ts';
import { KeySide } from '../../../src/app/key-side.ts';
import type { KeyOwner } from '../../../src/authz/jwks/key-source.ts';
import type { JwtTemplate } from '../../../src/compiler/filters/jwt-keys.ts';
import { TYPE_URLS } from '../../../src/proto/type-urls.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import { quietLogger } from '../../support/quiet-logger.ts';
import { testApi, testSnapshot } from '../../support/snapshots.ts';
import { createWorkspace } from '../../support/workspace.ts';

const SLOT = 'filter/jwt';

function template(policy: string, url = 'https://id.example.com/jwks.json'): JwtTemplate {
  const keys = { kind: 'url', url, cacheForMs: 300_000, timeoutMs: 2_000, serveStaleForMs: 600_000 } as const;
  const provider = { id: 'main@1', provider: 'main', issuer: 'https://id.example.com/', algorithms: ['RS256'], keys, settings: {} };
  return { providers: [provider], requirements: [{ name: policy, groups: [['main@1']], isOptional: false }] };
}
const revision = (content: string): Snapshot =>
  testSnapshot('edge', { Cluster: { orders: content }, TypedExtensionConfig: { [SLOT]: 'empty' } });
/** What of the filter can be read in its bytes. */
const filterText = (snapshot: Snapshot): string =>
  snapshot.views.get(TYPE_URLS.TypedExtensionConfig)?.resources.get(SLOT)?.any.toString('latin1') ?? '';

describe('keys over snapshots', () => {
  let nowMs = 0;
  let set: FetchedKeySet | undefined;
  let changed = (): void => undefined;
  let watched: readonly KeyOwner[] = [];
  let needed: readonly Snapshot[] = [];
  let timers: (() => void)[] = [];
  let good: Snapshot | undefined;

  beforeEach(() => {
    [nowMs, set, watched, needed, timers, good] = [0, undefined, [], [], [], undefined];
  });

  function create(state?: string): KeySide {
    return new KeySide({
      state,
      api: testApi(),
      logger: quietLogger(),
      nowMs: () => nowMs,
      after: (_ms, run) => {
        timers.push(run);
        return () => undefined;
      },
      createKeys: (onChange) => {
        changed = onChange;
        return {
          watch: (owners) => {
            watched = owners;
          },
          keySetOf: () => set,
          tried: async () => undefined,
          stop: () => undefined,
        };
      },
      needed: () => needed,
      goodOf: () => good,
    });
  }
  const keys = (text: string): FetchedKeySet => ({ text: `{"keys":[{"kid":"${text}"}]}`, fetchedAtMs: nowMs });

  it('put the keys of now into the filter, without a new revision (authz C5)', async () => {
    const side = create();
    const base = revision('a');
    await side.prepare(base, { jwt: template('p@1') });
    expect(filterText(side.over(base))).toContain('keys-unavailable');
    set = keys('first');
    changed();
    const first = side.over(base);
    expect(filterText(first)).toContain('first');
    expect(side.over(base)).toBe(first);
    expect(first.revision).toBe(base.version);
    set = keys('second');
    changed();
    expect(filterText(side.over(base))).toContain('second');
  });

  it('are told to those who follow, when they change', async () => {
    const side = create();
    await side.prepare(revision('a'), { jwt: template('p@1') });
    const told: string[] = [];
    const targets = { targetFor: () => undefined, subscribe: () => () => undefined, gateways: () => [] };
    side.above(targets).subscribe((gateway) => told.push(gateway));
    set = keys('first');
    changed();
    expect(told).toEqual(['edge']);
  });

  it('are fetched at least once a minute, and may be used as long as the configuration says (authz C5, J5)', async () => {
    await create().prepare(revision('a'), { jwt: template('p@1') });
    expect(watched).toMatchObject([
      { issuer: 'https://id.example.com/', keys: { kind: 'remote', cacheForMs: 60_000, serveStaleForMs: 840_000 } },
    ]);
  });

  it('keep the names of the requirements of before for ten minutes (authz C6)', async () => {
    const side = create();
    const [older, newer] = [revision('a'), revision('b')];
    [needed, good] = [[older], older];
    await side.start();
    await side.prepare(older, { jwt: template('p@1') });
    await side.prepare(newer, { jwt: template('p@2') });
    expect(filterText(side.over(newer))).toMatch(/p@1[\s\S]*p@2|p@2[\s\S]*p@1/);
    // A revision in waves is nothing for those who are not in them.
    expect(filterText(side.over(older))).not.toContain('p@2');
    [needed, good] = [[newer], newer];
    const look = (): void => timers.splice(0).forEach((run) => run());
    look();
    nowMs = 599_999;
    look();
    expect(filterText(side.over(newer))).toContain('p@1');
    nowMs = 600_000;
    look();
    expect(filterText(side.over(newer))).not.toContain('p@1');
  });

  it('are served after a restart while the issuer is down, until they are too old (authz C5, J5)', async () => {
    const workspace = await createWorkspace({});
    const before = create(workspace.path('state'));
    const base = revision('a');
    set = keys('kept');
    await before.prepare(base, { jwt: template('p@1') });
    await before.stop();
    set = undefined;
    const after = create(workspace.path('state'));
    await after.start();
    await after.prepare(base);
    expect(filterText(after.over(base))).toContain('kept');
    needed = [base];
    nowMs = 900_000;
    for (const run of timers.splice(0)) run();
    expect(filterText(after.over(base))).toContain('keys-unavailable');
    await after.stop();
    await workspace.remove();
  });
});
