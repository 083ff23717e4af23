// Connects a client of Redis until it is told not to. ioredis itself tries again after a lost connection, but gives a client up for good whose
// Sentinel tells of a new master while it is just being asked for the master: that client would answer "Connection is closed." for ever.
import type { Redis } from 'ioredis';

const AGAIN_MS = 100;

/** Gives the function that ends it, the connection included. */
export function keepConnected(redis: Pick<Redis, 'connect' | 'disconnect' | 'on'>): () => void {
  let isEnded = false;
  let timer: NodeJS.Timeout | undefined;
  // Why it failed is told by the event `error`.
  const connect = (): void => void redis.connect().catch(() => undefined);
  redis.on('end', () => {
    clearTimeout(timer);
    if (!isEnded) timer = setTimeout(connect, AGAIN_MS).unref();
  });
  connect();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    redis.disconnect();
  };
}
