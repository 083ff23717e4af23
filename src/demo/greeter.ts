// The sample gRPC backend: protos/chancery/demo/v1/greeter.proto with health and reflection. For demonstrations only.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

const PROTOS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../protos');
const SERVICE = 'chancery.demo.v1.Greeter';
const MOST_GREETINGS = 100;

interface Greeting {
  readonly text: string;
  readonly version: string;
}

/** A gRPC server with the Greeter of that version, health checking and reflection. Not yet bound. */
export function createGreeterServer(version: string): Server {
  const definition = loadSync('chancery/demo/v1/greeter.proto', { includeDirs: [PROTOS], keepCase: true, defaults: true });
  const service = definition[SERVICE];
  if (service === undefined || 'format' in service) throw new Error(`greeter.proto does not define ${SERVICE}`);
  const server = new Server();
  server.addService(service, {
    Greet: (call: ServerUnaryCall<{ name: string }, Greeting>, reply: sendUnaryData<Greeting>) =>
      reply(null, { text: greeting(call.request.name), version }),
    GreetMany: (call: ServerWritableStream<{ name: string; count: number }, Greeting & { number: number }>) => {
      const count = Math.min(call.request.count === 0 ? 3 : call.request.count, MOST_GREETINGS);
      for (let number = 1; number <= count; number += 1) call.write({ text: greeting(call.request.name), version, number });
      call.end();
    },
  });
  new HealthImplementation({ '': 'SERVING', [SERVICE]: 'SERVING' }).addToServer(server);
  new ReflectionService(definition).addToServer(server);
  return server;
}

function greeting(name: string): string {
  return `Hello, ${name === '' ? 'world' : name}!`;
}
