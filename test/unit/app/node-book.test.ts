import { describe, expect, it } from 'vitest';
import { createNodeBook } from '../../../src/app/node-book.ts';
import type { Snapshot } from '../../../src/snapshot/types.ts';
import type { ClientNode } from '../../../src/xds/node.ts';

const LIMITS = { maxResponseBytes: 1, takesErrorsAlone: false, takesTtl: false, takesWrapped: false };
const node = (id: string, cluster = 'edge'): ClientNode => ({
  id,
  cluster,
  userAgent: 'envoy',
  version: '1.40.0',
  isGrpc: false,
  limits: LIMITS,
});
const snapshot = (version: string, revision?: string): Snapshot => ({
  gateway: 'edge',
  version,
  views: new Map(),
  ...(revision === undefined ? {} : { revision }),
});

describe('what is remembered of nodes', () => {
  it('is the configuration that each one runs, whatever endpoints live in it', () => {
    const book = createNodeBook(() => 0);
    book.progress.reached?.(node('a'), snapshot('v1'), 10);
    book.progress.reached?.(node('a'), snapshot('v2-live', 'v2'), 20);
    expect(book.runs('edge', 'a')).toEqual({ version: 'v2', sinceMs: 20 });
    expect(book.runs('web', 'a')).toBeUndefined();
  });

  it('names a dead node, with what it ran, until it is back or an hour has passed (B63)', () => {
    let now = 0;
    const book = createNodeBook(() => now);
    book.progress.reached?.(node('a'), snapshot('v1'), 10);
    book.progress.nodeGone?.(node('a'), 30);
    book.progress.nodeGone?.(node('b'), 40);
    expect(book.gone()).toEqual([
      { id: 'b', cluster: 'edge', version: '1.40.0', goneAt: 40 },
      { id: 'a', cluster: 'edge', version: '1.40.0', goneAt: 30, ran: 'v1' },
    ]);
    expect(book.runs('edge', 'a')).toBeUndefined();
    book.progress.nodeConnected?.(node('b'), 50);
    expect(book.gone().map(({ id }) => id)).toEqual(['a']);
    now = 3_600_030;
    expect(book.gone()).toEqual([]);
  });

  it('is bounded (P27)', () => {
    const book = createNodeBook(() => 0);
    for (let index = 0; index < 1_500; index += 1) book.progress.nodeGone?.(node(`n${index}`), index);
    expect(book.gone()).toHaveLength(1_000);
    expect(book.gone()[0]?.id).toBe('n1499');
  });
});
