// A process of its own (P29): the xDS server over made-up resources, or the floor: grpc-js alone, which writes one ready buffer to each stream.
// Driven by messages of its parent; says its CPU, memory and counts.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadEnvoyApi } from '../../../dist/proto/api.js';
import { createSnapshotStore } from '../../../dist/snapshot/store.js';
import { createXdsServer } from '../../../dist/xds/server.js';
import { newestSnapshots } from '../../../dist/xds/targets.js';
import { snapshotMaker } from './resources.mjs';

const SERVICE = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
const api = loadEnvoyApi();
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

const kinds = { ours, floor };
const options = JSON.parse(process.argv[2]);
const served = await kinds[options.kind](options);
let peakRss = 0;
let sampling;
process.on('message', (message) => void answerCall(message));
process.on('disconnect', () => process.exit(0));
process.send({ id: 0, result: served.port });

const calls = {
  /** What is published next; not part of what is measured. */
  prepare: (change) => served.prepare(change),
  publish: () => served.publish(),
  counts: () => served.counts(),
  cpu: () => process.cpuUsage(),
  memory: () => {
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { bytes: heapUsed + external, rss };
  },
  resetPeak: () => {
    globalThis.gc();
    peakRss = process.memoryUsage.rss();
    sampling = setInterval(() => (peakRss = Math.max(peakRss, process.memoryUsage.rss())), 20);
    return peakRss;
  },
  peak: () => {
    clearInterval(sampling);
    return peakRss;
  },
};

async function ours({ clusters, withEndpoints, isEmpty }) {
  const counts = { acks: 0, requests: 0, framesBuilt: 0, framesReused: 0, responseBytes: 0, responses: {} };
  const metrics = new Proxy(
    {
      ack: () => counts.acks++,
      request: () => counts.requests++,
      frames: { missed: () => counts.framesBuilt++, hit: () => counts.framesReused++, evicted() {}, holds() {} },
      names: { missed() {}, hit() {}, evicted() {}, holds() {} },
      response: ({ type }, bytes) => {
        counts.responses[type] = (counts.responses[type] ?? 0) + 1;
        counts.responseBytes += bytes;
      },
    },
    { get: (known, name) => known[name] ?? (() => {}) },
  );
  const snapshots = createSnapshotStore();
  let encodes = 0;
  const encoded = new WeakSet();
  // The encoder gives the same bytes again for the same message: only new ones count.
  const encodeAny = (type, message) => {
    const bytes = api.encodeAny(type, message);
    if (!encoded.has(bytes)) encodes++;
    encoded.add(bytes);
    return bytes;
  };
  const make = snapshotMaker({ check: (type, message) => api.check(type, message), encodeAny }, { clusters, withEndpoints });
  if (!isEmpty) snapshots.publish(make());
  const server = createXdsServer({
    api,
    targets: newestSnapshots(snapshots),
    logger: silent,
    metrics,
    identifier: 'bench',
    nowMs: () => Date.now(),
    random: () => 'bench',
    timing: { lingerMs: 0 },
  });
  let prepared;
  return {
    port: await server.listen({ host: '127.0.0.1', port: 0 }),
    prepare: (change) => {
      prepared = make(change);
    },
    publish: () => snapshots.publish(prepared),
    counts: () => ({ ...counts, encodes }),
  };
}

/** Answers the first request of a stream with a ready buffer, and writes one to all streams when told to publish. */
async function floor({ firstBytes, changeBytes, fullBytes }) {
  const ready = Buffer.alloc(firstBytes);
  const change = Buffer.alloc(changeBytes);
  const full = Buffer.alloc(fullBytes);
  const calls = new Set();
  let requests = 0;
  const server = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024, 'grpc.enable_channelz': 0 });
  server.addService(api.service(SERVICE), {
    DeltaAggregatedResources: (call) => {
      calls.add(call);
      let isFirst = true;
      call.on('data', () => {
        requests++;
        if (isFirst && ready.length > 0) call.write(ready);
        isFirst = false;
      });
      const gone = () => calls.delete(call);
      for (const event of ['end', 'cancelled', 'close', 'error']) call.on(event, gone);
    },
  });
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  let prepared = full;
  return {
    port,
    prepare: ({ edited }) => {
      prepared = edited === undefined ? full : change;
    },
    publish: () => {
      for (const call of calls) call.write(prepared);
      return true;
    },
    counts: () => ({ requests, acks: requests - calls.size }),
  };
}

async function answerCall({ id, call, argument }) {
  process.send({ id, result: await calls[call](argument) });
}
