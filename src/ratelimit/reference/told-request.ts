// What `--reference-metadata` (R325) tells of a request: the domain and the descriptors as they came.
import { spanText } from '../plan/domain-plans.ts';
import type { JsonObject } from '../reply/struct-fields.ts';
import { type RequestScan, readEntries } from '../request-scan.ts';
import type { ToldRequest } from './reference-reply.ts';

/** envoy.type.v3.RateLimitUnit. */
const UNIT_NAMES = ['UNKNOWN', 'SECOND', 'MINUTE', 'HOUR', 'DAY', 'MONTH', 'YEAR'];

export function toldRequest(bytes: Uint8Array, scan: RequestScan): ToldRequest {
  const descriptors: JsonObject[] = [];
  for (let place = 0; place < scan.count; place += 1) descriptors.push(toldDescriptor(bytes, scan, place));
  return { domain: spanText(bytes, scan.domainStart, scan.domainEnd), descriptors, hitsAddend: scan.hitsAddend };
}

function toldDescriptor(bytes: Uint8Array, scan: RequestScan, place: number): JsonObject {
  const entries = readEntries(bytes, scan.starts[place] ?? 0, scan.ends[place] ?? 0) ?? [];
  const texts = entries.map(
    ({ keyStart, keyEnd, valueStart, valueEnd }) => `${spanText(bytes, keyStart, keyEnd)}=${spanText(bytes, valueStart, valueEnd)}`,
  );
  const hits = scan.hits[place] ?? -1;
  return {
    entries: texts,
    ...(scan.overridden[place] === 1 ? { limit: limitText(scan.overrideRequests[place] ?? 0, scan.overrideUnits[place] ?? 0) } : {}),
    ...(hits === -1 ? {} : { hitsAddend: hits }),
  };
}

/** As protobuf prints the message; fields without a value are left out. */
function limitText(requests: number, unit: number): string {
  const parts = [...(requests === 0 ? [] : [`requests_per_unit:${requests}`]), ...(unit === 0 ? [] : [`unit:${UNIT_NAMES[unit] ?? unit}`])];
  return parts.join(' ');
}
