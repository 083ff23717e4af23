// Which companion counts where counters are in memory, and so exact in one place alone (ratelimit R603). Pure.

/** As the book knows it. */
interface Candidate {
  readonly id: string;
  readonly state: 'connected' | 'lost';
  /** Since when it is in that state; milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly isServing: boolean;
}

/** The others were here when its stream broke: most likely it died, and limits go unanswered until another one counts. */
const DEAD_MS = 5_000;
/** Nobody was: the control plane was away, and it is most likely on its way back with what it counted. */
const RETURN_MS = 20_000;

/**
 * Of those that may serve. The one that does keeps its place, for it alone knows what was counted; else the one that is here for the longest
 * time. Undefined where there is none.
 */
export function soleCompanion<Each extends Candidate>(able: readonly Each[], nowMs: number): Each | undefined {
  const connected = able.filter(({ state }) => state === 'connected');
  const oldest = first(connected);
  const counting = first(connected.filter(({ isServing }) => isServing));
  if (counting !== undefined) return counting;
  const away = first(able.filter(({ state }) => state === 'lost'));
  if (away === undefined || oldest === undefined) return oldest ?? away;
  return nowMs < patienceEnd(away, oldest) ? away : oldest;
}

/** When `soleCompanion` may give something else although nothing happened. */
export function soleDeadlines({ state, sinceMs }: Candidate): readonly number[] {
  return state === 'lost' ? [sinceMs + DEAD_MS] : [sinceMs + RETURN_MS];
}

function patienceEnd(away: Candidate, other: Candidate): number {
  return other.sinceMs < away.sinceMs ? away.sinceMs + DEAD_MS : other.sinceMs + RETURN_MS;
}

/** The longest here; of those that came at once the one whose name is least, so that all look alike each time. */
function first<Each extends Candidate>(companions: readonly Each[]): Each | undefined {
  return [...companions].sort((left, right) => left.sinceMs - right.sinceMs || (left.id < right.id ? -1 : 1))[0];
}
