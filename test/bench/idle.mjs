// PB7: what an idle stream with a connection of its own costs in memory, when its client holds all clusters and asked for all endpoints by
// name; beside it a grpc-js handler that does nothing.
import { report } from './measure.mjs';
import { startFleet } from './push/fleet.mjs';

const SIZES = [
  { streams: 50, names: 10_000 },
  { streams: 500, names: 10_000 },
  // A first snapshot of 10,000 to each of them would be 20 GB through the loopback.
  { streams: 5_000, names: 1_000 },
];
const KIB = 1_024;

const rows = [];
for (const { streams, names } of SIZES) {
  const ours = await perStream(await startFleet({ kind: 'ours', clusters: names, withEndpoints: true }), { streams, names, answers: 2 });
  const floor = await perStream(await startFleet({ kind: 'floor', firstBytes: 64, fullBytes: 64, changeBytes: 64 }), {
    streams,
    names,
    answers: 1,
  });
  const what = `an idle stream among ${streams.toLocaleString('en')}, ${names.toLocaleString('en')} clusters and assignments`;
  rows.push(
    { id: 'PB7', name: `${what}: KiB`, goalId: 'idle-kib', count: ours },
    { id: 'PB7', name: 'the same above a grpc-js handler that does nothing: KiB', goalId: 'idle-over-floor', count: rounded(ours - floor) },
  );
}
report(rows);

async function perStream(fleet, { streams, names, answers }) {
  const one = { count: 1, names, answers };
  // What all streams share, and what is made at the first use, is no stream's cost.
  await fleet.clients('open', one);
  const before = await settled(fleet);
  await fleet.clients('open', { ...one, count: streams });
  const after = await settled(fleet);
  fleet.stop();
  return rounded((after - before) / streams / KIB);
}

async function settled(fleet) {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return (await fleet.server('memory')).bytes;
}

function rounded(kib) {
  return Math.round(kib * 10) / 10;
}
