// R410: what all workers of one Redis must agree on: a worker that names keys otherwise, or begins its windows elsewhere, would count apart.
import { createHash } from 'node:crypto';
import { type Command, type RedisNode, valueOf } from './redis-node.ts';

/** Changes when the names or the forms of counters do. */
const FORMAT = '1';
/** So long it outlives the last worker; each look renews it. */
const KEPT_MS = 7 * 86_400_000;

export interface MetaOptions {
  readonly prefix: string;
  readonly keySecret: Uint8Array;
  /** Version of the time zone data. */
  readonly timeZones: string;
}

/** Writes what is not there yet and compares the rest. What differs, as a sentence; undefined where nothing does; `unknown` where Redis did not say. */
export async function metaProblem(node: RedisNode, { prefix, keySecret, timeZones }: MetaOptions): Promise<string | undefined> {
  const name = `${prefix}:meta`;
  const secret = createHash('sha256').update('crl:meta\0').update(keySecret).digest('base64url').slice(0, 16);
  const own = { secret, format: FORMAT, timeZones };
  const fields = Object.entries(own);
  const replies = await node.send([
    ...fields.map(([field, value]): Command => ['hsetnx', name, field, value]),
    ['hmget', name, ...fields.map(([field]) => field)],
    ['pexpire', name, KEPT_MS],
  ]);
  const shared = valueOf(replies[fields.length]);
  if (!Array.isArray(shared)) return 'unknown';
  const different = fields.filter(([, value], at) => shared[at] !== value).map(([field]) => field);
  if (different.length === 0) return undefined;
  return `other workers of this Redis have another ${different.map((field) => NAMES.get(field)).join(' and another ')}: they would count apart. If none of them runs any more, delete ${name}`;
}

const NAMES = new Map([
  ['secret', 'keySecret'],
  ['format', 'format of keys'],
  ['timeZones', 'version of time zone data'],
]);
