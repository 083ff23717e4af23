import { describe, expect, test } from 'vitest';
import { clientNode } from '../../../src/xds/node.ts';
import { nodeStatuses, type StreamSnapshot, typeStatus } from '../../../src/xds/status.ts';
import { testView } from '../../support/snapshots.ts';
import { SubscriptionDialogue } from './subscription-dialogue.ts';

const ENVOY = clientNode({
  id: 'n1',
  cluster: 'edge',
  user_agent_name: 'envoy',
  user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 } },
});

describe('the state of a type', () => {
  const view = testView('Cluster', { A: '1' });
  const state = (dialogue: SubscriptionDialogue) => typeStatus(dialogue.state, view, ENVOY);

  test('asked, sent, accepted, refused, changed', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'delta' }, { A: '1' });
    dialogue.ask({ subscribe: ['A', 'B'] });
    expect(state(dialogue)).toEqual({ state: 'NOT_SENT', subscribed: 2 });
    dialogue.answer();
    expect(state(dialogue)).toEqual({ state: 'STALE', subscribed: 2, sentVersion: view.version });
    dialogue.ask({ nonce: dialogue.nonce });
    expect(state(dialogue)).toEqual({
      state: 'SYNCED',
      subscribed: 2,
      sentVersion: view.version,
      acceptedVersion: view.version,
      lastAckAt: 7,
    });
    expect(typeStatus(dialogue.state, testView('Cluster', { A: '2' }), ENVOY).state).toBe('STALE');
    dialogue.serve({ A: '2' });
    dialogue.answer();
    dialogue.ask({ nonce: dialogue.nonce, error: { code: 13, message: 'bad' } });
    expect(state(dialogue)).toMatchObject({ state: 'ERROR', acceptedVersion: view.version, rejected: { message: 'bad', at: 7 } });
  });

  test('a wildcard is a star; what is given up is synced', () => {
    const dialogue = new SubscriptionDialogue({ variant: 'sotw' }, { A: '1' });
    dialogue.ask({ list: ['*'] });
    dialogue.answer();
    expect(state(dialogue).subscribed).toBe('*');
    dialogue.ask({ list: [] });
    expect(state(dialogue)).toMatchObject({ state: 'SYNCED', subscribed: 0 });
  });
});

describe('nodes', () => {
  const stream = (id: string, cluster: string, openedAtMs: number): StreamSnapshot => ({
    node: { ...ENVOY, id, cluster },
    openedAtMs,
    status: { variant: 'delta', ads: true, stage: 'done', waitsEnded: 0, types: {} },
  });

  test('streams of one id and gateway are one node, sorted, connected since the oldest', () => {
    const nodes = nodeStatuses([stream('b', 'edge', 5), stream('a', 'edge', 9), stream('b', 'edge', 3), stream('b', 'other', 1)]);
    expect(nodes.map(({ id, cluster, connectedAt, streams }) => [id, cluster, connectedAt, streams.length])).toEqual([
      ['a', 'edge', 9, 1],
      ['b', 'edge', 3, 2],
      ['b', 'other', 1, 1],
    ]);
    expect(nodes[0]).toMatchObject({ userAgent: 'envoy', version: '1.40.0' });
  });

  test('a gRPC client is known by its user agent and gets smaller responses', () => {
    expect(clientNode({ id: 'g', user_agent_name: 'gRPC Node Pure JS', user_agent_version: '1.14' })).toMatchObject({
      isGrpc: true,
      version: '1.14',
      cluster: '',
      limits: { maxResponseBytes: 3 * 1024 * 1024 },
    });
  });
});
