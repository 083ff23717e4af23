// Follows the events of a running control plane (server-sent events), and comes back where it left off when the connection is lost.
import { z } from 'zod';
import { ChanceryError } from '../lib/errors.ts';
import { adminUrl, parseJson, problemOf, unreachable } from './admin-client.ts';

const eventSchema = z.object({
  id: z.string().optional(),
  at: z.string().optional(),
  kind: z.string().optional(),
  gateway: z.string().optional(),
  node: z.string().optional(),
  text: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

/** As the control plane sent it; without id and time where it speaks of the stream itself, such as of a gap. */
export type WatchedEvent = z.output<typeof eventSchema>;

export interface EventSourceOptions {
  readonly server: string;
  readonly path: string;
  /** Ends it, without an error. */
  readonly signal: AbortSignal;
  /** The connection was lost, and is tried again. */
  readonly onLost: () => void;
  readonly onBack: () => void;
  readonly pause: (ms: number) => Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Events from now on, until `signal`. Throws ERR_SERVER_UNREACHABLE where nobody answers at first, and ERR_USAGE for what the server refuses;
 * once it was connected it never gives up.
 */
export async function* followEvents(options: EventSourceOptions): AsyncGenerator<WatchedEvent, void> {
  const { signal, onLost, onBack, pause } = options;
  let lastId: string | undefined;
  let body: ReadableStream<Uint8Array> | undefined = await connect(options, lastId);
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    if (body !== undefined) {
      pauseMs = FIRST_PAUSE_MS;
      for await (const event of eventsOf(body, signal)) {
        lastId = event.id ?? lastId;
        yield event;
      }
      if (signal.aborted) return;
      onLost();
    }
    await pause(pauseMs);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    body = await connect(options, lastId).catch(() => undefined);
    if (body !== undefined) onBack();
  }
}

async function connect(
  { server, path, signal }: EventSourceOptions,
  lastId: string | undefined,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  const response = await fetch(adminUrl(server, path), { signal, headers }).catch((cause: unknown) => {
    if (signal.aborted) return undefined;
    throw unreachable(server, cause);
  });
  if (response === undefined) return undefined;
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (response.ok && isStream && response.body !== null) return response.body;
  const problem = problemOf(parseJson(await response.text().catch(() => '')));
  if (problem !== undefined && response.status < 500) throw new ChanceryError('ERR_USAGE', problem);
  throw new ChanceryError('ERR_SERVER_UNREACHABLE', problem ?? `${server} has no events to watch`, {
    remedy: 'give the address of the admin API with --server URL',
  });
}

/** Ends quietly when the connection does. */
async function* eventsOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<WatchedEvent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of body) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    // A connection that breaks is no failure of ours; whoever follows goes on after a pause.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
}

/** Undefined for heartbeats and what we do not know. */
function eventOf(block: string): WatchedEvent | undefined {
  const data = block.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));
  if (data.length === 0) return undefined;
  try {
    return eventSchema.safeParse(JSON.parse(data.join('\n'))).data;
  } catch {
    return undefined;
  }
}
