import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepConnected } from '../../../../src/ratelimit/redis/keep-connected.ts';

class Client extends EventEmitter {
  connects = 0;
  connect(): Promise<void> {
    this.connects += 1;
    return Promise.reject(new Error('Connection is closed.'));
  }
  disconnect(): void {
    this.emit('end');
  }
}

describe('a client of Redis that is kept connected (ratelimit R408, R805)', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('connects again each time it was given up, and never twice at once', () => {
    const client = new Client();
    keepConnected(client as unknown as Redis);
    expect(client.connects).toBe(1);
    for (const connects of [2, 3]) {
      client.emit('end');
      client.emit('end');
      expect(client.connects).toBe(connects - 1);
      vi.advanceTimersByTime(100);
      expect(client.connects).toBe(connects);
    }
    vi.advanceTimersByTime(10_000);
    expect(client.connects).toBe(3);
  });

  it('stays ended when it is meant to, also where it was to connect again', () => {
    const client = new Client();
    const end = keepConnected(client as unknown as Redis);
    client.emit('end');
    end();
    vi.advanceTimersByTime(10_000);
    expect(client.connects).toBe(1);
  });
});
