// Calls any method of Envoy's API or of gRPC's own services by hand: messages in, messages out. Asserts nothing.
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials as grpcCredentials, type ServiceError } from '@grpc/grpc-js';
import { eventually } from './eventually.ts';
import { testApi } from './snapshots.ts';

export interface CallTarget {
  readonly port: number;
  /** Default: plain text. */
  readonly credentials?: ChannelCredentials;
}

export interface Outcome {
  readonly code: number;
  readonly details: string;
  /** Absent where the call failed. */
  readonly bytes?: Buffer;
}

const same = (bytes: Buffer): Buffer => bytes;

/** One unary call; a status other than OK is an outcome, not an error. */
export async function callBytes(target: CallTarget, path: string, request: Buffer): Promise<Outcome> {
  const client = newClient(target);
  try {
    return await new Promise<Outcome>((resolve) => {
      client.makeUnaryRequest(path, same, same, request, (error: ServiceError | null, bytes?: Buffer) => {
        if (error === null) resolve({ code: 0, details: '', ...(bytes === undefined ? {} : { bytes }) });
        else resolve({ code: error.code, details: error.details });
      });
    });
  } finally {
    client.close();
  }
}

export interface CallStream {
  write(bytes: Buffer): void;
  halfClose(): void;
  /** Responses so far. */
  readonly received: readonly Buffer[];
  /** Waits for the response of that index. */
  nth(index: number): Promise<Buffer>;
  readonly ended: Promise<{ readonly code: number; readonly details: string }>;
  close(): void;
}

/** A stream of any form: write as many requests as the method takes. */
export function openStream(target: CallTarget, path: string): CallStream {
  const client = newClient(target);
  const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, same, same);
  const received: Buffer[] = [];
  call.on('data', (bytes: Buffer) => void received.push(bytes));
  call.on('error', () => {});
  return {
    received,
    write: (bytes) => void call.write(bytes),
    halfClose: () => call.end(),
    nth: (index) => eventually(() => received[index], { what: `response ${index} of ${path}` }),
    ended: new Promise((resolve) => {
      call.on('status', ({ code, details }) => {
        client.close();
        resolve({ code, details });
      });
    }),
    close: () => call.cancel(),
  };
}

/** A DiscoveryRequest or another message of the API as bytes. */
export function message(typeName: string, value: object): Buffer {
  return testApi().encode(typeName, value);
}

function newClient({ port, credentials = grpcCredentials.createInsecure() }: CallTarget): Client {
  return new Client(`localhost:${port}`, credentials, { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': -1 });
}
