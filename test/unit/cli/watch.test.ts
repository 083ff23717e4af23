import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventLine } from '../../../src/cli/event-line.ts';
import { followEvents, type WatchedEvent } from '../../../src/cli/event-source.ts';

describe('following the events of a control plane', () => {
  let server: Server;
  let url: string;
  let answer: (response: ServerResponse, lastId: string | undefined) => void;
  beforeEach(async () => {
    server = createServer((request, response) => answer(response, request.headers['last-event-id'] as string | undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const begin = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' });
  const eventText = (id: string, text: string) => `id: ${id}\nevent: config\ndata: ${JSON.stringify({ id, kind: 'config', text })}\n\n`;

  function follow(stop = new AbortController()) {
    const told: string[] = [];
    const events = followEvents({
      server: url,
      path: '/api/v1/events',
      signal: stop.signal,
      onLost: () => told.push('lost'),
      onBack: () => told.push('back'),
      pause: async () => undefined,
    });
    return { told, stop, events };
  }

  it('gives events however the bytes are cut, and passes over heartbeats', async () => {
    const bytes = Buffer.from(`retry: 1000\n\n:\n\n${eventText('r-1', 'ein Weg über die Brücke')}${eventText('r-2', 'two')}`);
    answer = (response) => {
      begin(response);
      const write = (at: number): void => {
        if (at >= bytes.length) return;
        response.write(bytes.subarray(at, at + 7), () => write(at + 7));
      };
      write(0);
    };
    const { events, stop } = follow();
    const seen: WatchedEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (seen.length === 2) stop.abort();
    }
    expect(seen.map(({ text }) => text)).toEqual(['ein Weg über die Brücke', 'two']);
  });

  it('comes back with the id of the last event that it saw when the connection is lost, however it ends', async () => {
    const ids: (string | undefined)[] = [];
    answer = (response, lastId) => {
      ids.push(lastId);
      if (ids.length === 3) return void response.writeHead(503).end();
      begin(response).write(eventText(`r-${ids.length}`, `event ${ids.length}`), () => {
        if (ids.length === 1) response.end();
        else response.destroy();
      });
    };
    const { events, told, stop } = follow();
    const seen: string[] = [];
    for await (const { text } of events) {
      seen.push(text);
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual(['event 1', 'event 2', 'event 4']);
    expect(ids).toEqual([undefined, 'r-1', 'r-2', 'r-2']);
    expect(told).toEqual(['lost', 'back', 'lost', 'back']);
  });

  it('fails at once where nobody answers at first, or what answers is no control plane', async () => {
    answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello</p>');
    await expect(follow().events.next()).rejects.toMatchObject({ code: 'ERR_SERVER_UNREACHABLE' });
    answer = (response) => response.writeHead(400).end(JSON.stringify({ title: 'Bad Request', detail: 'unknown query parameter "x"' }));
    await expect(follow().events.next()).rejects.toMatchObject({ code: 'ERR_USAGE', message: 'unknown query parameter "x"' });
    url = 'http://127.0.0.1:1';
    await expect(follow().events.next()).rejects.toMatchObject({ code: 'ERR_SERVER_UNREACHABLE' });
  });

  it('ends without an error when it is stopped', async () => {
    answer = (response) => void begin(response).write(':\n\n');
    const { events, stop } = follow();
    const next = events.next();
    setImmediate(() => stop.abort());
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe('an event as a line', () => {
  const at = new Date(2026, 10, 22, 12, 3, 4).toISOString();
  it('says when, who and what', () => {
    expect(eventLine({ at, kind: 'push', gateway: 'edge', node: 'edge-1', text: 'sent Cluster v1' }, false)).toBe(
      '12:03:04  edge/edge-1             sent Cluster v1\n',
    );
    expect(eventLine({ text: 'events before this were missed' }, false)).toMatch(/^ +events before this were missed\n$/);
  });

  it('is coloured by its kind on a terminal, and shows control characters instead of obeying them', () => {
    expect(eventLine({ at, kind: 'nack', gateway: 'edge', text: 'no\n\u001b[2J' }, true)).toBe(
      '\u001b[31m12:03:04  edge                    no · \ufffd[2J\u001b[0m\n',
    );
  });
});
