// `npm run bench`: runs test/bench one case after the other, each in a process of its own, and writes docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CASES = [
  'compile',
  'edit',
  'endpoint',
  'start',
  'push',
  'idle',
  'reconnect',
  'converge',
  'lag',
  'live',
  'authz',
  'authz-grpc',
  'ratelimit',
  'ratelimit-redis',
  'ratelimit-store',
  'ratelimit-grpc',
  'gateway',
];
const CASE_TIMEOUT_MS = 900_000;

if (process.argv.includes('--help')) {
  process.stdout.write(
    'usage: npm run bench [-- --check] [-- CASE…]\n' +
      `Cases: ${CASES.join(', ')} (default: all). A run of all writes docs/benchmarks.md.\n` +
      '--check: ends with 1 when a ratio or count misses its goal in test/bench/goals.json (times never do), or when other programs\n' +
      'disturbed the measurement.\n',
  );
  process.exit(0);
}

const isCheck = process.argv.includes('--check');
const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = chosen.filter((name) => !CASES.includes(name));
if (unknown.length > 0) fail(`there is no case ${unknown.join(', ')}: choose of ${CASES.join(', ')}`);

const goals = JSON.parse(readFileSync(path.join(root, 'test/bench/goals.json'), 'utf8'));
const failed = [];
const results = (chosen.length === 0 ? CASES : chosen).flatMap(runCase);
const rows = results.flatMap((result) => result.rows);
process.stdout.write(`\n${table(rows)}\n`);
if (failed.length > 0) fail(failed.join('\nbench: '));
if (chosen.length === 0) {
  writeFileSync(path.join(root, 'docs/benchmarks.md'), page(rows));
  process.stdout.write('\nwritten to docs/benchmarks.md\n');
}
if (isCheck) check();

function runCase(name) {
  process.stderr.write(`bench: ${name}\n`);
  const file = path.join(root, 'test/bench', `${name}.mjs`);
  const run = spawnSync(process.execPath, ['--expose-gc', '--max-semi-space-size=64', file], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CASE_TIMEOUT_MS,
  });
  if (run.status !== 0) {
    // The others are not lost.
    failed.push(`the case ${name} failed${run.error === undefined ? '' : `: ${run.error.message}`}`);
    return [];
  }
  return { name, ...JSON.parse(run.stdout.trim().split('\n').at(-1)) };
}

function fail(problem) {
  process.stderr.write(`bench: ${problem}\n`);
  process.exit(1);
}

function check() {
  const missed = rows.filter((row) => goals[row.goalId]?.gates && !isMet(row));
  for (const row of missed) process.stderr.write(`bench: missed: ${row.name}: ${figure(row)}, goal ${goalText(row)}\n`);
  for (const { name } of results.filter(({ isDisturbed }) => isDisturbed))
    process.stderr.write(`bench: other programs disturbed ${name}\n`);
  if (missed.length > 0 || results.some(({ isDisturbed }) => isDisturbed)) process.exitCode = 1;
}

function page(all) {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; do not edit. CPU is that of the process that does the work; times are medians of rounds after some to warm up',
    '[least to most]. CPU can be more than wall time: the garbage collector and the compiler of Node work in threads of their own.',
    'Absolute figures belong to the machine; ratios and counts hold elsewhere too. `npm run bench -- --check` compares those with their goals.',
    '',
    `Machine: ${cpus().length} × ${cpu?.model.trim() ?? 'CPU'}, ${memory} GiB, ${process.platform} ${process.arch}; Node ${process.versions.node}.`,
    ...(results.some(({ isDisturbed }) => isDisturbed) ? ['', 'Other programs used the machine during some of the rounds.'] : []),
    '',
    table(all),
    '',
    'PB…: the cases of the design notes. PB1 cold build, PB2 one edit, PB3 one endpoint, PB4 start of a process, PB5 a snapshot to many streams,',
    'PB6 one change to many streams, PB7 idle streams, PB8 reconnects, PB9 from save to the last answer, PB10 checks of the auth companion,',
    'PB11 decisions of the rate-limit companion (and how many a second one process made), PB12 auth and limits in front of a real backend, by a real Envoy.',
    'PB13, an hour under load, is `npm run bench:soak`.',
    '',
  ].join('\n');
}

function table(all) {
  const cells = [['', 'case', 'CPU', 'wall', 'ratio or count', 'goal'], ...all.map(line)];
  const widths = cells[0].map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return lines.join('\n');
}

function line(row) {
  const goal = row.goalId === undefined ? '' : `${goalText(row)} ${isMet(row) ? '✓' : '✗ missed'}`;
  return [row.id, row.name, time(row.cpuMs), wall(row), row.ratio === undefined ? String(row.count ?? '') : ratio(row.ratio), goal];
}

/** Time, or how many a second. */
function wall({ wallMs, perSecond }) {
  return perSecond === undefined ? time(wallMs) : `${Math.round(perSecond).toLocaleString('en-US')}/s`;
}

function time(spread) {
  if (spread === undefined) return '';
  const { median, min, max } = spread;
  const digits = median < 10 ? 1 : 0;
  const middle = `${median.toFixed(digits)} ms`;
  return min === max ? middle : `${middle} [${min.toFixed(digits)} to ${max.toFixed(digits)}]`;
}

function ratio(value) {
  return value < 0.1 ? value.toFixed(4) : value.toFixed(2);
}

function goalText({ goalId }) {
  const { what, atMost, atLeast } = goals[goalId];
  return atLeast === undefined ? `${what} ≤ ${atMost}` : `${what} ≥ ${atLeast}`;
}

/** The value that the goal speaks of. */
function valueOf(row) {
  switch (goals[row.goalId].what) {
    case 'wall ms':
      return row.wallMs.median;
    case 'CPU ms':
      return row.cpuMs.median;
    case 'ratio':
      return row.ratio;
    default:
      return row.count;
  }
}

function isMet(row) {
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = goals[row.goalId];
  return valueOf(row) <= atMost && valueOf(row) >= atLeast;
}

function figure(row) {
  return String(Math.round(valueOf(row) * 10_000) / 10_000);
}
