import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoBackends, startDemoBackends } from '../../../src/demo/backends.ts';
import { DEMO_PORTS, type DemoPorts, demoPorts } from '../../../src/demo/ports.ts';
import { freePorts } from '../../support/free-port.ts';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

describe('sample backends', () => {
  let backends: DemoBackends;
  let ports: DemoPorts;
  const clients: Client[] = [];
  beforeAll(async () => {
    const [helloV1 = 0, helloV2 = 0, greeterV1 = 0, greeterV2 = 0] = await freePorts(4);
    ports = { helloV1, helloV2, greeterV1, greeterV2 };
    backends = await startDemoBackends('127.0.0.1', ports);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await backends.stop();
  });

  function client(port: number): Client {
    const created = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    clients.push(created);
    return created;
  }

  const greeter = loadSync('chancery/demo/v1/greeter.proto', { includeDirs: [path.join(ROOT, 'protos')] })[
    'chancery.demo.v1.Greeter'
  ] as unknown as Record<
    string,
    { path: string; requestSerialize: (value: object) => Buffer; responseDeserialize: (bytes: Buffer) => Record<string, unknown> }
  >;

  function unary(port: number, method: string, request: object): Promise<Record<string, unknown>> {
    const definition = greeter[method];
    if (definition === undefined) throw new Error(method);
    return new Promise((resolve, reject) => {
      const answer = (error: ServiceError | null, reply?: Record<string, unknown>) =>
        reply === undefined ? reject(error) : resolve(reply);
      client(port).makeUnaryRequest(definition.path, definition.requestSerialize, definition.responseDeserialize, request, answer);
    });
  }

  it('tell over HTTP which version answered and what it was asked', async () => {
    for (const [port, version] of [
      [ports.helloV1, 'v1'],
      [ports.helloV2, 'v2'],
    ] as const) {
      const response = await fetch(`http://127.0.0.1:${port}/hello?x=1`, { method: 'POST', body: 'ignored', headers: { 'x-a': 'b' } });
      expect(response.headers.get('x-demo-version')).toBe(version);
      expect(await response.json()).toMatchObject({ version, method: 'POST', path: '/hello?x=1', headers: { 'x-a': 'b' } });
    }
  });

  it('greet over gRPC, each version in its name', async () => {
    expect(await unary(ports.greeterV1, 'Greet', { name: 'Ada' })).toMatchObject({ text: 'Hello, Ada!', version: 'v1' });
    expect(await unary(ports.greeterV2, 'Greet', {})).toMatchObject({ text: 'Hello, world!', version: 'v2' });
  });

  it('stream as many greetings as are asked for, within bounds', async () => {
    const method = greeter['GreetMany'];
    if (method === undefined) throw new Error('GreetMany');
    for (const [count, expected] of [
      [0, 3],
      [5, 5],
      [1_000, 100],
    ] as const) {
      const stream = client(ports.greeterV1).makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, {
        count,
      });
      const numbers: unknown[] = [];
      for await (const { number } of stream) numbers.push(number);
      expect(numbers).toEqual(Array.from({ length: expected }, (_, index) => index + 1));
    }
  });

  it.each(['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'])('can be explored by %s', async (service) => {
    const raw = (bytes: Buffer) => bytes;
    const call = client(ports.greeterV1).makeBidiStreamRequest(`/${service}/ServerReflectionInfo`, raw, raw);
    // ServerReflectionRequest{list_services: ""}
    call.write(Buffer.from([0x3a, 0x00]));
    call.end();
    const answers: Buffer[] = [];
    for await (const answer of call) answers.push(answer as Buffer);
    expect(Buffer.concat(answers).toString('latin1')).toContain('chancery.demo.v1.Greeter');
  });

  it('answer health checks for the server and the service', async () => {
    const raw = (bytes: Buffer) => bytes;
    for (const request of [Buffer.alloc(0), Buffer.from('\x0a\x18chancery.demo.v1.Greeter')]) {
      const reply = await new Promise<Buffer>((resolve, reject) => {
        const answer = (error: ServiceError | null, bytes?: Buffer) => (bytes === undefined ? reject(error) : resolve(bytes));
        client(ports.greeterV2).makeUnaryRequest('/grpc.health.v1.Health/Check', raw, raw, request, answer);
      });
      expect([...reply]).toEqual([0x08, 0x01]);
    }
  });

  it('leave nothing open when one of their ports is taken', async () => {
    const [helloV1 = 0, helloV2 = 0, greeterV1 = 0] = await freePorts(3);
    const taken = { helloV1, helloV2, greeterV1, greeterV2: ports.greeterV2 };
    await expect(startDemoBackends('127.0.0.1', taken)).rejects.toMatchObject({ code: 'ERR_PORT_IN_USE' });
    await expect(fetch(`http://127.0.0.1:${helloV1}/`)).rejects.toThrow();
  });
});

describe('ports of the sample backends', () => {
  it('are those that the quickstart gateway names, with the same variables', () => {
    const text = readFileSync(path.join(ROOT, 'envoy/quickstart/gateway.yaml'), 'utf8');
    for (const { variable, fallback } of Object.values(DEMO_PORTS)) expect(text).toContain(`\${env:${variable}:-${fallback}}`);
  });

  it('come from the environment, and wrong ones are usage errors', () => {
    expect(demoPorts({ CHANCERY_DEMO_HELLO_V1_PORT: '1234', CHANCERY_DEMO_HELLO_V2_PORT: '' })).toMatchObject({
      helloV1: 1_234,
      helloV2: 18_102,
    });
    expect(() => demoPorts({ CHANCERY_DEMO_GREETER_V1_PORT: '0' })).toThrow(/CHANCERY_DEMO_GREETER_V1_PORT is "0"/);
  });
});
