// Reference files and what they are imported as, asked side by side: the files by the reference handler, the text by the path that limits of a
// gateway take (loader, model, compiler, table, handler). Stands for an operator whose routes say what the text tells him. No assertions.
import path from 'node:path';
import { compileLimitTable } from '../../../src/compiler/limits/limit-table.ts';
import { nameOfService } from '../../../src/compiler/names.ts';
import { loadReferenceLimits } from '../../../src/config/load-reference-limits.ts';
import type { LimitGroup } from '../../../src/importer/limit-groups.ts';
import { importReference, type ReferenceImport } from '../../../src/importer/reference-import.ts';
import { starPattern } from '../../../src/lib/star-pattern.ts';
import { createResolver } from '../../../src/model/resolve.ts';
import { tableRevision } from '../../../src/proto/table-revision.ts';
import { decodeTable } from '../../../src/ratelimit/table/decode-table.ts';
import { loadText, MemoryFiles, ROOT } from '../config/support.ts';
import { api, type Entries, type Reply, testLimiter } from '../ratelimit/limiter-support.ts';

const NOW = Date.UTC(2026, 10, 22);
const TABLE = 'chancery.policy.v1.RateLimitTable';
const FIXED: Readonly<Record<string, string>> = { 'client.ip': 'remote_address', service: 'destination_cluster' };

export async function imported(files: Readonly<Record<string, string>>, map: Readonly<Record<string, string>> = {}, gateway = 'edge') {
  const directory = path.join(ROOT, 'limits');
  const loaded = await loadReferenceLimits({ directory, mergeDomains: false, fs: new MemoryFiles(files), cwd: ROOT });
  if (loaded.limits === undefined) throw new Error(JSON.stringify(loaded.issues.map(({ message }) => message)));
  const result = importReference({
    domains: loaded.limits.domains,
    directory: 'limits',
    gateway,
    map: new Map(Object.entries(map)),
    place: (descriptor, ...steps) => {
      const place = loaded.places.get(descriptor)?.(...steps);
      if (place === undefined) throw new Error('no place');
      return place;
    },
  });
  return { result, limits: loaded.limits, positions: loaded.positions };
}

/** The limits of a gateway file, as its companion gets them. Throws what is wrong with it. */
export async function tableOf(text: string) {
  const { config, issues } = await loadText(text);
  if (config === undefined) throw new Error(issues.map(({ message }) => message).join('\n'));
  const { model, issues: more } = createResolver().resolve(config, { nowMs: NOW });
  if (model === undefined) throw new Error(more.map(({ message }) => message).join('\n'));
  const { limits = [], service } = model.limits ?? {};
  if (service === undefined) return { revision: '', domains: [] };
  const message = compileLimitTable(model.gateway, limits, service);
  return decodeTable(api, model.gateway, api.encode(TABLE, { ...message, revision: tableRevision(api, message) })).table;
}

export interface BothReplies {
  readonly reference: Reply;
  readonly own: Reply;
  /** By place in the request: the limits of ours that were asked for it. */
  readonly asked: readonly (readonly string[])[];
}

/** Both with a clock that is turned together. */
export async function bothServices(files: Readonly<Record<string, string>>, map: Readonly<Record<string, string>> = {}) {
  const { result, limits } = await imported(files, map);
  if (result.text === undefined) throw new Error('nothing was imported');
  const small = { maxKeys: 1_000, maxPlans: 1_000 };
  const reference = testLimiter(small);
  reference.limiter.setTables({ reference: limits });
  const own = testLimiter(small);
  own.limiter.setTables({ own: await tableOf(result.text) });
  return {
    result,
    advance(ms: number): void {
      reference.advance(ms);
      own.advance(ms);
    },
    ask(domain: string, descriptors: readonly Entries[]): BothReplies {
      const sent = descriptors.map((entries) => sentFor(result, domain, entries));
      const all = sent.flat();
      return {
        reference: reference.ask(
          domain,
          descriptors.map((entries) => ({ entries })),
        ),
        // A route without limits asks nobody.
        own: all.length === 0 ? { overall_code: 'OK', statuses: [] } : own.ask('chancery.edge', all),
        asked: sent.map((each) => each.map(({ entries: [name] }) => name?.[1] ?? '')),
      };
    },
  };
}

/** What Envoy sends by a route that names the limits of the group which the entries belong to. */
function sentFor({ groups, limits }: ReferenceImport, domain: string, entries: Entries) {
  const chosen = groupsFor(
    groups.filter((group) => group.domain === domain),
    entries,
  );
  return limits
    .filter(({ limit }) => chosen.includes(limit.group))
    .map(({ name, limit: { group } }) => {
      const sent: (readonly [string, string])[] = [['limit', name]];
      for (const part of group.parts) sent.push(entryFor(part, group, entries));
      return { entries: sent };
    });
}

function entryFor(part: string, group: LimitGroup, entries: Entries): readonly [string, string] {
  const values = group.entries.flatMap(({ meaning }, at) =>
    (meaning.kind === 'part' ? meaning.part : 'route') === part ? [entries[at]?.[1] ?? ''] : [],
  );
  const value = part === 'route' ? values.join(' ') : (values[0] ?? '');
  return [FIXED[part] ?? part, part === 'service' ? nameOfService(value) : value];
}

/** As a reader of the text chooses: by keys, then each constant by its text, by a pattern, else as any other. */
function groupsFor(groups: readonly LimitGroup[], entries: Entries): readonly LimitGroup[] {
  let found = groups.filter((group) => group.entries.map(({ key }) => key).join() === entries.map(([key]) => key).join());
  for (const [at, [, value]] of entries.entries()) {
    if (found[0]?.entries[at]?.meaning.kind !== 'constant') continue;
    const constants = found.map((group) => group.entries[at]?.constant);
    const pattern = constants.find((constant) => constant?.includes('*') === true && starPattern(constant).fits(value));
    const chosen = constants.includes(value) ? value : pattern;
    found = found.filter((group) => group.entries[at]?.constant === chosen);
  }
  return found;
}
