import { describe, expect, it } from 'vitest';
import { isAllWell } from '../../../src/cli/status-attention.ts';
import { gatewaySchema, nodeSchema, type Status } from '../../../src/cli/status-schema.ts';
import { statusTable } from '../../../src/cli/status-table.ts';
import { textTable } from '../../../src/cli/text-table.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';

const ALL = { nowMs: NOW, byType: false };
const GATEWAY = gatewaySchema.parse({
  gateway: 'edge',
  file: '/etc/edge.yaml',
  serving: 'current',
  isRestored: false,
  version: 'cda601fdf02e74db',
  acceptedAt: '2026-11-22T11:00:00Z',
  problems: [],
});
const ROLLOUT = { nodes: 2, waitingFor: [], waitingForCount: 0, nacks: [], quarantine: [] };

/** A node whose types are in these states. */
function node(id: string, types: object, stream: object = {}): Status['nodes'][number] {
  return nodeSchema.parse({
    id,
    cluster: 'edge',
    version: '1.40.0',
    connectedAt: NOW,
    runs: { version: 'cda601fdf02e74db', revision: 7, since: NOW },
    streams: [{ variant: 'delta', ads: true, stage: 'done', waitsEnded: 0, types, ...stream }],
  });
}

const SYNCED = { state: 'SYNCED', subscribed: '*', acceptedVersion: 'v1', sentVersion: 'v1', lastAckAt: NOW - 5_000 };
const REFUSED = {
  state: 'ERROR',
  subscribed: 3,
  sentVersion: 'v2',
  rejected: { version: 'v2', message: 'bad port', resources: ['listener/http'], sources: ['/etc/edge.yaml:3'], at: NOW - 180_000 },
};
const STATUS: Status = {
  gateways: [GATEWAY],
  nodes: [node('envoy-1', { [CLUSTER]: SYNCED, [LISTENER]: SYNCED })],
  gone: [],
};

describe('the status table', () => {
  it('shows what is served, in which revision, and one line for each node', () => {
    const gateways = [{ ...GATEWAY, rollout: { ...ROLLOUT, revision: 7, state: 'live' } }];
    expect(statusTable({ ...STATUS, gateways }, ALL)).toBe(
      [
        'GATEWAY  SERVING  REVISION  IN SYNC  VERSION           ACCEPTED  FILE',
        'edge     current  7 live    1 of 1   cda601fdf02e74db  60m ago   /etc/edge.yaml',
        '',
        'NODE     GATEWAY  ENVOY   XDS    STATE   STAGE  RUNS        BEHIND  WAITS  LAST ACK',
        'envoy-1  edge     1.40.0  delta  SYNCED  done   revision 7  -       0      5s ago',
        '',
      ].join('\n'),
    );
  });

  it('shows each type of each node where that is asked for', () => {
    const nodes = [node('envoy-1', { [CLUSTER]: SYNCED, [LISTENER]: REFUSED }, { stage: 'switch', waitsEnded: 2 })];
    const text = statusTable({ ...STATUS, nodes }, { ...ALL, byType: true });
    expect(text).toContain(
      [
        'NODE     ENVOY   XDS    STAGE   WAITS  TYPE      STATE   ACCEPTED  SENT  LAST ACK  SUBSCRIBED',
        'envoy-1  1.40.0  delta  switch  2      Cluster   SYNCED  v1        v1    5s ago    *',
        'envoy-1  1.40.0  delta  switch  2      Listener  ERROR   -         v2    -         3',
      ].join('\n'),
    );
  });

  it('shows problems of files, and refusals with the line that they are about and what to do', () => {
    const gateways: Status['gateways'] = [
      {
        ...GATEWAY,
        serving: 'last-good',
        isRestored: true,
        problems: [{ code: 'CH2001', severity: 'error', message: 'unknown service "a"', source: '/etc/edge.yaml:3:7' }],
      },
    ];
    const text = statusTable({ ...STATUS, gateways, nodes: [node('envoy-1', { [LISTENER]: REFUSED })] }, ALL);
    expect(text).toContain('last-good (kept from an earlier run)');
    expect(text).toContain('error[CH2001]: unknown service "a"\n  --> /etc/edge.yaml:3:7\n');
    expect(text).toContain('ERROR  done   revision 7  Listener ERROR');
    expect(text).toContain(
      'envoy-1 refused Listener v2 3m ago: listener/http\n  bad port\n  --> /etc/edge.yaml:3\n  help: it goes on with what it had; mend that place and save\n',
    );
  });

  it('names who keeps a revision from being live everywhere, dead nodes too (B63)', () => {
    const rollout = {
      ...ROLLOUT,
      revision: 8,
      state: 'offered',
      wave: { step: 1, steps: 2, asked: 2, reached: 1 },
      waitingFor: ['envoy-2'],
      waitingForCount: 1,
    };
    const gone = [{ id: 'envoy-9', cluster: 'edge', version: '1.40.0', goneAt: NOW - 60_000, ran: 'v0' }];
    const text = statusTable({ ...STATUS, gateways: [{ ...GATEWAY, rollout }], gone }, ALL);
    expect(text).toContain('8 in wave 1 of 2 (1 of 2)');
    expect(text).toContain('edge: revision 8 is not live everywhere: no answer from envoy-2\n');
    expect(text).toMatch(/^envoy-9 +edge +1\.40\.0 +- +GONE +- +v0 +- +- +gone 60s ago$/m);
  });

  it('says why a revision was withdrawn, what is served, and what is in quarantine at which line', () => {
    const rollout = {
      ...ROLLOUT,
      revision: 8,
      state: 'withdrawn',
      lastGood: { revision: 7, version: 'v1' },
      withdrawn: { revision: 8, version: 'v2', reason: 'a node refused it', atMs: NOW - 1_000 },
      quarantine: [
        { nodeId: 'envoy-1', typeUrl: LISTENER, resources: [{ name: 'listener/http' }], message: 'bad port', place: '/etc/edge.yaml:3' },
      ],
    };
    const text = statusTable({ ...STATUS, gateways: [{ ...GATEWAY, rollout }] }, ALL);
    expect(text).toContain('edge: revision 8 was withdrawn 1s ago: a node refused it; revision 7 is served\n');
    expect(text).toContain('edge: not offered again until it changes: Listener listener/http (/etc/edge.yaml:3)\n  bad port\n');
  });

  it('shows endpoints that were found and the load that clients report, where there are any', () => {
    const discovered = [
      {
        service: 'orders',
        from: 'orders.internal:80',
        state: 'kept',
        endpoints: ['10.0.0.1:80'],
        draining: ['10.0.0.2:80'],
        held: [],
        error: 'SERVFAIL',
      },
    ];
    const load = { nodes: 2, services: { orders: { requestsPerSecond: 12.34, errorsPerSecond: 0, droppedPerSecond: 0, inProgress: 3 } } };
    const text = statusTable({ ...STATUS, gateways: [{ ...GATEWAY, discovered, load }] }, ALL);
    expect(text).toMatch(/^orders +edge +orders\.internal:80 +kept +10\.0\.0\.1:80 +10\.0\.0\.2:80 draining, SERVFAIL$/m);
    expect(text).toMatch(/^orders +edge +12\.3 +0 +0 +3$/m);
  });

  it('says that no node is connected', () => {
    expect(statusTable({ gateways: [], nodes: [], gone: [] }, ALL)).toBe('No node is connected.\n');
  });

  it('finds all well only where files are served as they are and every node runs that', () => {
    expect(isAllWell(STATUS)).toBe(true);
    expect(isAllWell({ ...STATUS, gateways: [{ ...GATEWAY, serving: 'last-good' }] })).toBe(false);
    expect(isAllWell({ ...STATUS, nodes: [node('envoy-1', { [LISTENER]: REFUSED })] })).toBe(false);
    expect(isAllWell({ ...STATUS, gateways: [{ ...GATEWAY, rollout: { ...ROLLOUT, waitingForCount: 1 } }] })).toBe(false);
  });
});

describe('a table of text', () => {
  it('aligns columns and leaves no spaces at the ends of lines', () => {
    expect(
      textTable(
        ['A', 'LONGER'],
        [
          ['1', '2'],
          ['three', '4'],
        ],
      ),
    ).toBe('A      LONGER\n1      2\nthree  4\n');
  });

  it('is nothing without rows', () => {
    expect(textTable(['A'], [])).toBe('');
  });
});
