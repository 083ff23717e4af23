// Times as people say them.

/** `12s`, `3m`, `5h`, `2d`; 0s for what is to come. */
export function age(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

export function ago(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? '-' : `${age(atMs, nowMs)} ago`;
}
