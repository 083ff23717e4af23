// A process of its own (P29): many delta clients, each with a connection of its own, that answer every response at once. Reads of a response no
// more than its type, its nonce and how many resources it has.
import { Client, credentials } from '@grpc/grpc-js';
import { loadEnvoyApi } from '../../../dist/proto/api.js';
import { clusterName } from './resources.mjs';

const METHOD = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const ASSIGNMENT = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';
const ROUTES = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
const OPTIONS = {
  'grpc.max_receive_message_length': -1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_channelz': 0,
  'grpc.enable_http_proxy': 0,
};
const AT_ONCE = 64;

const api = loadEnvoyApi();
const identity = (bytes) => bytes;
const encode = (message) => api.encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', message);

const { port, isFloor } = JSON.parse(process.argv[2]);
let streams = [];
/** Name → version of what the first client holds, for `resume`. */
const held = new Map([
  [CLUSTER, new Map()],
  [ASSIGNMENT, new Map()],
]);
const counts = { responses: 0, ofType: {}, resources: { [CLUSTER]: 0, [ASSIGNMENT]: 0 } };
let waiting;

process.on('message', (message) => void answerCall(message));
process.on('disconnect', () => process.exit(0));
process.send({ id: 0, result: true });

const calls = {
  /**
   * `names`: of endpoints to ask for, a number or the names; `routes`: names of route configurations, whose client asks for listeners too;
   * `resumes`: says what the first client before held. Gives ms until all have their answers.
   */
  open: async ({ count, answers, ...wanted }) => {
    const begun = performance.now();
    const first = firstRequests(wanted);
    const done = until(counts.responses + count * answers);
    for (let opened = 0; opened < count; opened += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - opened) }, (_, index) => openStream(opened + index, first));
      await Promise.all(some.map(({ ready }) => ready));
      streams.push(...some);
    }
    await done;
    return performance.now() - begun;
  },
  /** Until each stream had one more response, and answered it: when that was, in ms since the epoch. To be called before the server publishes. */
  next: async (typeUrl) => {
    const known = typeUrl === undefined ? counts.responses : (counts.ofType[typeUrl] ?? 0);
    await until(known + streams.length, typeUrl);
    return Date.now();
  },
  counts: () => ({ responses: counts.responses, clusters: counts.resources[CLUSTER], assignments: counts.resources[ASSIGNMENT] }),
  close: async () => {
    const closing = streams;
    streams = [];
    for (const { call, client } of closing) {
      call.cancel();
      client.close();
    }
    return true;
  },
};

function until(responses, typeUrl) {
  return new Promise((resolve) => {
    waiting = { responses, typeUrl, resolve };
    check();
  });
}

function check() {
  if (waiting === undefined) return;
  const had = waiting.typeUrl === undefined ? counts.responses : (counts.ofType[waiting.typeUrl] ?? 0);
  if (had < waiting.responses) return;
  const { resolve } = waiting;
  waiting = undefined;
  resolve();
}

/** The first one is sent after the node, which differs from client to client; all else is the same bytes for all. */
function firstRequests({ names = 0, routes = [], resumes = false }) {
  const versions = (type) => (resumes ? { initial_resource_versions: Object.fromEntries(held.get(type)) } : {});
  const wanted = Array.isArray(names) ? names : Array.from({ length: names }, (_, number) => clusterName(number));
  return [
    encode({ type_url: CLUSTER, ...versions(CLUSTER) }),
    ...(wanted.length === 0 ? [] : [encode({ type_url: ASSIGNMENT, resource_names_subscribe: wanted, ...versions(ASSIGNMENT) })]),
    ...(routes.length === 0 ? [] : [encode({ type_url: LISTENER }), encode({ type_url: ROUTES, resource_names_subscribe: routes })]),
  ];
}

function openStream(number, [first, ...others]) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), OPTIONS);
  const call = client.makeBidiStreamRequest(METHOD, identity, identity);
  let opened;
  const ready = new Promise((resolve) => (opened = resolve));
  const node = encode({ node: { id: `node-${number}`, cluster: 'edge', user_agent_name: 'envoy' } });
  // Fields of two encoded messages after each other are one message.
  call.write(Buffer.concat([node, first]));
  for (const request of others) call.write(request);
  client.waitForReady(Date.now() + 60_000, (error) => (error ? fail(error) : opened()));
  call.on('data', (bytes) => answer(call, number, bytes));
  call.on('error', (error) => {
    if (streams.some((stream) => stream.call === call)) fail(error);
  });
  return { client, call, ready };
}

function answer(call, number, bytes) {
  if (isFloor) call.write(FLOOR_ACK);
  else {
    const { typeUrl, nonce, resources } = scan(bytes, number === 0);
    counts.resources[typeUrl] = (counts.resources[typeUrl] ?? 0) + resources;
    counts.ofType[typeUrl] = (counts.ofType[typeUrl] ?? 0) + 1;
    call.write(encode({ type_url: typeUrl, response_nonce: nonce }));
  }
  counts.responses++;
  check();
}

const FLOOR_ACK = encode({ type_url: CLUSTER, response_nonce: 'bench-1000' });

/** Of a DeltaDiscoveryResponse: type_url (4), nonce (5), number of resources (2); `keeps` remembers their names and versions. */
function scan(bytes, keeps) {
  const found = { typeUrl: '', nonce: '', resources: 0 };
  const versions = [];
  for (const [field, start, end] of fields(bytes, 0, bytes.length)) {
    if (field === 2) {
      found.resources++;
      if (keeps) versions.push(nameAndVersion(bytes, start, end));
    }
    if (field === 4) found.typeUrl = bytes.toString('latin1', start, end);
    if (field === 5) found.nonce = bytes.toString('latin1', start, end);
  }
  for (const [name, version] of versions) held.get(found.typeUrl)?.set(name, version);
  return found;
}

function nameAndVersion(bytes, start, end) {
  const texts = {};
  for (const [field, from, to] of fields(bytes, start, end))
    if (field === 1 || field === 3) texts[field] = bytes.toString('utf8', from, to);
  return [texts[3], texts[1]];
}

function* fields(bytes, start, end) {
  let at = start;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < end) {
    const tag = varint();
    if ((tag & 7) !== 2) throw new Error(`unexpected wire type ${tag & 7}`);
    const length = varint();
    yield [tag >> 3, at, at + length];
    at += length;
  }
}

function fail(error) {
  process.stderr.write(`a client of the benchmark failed: ${error.message}\n`);
  process.exit(1);
}

async function answerCall({ id, call, argument }) {
  process.send({ id, result: await calls[call](argument) });
}
