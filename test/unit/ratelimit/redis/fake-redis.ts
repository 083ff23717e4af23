// Clients of Redis for tests that have none: what is sent is answered by a function of the test. No assertions.
import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { ClientOptions } from '../../../../src/ratelimit/redis/redis-settings.ts';

export type FakeAnswer = unknown;

export interface FakeRedis {
  /** All that were made, in order. */
  readonly clients: readonly FakeClient[];
  connect(options: ClientOptions): Redis;
}

/** As Redis refuses. */
export function refusal(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

export class FakeClient extends EventEmitter {
  readonly options: ClientOptions;
  /** Of each write, the commands. */
  readonly sent: (readonly unknown[])[][] = [];
  readonly called: unknown[][] = [];
  status = 'wait';
  disconnects = 0;
  readonly #answer: (command: readonly unknown[], client: FakeClient) => FakeAnswer;

  constructor(options: ClientOptions, answer: (command: readonly unknown[], client: FakeClient) => FakeAnswer) {
    super();
    this.options = options;
    this.#answer = answer;
  }

  async connect(): Promise<void> {
    this.status = 'ready';
    this.emit('ready');
  }

  disconnect(): void {
    this.disconnects += 1;
  }

  async call(...command: unknown[]): Promise<unknown> {
    this.called.push(command);
    return 'OK';
  }

  pipeline(commands: (readonly unknown[])[]): { exec(): Promise<(readonly [Error | null, unknown])[]> } {
    this.sent.push(commands);
    return {
      exec: async () =>
        commands.map((command) => {
          const answer = this.#answer(command, this);
          return answer instanceof Error ? [answer, undefined] : [null, answer];
        }),
    };
  }
}

/** Answers that are errors are refusals; `undefined` is a reply of nothing. */
export function fakeRedis(answer: (command: readonly unknown[], client: FakeClient) => FakeAnswer): FakeRedis {
  const clients: FakeClient[] = [];
  return {
    clients,
    connect: (options) => {
      const client = new FakeClient(options, answer);
      clients.push(client);
      return client as unknown as Redis;
    },
  };
}
