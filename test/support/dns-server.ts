// A DNS server on loopback for tests: answers A, AAAA and SRV from a table that the test changes, over UDP. Asserts nothing.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface DnsTable {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  readonly srv?: readonly { readonly host: string; readonly port: number; readonly priority: number; readonly weight: number }[];
  /** Seconds. Default 60. */
  readonly ttl?: number;
  /** Instead of an answer. */
  readonly fails?: 'SERVFAIL' | 'silence';
}

export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Names without final dot, in lower case. A name that is not there does not exist (NXDOMAIN). */
  readonly names: Map<string, DnsTable>;
  /** `A orders.internal` for each question. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

const TYPES: ReadonlyMap<number, 'A' | 'AAAA' | 'SRV'> = new Map([
  [1, 'A'],
  [28, 'AAAA'],
  [33, 'SRV'],
]);

export async function startDnsServer(names: Readonly<Record<string, DnsTable>> = {}): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const table = new Map(Object.entries(names));
  const questions: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    questions.push(`${TYPES.get(type) ?? type} ${name}`);
    const entry = table.get(name);
    if (entry?.fails === 'silence') return;
    const records = entry === undefined || entry.fails !== undefined ? [] : recordsOf(entry, type);
    const code = entry === undefined ? 3 : entry.fails === 'SERVFAIL' ? 2 : 0;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x81_80 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    names: table,
    questions,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

function recordsOf({ a = [], aaaa = [], srv = [], ttl = 60 }: DnsTable, type: number): readonly Buffer[] {
  const kind = TYPES.get(type);
  if (kind === undefined) return [];
  switch (kind) {
    case 'A':
      return a.map((ip) => record(type, ttl, Buffer.from(ip.split('.').map(Number))));
    case 'AAAA':
      return aaaa.map((ip) => record(type, ttl, ipv6Bytes(ip)));
    case 'SRV':
      return srv.map(({ host, port, priority, weight }) =>
        record(type, ttl, Buffer.concat([words(priority, weight, port), nameBytes(host)])),
      );
  }
}

/** The name is that of the question, by a pointer. */
function record(type: number, ttl: number, data: Buffer): Buffer {
  const time = Buffer.alloc(4);
  time.writeUInt32BE(ttl);
  return Buffer.concat([words(0xc0_0c, type, 1), time, words(data.length), data]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** Of the short form with at most one `::`. */
function ipv6Bytes(ip: string): Buffer {
  const [front = [], back = []] = ip.split('::').map((half) => half.split(':').filter((part) => part !== ''));
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return words(...[...front, ...zeros, ...back].map((part) => Number.parseInt(part, 16)));
}
