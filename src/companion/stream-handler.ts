// How a companion serves a stream: bytes in, bytes out, free of any transport, as `BytesHandler` is for single calls. Types only.
import type { CallFailure } from './bytes-handler.ts';

/** The shell's end of an open stream. */
export interface OpenStream {
  /** Who called, as far as it can be told: the first name in its certificate, else its address. */
  readonly peer: string;
  /** Nothing happens on a stream that is over. */
  send(bytes: Uint8Array): void;
  /** Ends it; `closed` follows. */
  end(failure: CallFailure): void;
}

/** The service's end. */
export interface StreamSink {
  /** An exception ends the stream. */
  received(bytes: Uint8Array): void;
  /** Called once, however it ended. */
  closed(): void;
}

export type StreamHandler = (stream: OpenStream) => StreamSink;

export interface StreamedService {
  /** Full name. */
  readonly service: string;
  /** By name of the method; all of them stream both ways. */
  readonly methods: Readonly<Record<string, StreamHandler>>;
}
