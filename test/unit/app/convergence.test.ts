import { describe, expect, it } from 'vitest';
import { createConvergence, isSynced, type Live } from '../../../src/convergence.ts';
import type { NodeStatus, TypeState } from '../../../src/xds/status.ts';

function node(id: string, states: readonly TypeState[], cluster = 'edge'): NodeStatus {
  const types = Object.fromEntries(states.map((state, index) => [`type-${index}`, { state, subscribed: '*' as const }]));
  return { id, cluster, connectedAt: 0, streams: [{ variant: 'delta', ads: true, stage: 'done', waitsEnded: 0, types }] };
}

function fixture() {
  const live: Live[] = [];
  const tasks: (() => void)[] = [];
  let nodes: readonly NodeStatus[] = [];
  let now = 100;
  const convergence = createConvergence({
    nodes: () => nodes,
    nowMs: () => now,
    soon: (task) => void tasks.push(task),
    onLive: (event) => live.push(event),
  });
  return {
    convergence,
    live,
    tasks,
    at: (ms: number, next: readonly NodeStatus[]) => {
      now = ms;
      nodes = next;
      convergence.changed();
      for (const task of tasks.splice(0)) task();
    },
  };
}

describe('convergence', () => {
  it('is reached when every connected node of the gateway has accepted everything', () => {
    const { convergence, live, at } = fixture();
    convergence.published('edge', 100);
    at(120, [node('a', ['SYNCED', 'SYNCED']), node('b', ['SYNCED', 'STALE'])]);
    expect(live).toEqual([]);
    at(150, [node('a', ['SYNCED', 'SYNCED']), node('b', ['SYNCED', 'SYNCED']), node('c', ['STALE'], 'other')]);
    expect(live).toEqual([{ gateway: 'edge', durationMs: 50, nodes: 2 }]);
  });

  it('is told once', () => {
    const { convergence, live, at } = fixture();
    convergence.published('edge', 100);
    at(110, [node('a', ['SYNCED'])]);
    at(120, [node('a', ['SYNCED'])]);
    expect(live).toHaveLength(1);
  });

  it('is not reached without a node, nor by one that refuses', () => {
    const { convergence, live, at } = fixture();
    convergence.published('edge', 100);
    at(110, []);
    at(120, [node('a', ['ERROR'])]);
    at(130, [node('a', [])]);
    expect(live).toEqual([]);
  });

  it('counts from the newest change when one overtakes another', () => {
    const { convergence, live, at } = fixture();
    convergence.published('edge', 100);
    convergence.published('edge', 200);
    at(230, [node('a', ['SYNCED'])]);
    expect(live).toEqual([{ gateway: 'edge', durationMs: 30, nodes: 1 }]);
  });

  it('looks once for many answers that come together', () => {
    const { convergence, tasks } = fixture();
    convergence.published('edge', 100);
    for (let answer = 0; answer < 100; answer += 1) convergence.changed();
    expect(tasks).toHaveLength(1);
  });

  it('looks at nothing while no change is on its way', () => {
    const { convergence, tasks } = fixture();
    convergence.changed();
    expect(tasks).toEqual([]);
  });

  it('holds a node synced only when all its types on all its streams are', () => {
    expect(isSynced(node('a', ['SYNCED', 'SYNCED']))).toBe(true);
    expect(isSynced(node('a', ['SYNCED', 'NOT_SENT']))).toBe(false);
    expect(isSynced(node('a', []))).toBe(false);
  });
});
