// PB5, PB6: a whole snapshot, and one changed cluster, to 50, 500 and 5,000 connected streams; beside it grpc-js alone writing a ready buffer.
import { figuresOf, report } from './measure.mjs';
import { startFleet } from './push/fleet.mjs';

const SIZES = [
  { streams: 50, clusters: 10_000, rounds: 7 },
  { streams: 500, clusters: 10_000, rounds: 5 },
  { streams: 2_000, clusters: 1_000, rounds: 3, onlyChange: true },
  { streams: 5_000, clusters: 1_000, rounds: 3 },
];
const WARM_UPS = 2;
const MIB = 2 ** 20;

const rows = [];
const perStream = new Map();
for (const size of SIZES) await measureSize(size);
const growth = perStream.get(5_000) / perStream.get(50);
rows.push({ id: 'PB6', name: 'one changed cluster: CPU per stream at 5,000 ÷ at 50', goalId: 'change-growth', ratio: growth });
report(rows);

async function measureSize({ streams, clusters, rounds, onlyChange = false }) {
  const ours = await startFleet({ kind: 'ours', clusters, withEndpoints: false });
  await ours.clients('open', { count: streams, answers: 1 });
  const { responseBytes, responses } = await ours.server('counts');
  const fullBytes = Math.round(responseBytes / responses.Cluster);
  await ours.push({ edited: 7, edit: 900 }, streams);
  const changeBytes = Math.round(((await ours.server('counts')).responseBytes - responseBytes) / streams);
  const floor = await startFleet({ kind: 'floor', firstBytes: 64, fullBytes, changeBytes });
  await floor.clients('open', { count: streams, answers: 1 });
  if (!onlyChange) await fullSnapshots({ ours, floor }, { streams, clusters, rounds });
  await oneChange({ ours, floor }, { streams, clusters, rounds });
  ours.stop();
  floor.stop();
}

async function fullSnapshots({ ours, floor }, { streams, clusters, rounds }) {
  const taken = { ours: [], floor: [] };
  const before = await ours.server('counts');
  for (let round = -WARM_UPS; round < rounds; round++) {
    const ourTime = await ours.push({ edition: 1 + (round & 1) }, streams);
    const floorTime = await floor.push({}, streams);
    if (round < 0) continue;
    taken.ours.push(ourTime);
    taken.floor.push(floorTime);
  }
  const after = await ours.server('counts');
  const peakMib = await memoryOfPush(ours, streams);
  const what = `a whole snapshot of ${count(clusters)} clusters to ${count(streams)} streams`;
  const figures = { ours: figuresOf(taken.ours), floor: figuresOf(taken.floor) };
  rows.push(
    { id: 'PB5', name: what, ...figures.ours },
    { id: 'PB5', name: 'the same by grpc-js alone, one ready buffer', ...figures.floor },
    {
      id: 'PB5',
      name: `${what} ÷ grpc-js alone`,
      goalId: 'full-over-floor',
      ratio: figures.ours.cpuMs.median / figures.floor.cpuMs.median,
    },
    {
      id: 'PB5',
      name: 'encodings of a resource for all streams',
      goalId: 'full-encodes',
      // The two editions are made once and then taken as they are: at most one encoding each.
      count: Math.ceil((after.encodes - before.encodes) / (rounds + WARM_UPS) / clusters),
    },
    { id: 'PB5', name: `the same: memory at its peak above that before, MiB`, goalId: 'full-rss', count: peakMib },
  );
}

/** In a push of its own: looking at the memory costs CPU. */
async function memoryOfPush(ours, streams) {
  const base = await ours.server('resetPeak');
  await ours.push({ edition: 3 }, streams);
  return Math.round(((await ours.server('peak')) - base) / MIB);
}

async function oneChange({ ours, floor }, { streams, clusters, rounds }) {
  const taken = { ours: [], floor: [] };
  const before = await ours.server('counts');
  for (let round = -WARM_UPS; round < rounds * 3; round++) {
    const ourTime = await ours.push({ edition: 1, edited: 11, edit: round + 10 }, streams);
    const floorTime = await floor.push({ edited: 11 }, streams);
    if (round < 0) continue;
    taken.ours.push(ourTime);
    taken.floor.push(floorTime);
  }
  const after = await ours.server('counts');
  const figures = { ours: figuresOf(taken.ours), floor: figuresOf(taken.floor) };
  const micros = (figures.ours.cpuMs.median * 1000) / streams;
  perStream.set(streams, micros);
  const pushes = rounds * 3 + WARM_UPS;
  rows.push(
    {
      id: 'PB6',
      name: `one changed cluster of ${count(clusters)} to ${count(streams)} streams, with their answers`,
      ...lastByteGoal(streams),
      ...figures.ours,
    },
    { id: 'PB6', name: 'the same: CPU per stream, µs', goalId: 'change-per-stream', count: Math.round(micros) },
    {
      id: 'PB6',
      name: 'the same ÷ grpc-js alone',
      goalId: 'change-over-floor',
      ratio: figures.ours.cpuMs.median / figures.floor.cpuMs.median,
    },
    {
      id: 'PB6',
      name: 'the same: responses built per change',
      goalId: 'change-frames',
      count: Math.ceil((after.framesBuilt - before.framesBuilt) / pushes),
    },
  );
}

/** The goal speaks of 2,000 streams. */
function lastByteGoal(streams) {
  return streams === 2_000 ? { goalId: 'change-last-byte' } : {};
}

function count(number) {
  return number.toLocaleString('en');
}
