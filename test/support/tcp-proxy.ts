// A TCP proxy that does to connections what networks do: delays, swallows, cuts in the middle of a reply, resets; and may speak TLS to clients.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface TcpProxy {
  readonly port: number;
  /** Bytes pass so much later, in both directions. */
  delay(ms: number): void;
  /** Bytes pass no more, in neither direction, and nobody is told: a half-open connection, also for new ones. */
  freeze(): void;
  /** Bytes pass again, those that were held back first. */
  thaw(): void;
  /** What is held back is lost. */
  drop(): void;
  /** After so many more bytes of replies, the connection that carries them is reset. */
  cutReplyAfter(bytes: number): void;
  /** Resets all connections, and refuses new ones until `restore`. */
  sever(): void;
  restore(): void;
  /** Connections accepted so far. */
  accepted(): number;
  /** Everything that clients sent, as text. */
  requests(): string;
  stop(): Promise<void>;
}

/** Forwards to a port of this machine. */
export async function startTcpProxy(targetPort: number, tls?: TlsOptions): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  const state = { delayMs: 0, isFrozen: false, isSevered: false, cutAfter: Number.POSITIVE_INFINITY, accepted: 0, requests: '' };
  const pass = (act: () => void): void => {
    if (state.isFrozen) held.push(act);
    else if (state.delayMs > 0) setTimeout(act, state.delayMs);
    else act();
  };
  const relay = (client: Socket): void => {
    if (state.isSevered) {
      client.destroy();
      return;
    }
    state.accepted += 1;
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      state.requests += bytes.toString('latin1');
      pass(() => upstream.write(bytes));
    });
    upstream.on('data', (bytes: Buffer) =>
      pass(() => {
        if (bytes.length <= state.cutAfter) {
          state.cutAfter -= bytes.length;
          client.write(bytes);
          return;
        }
        client.write(bytes.subarray(0, state.cutAfter), () => client.destroy());
        state.cutAfter = Number.POSITIVE_INFINITY;
      }),
    );
  };
  const server: Server = tls === undefined ? createServer(relay) : createTlsServer(tls, relay);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    delay: (ms) => {
      state.delayMs = ms;
    },
    freeze: () => {
      state.isFrozen = true;
    },
    thaw: () => {
      state.isFrozen = false;
      for (const act of held.splice(0)) act();
    },
    drop: () => {
      held.length = 0;
    },
    cutReplyAfter: (bytes) => {
      state.cutAfter = bytes;
    },
    sever: () => {
      state.isSevered = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    restore: () => {
      state.isSevered = false;
    },
    accepted: () => state.accepted,
    requests: () => state.requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
