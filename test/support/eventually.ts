// Waits for a condition with a deadline. It polls often and says at the end what it last saw; it never sleeps a fixed time for something to happen.
import { setTimeout as pause } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Between two looks. Default 10. */
  readonly intervalMs?: number;
  /** What is waited for, for the error. */
  readonly what?: string;
  /** Gives a reason as soon as waiting has no sense any more. */
  readonly hopeless?: () => string | undefined;
}

/** Calls `look` until it neither throws nor gives undefined or false, and returns what it gave. Throws with the last reason at the deadline. */
export async function eventually<T>(look: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000);
  let reason: unknown = 'the condition was false';
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    } catch (error) {
      reason = error;
    }
    const lost = options.hopeless?.();
    if (lost !== undefined) throw new Error(`${lost} while waiting for ${options.what ?? 'a condition'}`, { cause: reason });
    if (performance.now() >= deadline) break;
    await pause(options.intervalMs ?? 10);
  }
  throw new Error(`timed out waiting for ${options.what ?? 'a condition'}: ${reason instanceof Error ? reason.message : String(reason)}`, {
    cause: reason,
  });
}
