// PB8: clients that come back with the versions of all they hold, unchanged. Clusters are not sent again; endpoints are (X57, X80).
import { figuresOf, report } from './measure.mjs';
import { startFleet } from './push/fleet.mjs';

const CLUSTERS = 10_000;
const SIZES = [
  { streams: 500, rounds: 3 },
  { streams: 5_000, rounds: 1 },
];

const rows = [];
for (const size of SIZES) await reconnects({ ...size, names: 0 });
await reconnects({ streams: 100, rounds: 3, names: CLUSTERS });
report(rows);

async function reconnects({ streams, rounds, names }) {
  const fleet = await startFleet({ kind: 'ours', clusters: CLUSTERS, withEndpoints: names > 0 });
  const answers = names > 0 ? 2 : 1;
  await fleet.clients('open', { count: 1, names, answers });
  const taken = [];
  const before = await fleet.clients('counts');
  for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
    await fleet.clients('close');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const time = await fleet.cpuOf(() => fleet.clients('open', { count: streams, names, resumes: true, answers }));
    if (round >= 0) taken.push(time);
  }
  const after = await fleet.clients('counts');
  fleet.stop();
  const figures = figuresOf(taken);
  const clients = streams.toLocaleString('en');
  const what =
    names > 0
      ? `${clients} reconnects with 10,000 clusters and 10,000 assignments, which are sent again`
      : `${clients} reconnects with the versions of 10,000 clusters`;
  rows.push({ id: 'PB8', name: what, ...figures });
  const perReconnect = Math.round((figures.cpuMs.median / streams) * 100) / 100;
  rows.push({ id: 'PB8', name: 'the same: CPU ms per reconnect', ...(names > 0 ? {} : { goalId: 'reconnect-cpu' }), count: perReconnect });
  rows.push({ id: 'PB8', name: 'the same: clusters sent again', goalId: 'reconnect-resends', count: after.clusters - before.clusters });
}
