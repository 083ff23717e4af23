// When the streams of a connection are to end because of its age (T7, D24), so that clients spread over replicas. Knows no streams.
import { textHash } from '../lib/text-hash.ts';

export interface ConnectionAges {
  /**
   * A stream was opened on the connection of that peer. Gives when it is to end (`atMs`; at the latest `byMs`, though something is under way),
   * or undefined if it is never to, and what to call when it is closed.
   */
  opened(peer: string): { readonly retirement: Retirement | undefined; readonly closed: () => void };
}

export interface Retirement {
  readonly atMs: number;
  readonly byMs: number;
}

/** After the GOAWAY, which comes at the age. */
const ENDS_AT = 1.2;
const JITTER = 0.1;
const GRACE = 0.5;

/** `maxAgeMs` undefined: never. `salt`: differs between processes, so that their jitter does. */
export function createConnectionAges(options: {
  readonly maxAgeMs: number | undefined;
  readonly salt: string;
  readonly nowMs: () => number;
}): ConnectionAges {
  const { maxAgeMs, salt, nowMs } = options;
  const connections = new Map<string, { readonly firstAtMs: number; streams: number }>();
  if (maxAgeMs === undefined) return { opened: () => ({ retirement: undefined, closed: () => {} }) };
  return {
    opened: (peer) => {
      const connection = connections.get(peer) ?? { firstAtMs: nowMs(), streams: 0 };
      connections.set(peer, connection);
      connection.streams += 1;
      const share = textHash(`${salt} ${peer} ${connection.firstAtMs}`) / 2 ** 32;
      const atMs = Math.round(connection.firstAtMs + maxAgeMs * ENDS_AT * (1 + JITTER * (2 * share - 1)));
      return {
        retirement: { atMs, byMs: atMs + maxAgeMs * GRACE },
        closed: () => {
          connection.streams -= 1;
          if (connection.streams === 0 && connections.get(peer) === connection) connections.delete(peer);
        },
      };
    },
  };
}
