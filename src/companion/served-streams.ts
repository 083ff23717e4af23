// The open streams of a companion's server: who may open one, how many and how large, and their end (ratelimit R809). What they say is the
// handler's affair.
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Access } from '../grpc/access.ts';
import { alternativeNames } from '../grpc/certificate-names.ts';
import type { CallFailure } from './bytes-handler.ts';
import type { StreamHandler, StreamSink } from './stream-handler.ts';

export interface ServedStreamsOptions {
  readonly access: Access;
  /** A message made the handler throw. */
  readonly onFailed: (cause: unknown) => void;
}

const MOST_STREAMS = 1_000;
const MOST_MESSAGE_BYTES = 1024 * 1024;
/** A client that reads nothing is let go. */
const MOST_UNREAD_BYTES = 4 * 1024 * 1024;

type Call = ServerDuplexStream<Buffer, Buffer>;

export class ServedStreams {
  readonly #options: ServedStreamsOptions;
  readonly #open = new Set<(failure: CallFailure) => void>();
  #isOver: CallFailure | undefined;

  constructor(options: ServedStreamsOptions) {
    this.#options = options;
  }

  method(handler: StreamHandler): (call: Call) => void {
    return (call) => this.#serve(call, handler);
  }

  /** Ends all that are open, and whatever comes. */
  endAll(failure: CallFailure): void {
    this.#isOver = failure;
    for (const end of this.#open) end(failure);
  }

  #serve(call: Call, handler: StreamHandler): void {
    const denial = this.#isOver ?? this.#options.access.admit(call) ?? this.#tooMany();
    // A stream that fails has no listener of its own to hear it.
    call.on('error', () => {});
    if (denial !== undefined) {
      call.emit('error', denial);
      return;
    }
    let sink: StreamSink | undefined;
    const close = (): void => {
      if (!this.#open.delete(end)) return;
      sink?.closed();
    };
    const end = (failure: CallFailure): void => {
      if (!this.#open.has(end)) return;
      call.emit('error', failure);
      close();
    };
    this.#open.add(end);
    const send = (bytes: Uint8Array): void => {
      if (!this.#open.has(end)) return;
      if (call.writableLength > MOST_UNREAD_BYTES) end({ code: status.RESOURCE_EXHAUSTED, details: 'answers are not read' });
      else call.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    };
    sink = handler({ peer: peerOf(call), send, end });
    call.on('data', (bytes: Buffer) => this.#take(bytes, sink, end));
    call.on('end', () => {
      call.end();
      close();
    });
    call.on('cancelled', close);
    call.on('close', close);
  }

  #take(bytes: Buffer, sink: StreamSink | undefined, end: (failure: CallFailure) => void): void {
    if (!this.#open.has(end)) return;
    if (bytes.length > MOST_MESSAGE_BYTES) return end({ code: status.RESOURCE_EXHAUSTED, details: 'the message is too large' });
    try {
      sink?.received(bytes);
    } catch (cause) {
      this.#options.onFailed(cause);
      end({ code: status.INTERNAL, details: 'the companion failed; its log says why' });
    }
  }

  #tooMany(): CallFailure | undefined {
    return this.#open.size < MOST_STREAMS ? undefined : { code: status.RESOURCE_EXHAUSTED, details: 'too many streams are open' };
  }
}

/** Ports of clients are their kernel's choice and differ with each connection. */
function peerOf(call: Call): string {
  const [name] = alternativeNames(call);
  return name === undefined ? call.getPeer().replace(/:\d+$/, '') : `${name.kind}:${name.value}`;
}
