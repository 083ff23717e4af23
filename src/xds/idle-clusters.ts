// Load reports without the clusters that had no load. Envoy names every cluster in each report: decoding ten thousand of them costs more than
// all else, so they are skipped as bytes, and nothing is made for them.

/** Tag of LoadStatsRequest.cluster_stats. */
const CLUSTER_STATS = 0x12;
/** Tags of ClusterStats that an idle cluster has: its name, the interval, its name as a service. */
const NAME = 0x0a;
const INTERVAL = 0x22;
const SERVICE_NAME = 0x32;

/** An encoded LoadStatsRequest without them. Bytes that are no such message stay as they are. */
export function withoutIdleClusters(request: Buffer): Buffer {
  const outer = new DelimitedField(request);
  const inner = new DelimitedField(request);
  const kept: Buffer[] = [];
  let keptFrom = 0;
  for (let at = 0; at < request.length; at = outer.end) {
    if (!outer.readAt(at, request.length)) return request;
    if (outer.tag !== CLUSTER_STATS || !isIdle(inner, outer)) continue;
    if (at > keptFrom) kept.push(request.subarray(keptFrom, at));
    keptFrom = outer.end;
  }
  if (keptFrom === 0) return request;
  kept.push(request.subarray(keptFrom));
  return Buffer.concat(kept);
}

/** Whatever else stands in it is load, or unknown. */
function isIdle(field: DelimitedField, { start, end }: DelimitedField): boolean {
  for (let at = start; at < end; at = field.end) {
    if (!field.readAt(at, end)) return false;
    if (field.tag !== NAME && field.tag !== INTERVAL && field.tag !== SERVICE_NAME) return false;
  }
  return true;
}

/** One field after the other, in place. */
class DelimitedField {
  readonly #bytes: Buffer;
  tag = 0;
  start = 0;
  end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** False where no whole length-delimited field with a tag of one byte stands. */
  readAt(at: number, limit: number): boolean {
    this.tag = this.#bytes[at] ?? 0;
    if ((this.tag & 7) !== 2 || this.tag > 0x7f) return false;
    let length = 0;
    let next = at + 1;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.#bytes[next];
      if (byte === undefined || next >= limit || unit > 2 ** 28) return false;
      next += 1;
      length += (byte & 0x7f) * unit;
      if (byte < 0x80) break;
    }
    this.start = next;
    this.end = next + length;
    return this.end <= limit;
  }
}
