// What happens while the control plane runs, for those who watch: the newest events in a bounded ring, and followers that hear of new ones at
// once. Knows no sockets; keeps nothing on disk.

export interface LiveEvent {
  /** Of this run of the program; `after` takes it. */
  readonly id: string;
  /** ISO time. */
  readonly at: string;
  /** Stable name: `config`, `push`, `ack`, `nack`, `node`, `wave`, … */
  readonly kind: string;
  readonly gateway?: string;
  readonly node?: string;
  /** One line for people. */
  readonly text: string;
  /** What the text says, as data. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export type ToldEvent = Omit<LiveEvent, 'id' | 'at'>;

export interface Following {
  /** Events that happened since `after` and are still known; all that are known where `after` is absent. */
  readonly before: readonly LiveEvent[];
  /** Whether events after `after` are not known any more, or `after` is of another run. */
  readonly isGap: boolean;
  stop(): void;
}

export interface EventFeed {
  tell(event: ToldEvent): void;
  /** Whether anyone listens: what is frequent and of no use later needs not be told otherwise. */
  readonly isFollowed: boolean;
  /** `listener` hears of events from now on, synchronously, and must not throw. `after`: id of the last event that was seen. */
  follow(listener: (event: LiveEvent) => void, after?: string): Following;
}

export interface EventFeedOptions {
  readonly nowMs: () => number;
  /** How many events stay known. Default 1,000. */
  readonly capacity?: number;
}

export function createEventFeed({ nowMs, capacity = 1_000 }: EventFeedOptions): EventFeed {
  const run = nowMs().toString(36);
  const events: LiveEvent[] = [];
  const listeners = new Set<{ readonly tell: (event: LiveEvent) => void }>();
  let count = 0;
  return {
    get isFollowed() {
      return listeners.size > 0;
    },
    tell(told) {
      count += 1;
      const event = { id: `${run}-${count}`, at: new Date(nowMs()).toISOString(), ...told };
      events.push(event);
      // Twice the capacity at most, so that forgetting costs little for each event.
      if (events.length >= 2 * capacity) events.splice(0, events.length - capacity);
      for (const { tell } of listeners) tell(event);
    },
    follow(tell, after) {
      const listener = { tell };
      listeners.add(listener);
      const known = events.slice(-capacity);
      const stop = (): void => void listeners.delete(listener);
      if (after === undefined) return { before: known, isGap: false, stop };
      const seen = seenCount(after, run);
      const oldest = count - known.length;
      const isGap = seen === undefined || seen > count || seen < oldest;
      return { before: isGap ? known : known.slice(seen - oldest), isGap, stop };
    },
  };
}

/** How many events the owner of this id has seen; undefined for an id of another run, or none of ours. */
function seenCount(id: string, run: string): number | undefined {
  const [ofRun, number = ''] = id.split('-');
  return ofRun === run && /^\d{1,15}$/.test(number) ? Number(number) : undefined;
}
