// Takes times: CPU of this process and wall time, in rounds that alternate between what is compared (P29), and what others used meanwhile (P30).
import { cpus } from 'node:os';

const ROUNDS = 7;
const WARM_UPS = 2;
/** Cores that other programs may use during a round. */
const FOREIGN_CORES = 0.2;
const REPEATS = 2;
/** A machine that is never quiet must not keep the run from ending. */
let repeatsLeft = 8;
/** Whether any round stayed disturbed by other programs. */
let isDisturbed = false;

/**
 * Runs each of `tasks` (name → function, which may give a promise) once per round, one after the other. A task is given the number of the round
 * and gives an object with `measure`, the function that is timed, and may give `after`, which gets its result; only `measure` is timed.
 * Gives name → {cpuMs, wallMs}, each {median, min, max}. `othersMs`: CPU that processes which belong to the case have used; they are no strangers.
 */
export async function measure(tasks, { rounds = ROUNDS, warmUps = WARM_UPS, othersMs = () => 0 } = {}) {
  const names = Object.keys(tasks);
  const taken = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of names) {
      const time = await undisturbed(() => timed(tasks[name], round, othersMs), round < 0 ? 0 : REPEATS);
      if (round < 0) continue;
      taken[name].push(time);
      isDisturbed ||= time.foreignCores > FOREIGN_CORES;
    }
  }
  return Object.fromEntries(names.map((name) => [name, figuresOf(taken[name])]));
}

/** Of rounds that each have `cpuMs` and `wallMs`. */
export function figuresOf(rounds) {
  return { cpuMs: spread(rounds.map(({ cpuMs }) => cpuMs)), wallMs: spread(rounds.map(({ wallMs }) => wallMs)) };
}

function spread(values) {
  const sorted = [...values].sort((left, right) => left - right);
  return { median: percentile(sorted, 50), min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** Of ascending values. */
export function percentile(sorted, percent) {
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

/** The cases print one JSON object on standard output for scripts/bench.mjs. */
export function report(rows) {
  process.stdout.write(`${JSON.stringify({ rows, isDisturbed })}\n`);
}

async function undisturbed(take, repeats) {
  let best = await take();
  for (let again = 0; again < repeats && best.foreignCores > FOREIGN_CORES && repeatsLeft > 0; again++, repeatsLeft--) {
    const next = await take();
    if (next.foreignCores < best.foreignCores) best = next;
  }
  return best;
}

async function timed(task, round, othersMs) {
  const prepared = await task(round);
  const run = prepared?.measure;
  if (run === undefined) throw new Error('a task gives {measure}');
  globalThis.gc?.();
  const busyBefore = busyMs() - othersMs();
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  const result = await run();
  const wallMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuMs = (user + system) / 1000;
  const busy = busyMs() - othersMs() - busyBefore;
  prepared.after?.(result);
  // The machine counts in steps of 10 ms: a short round says nothing about others.
  const foreignCores = wallMs < 100 ? 0 : Math.max(0, busy - cpuMs) / wallMs;
  return { cpuMs, wallMs, foreignCores };
}

function busyMs() {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
