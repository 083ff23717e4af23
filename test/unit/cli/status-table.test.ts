import { describe, expect, it } from 'vitest';
import { type Status, statusTable } from '../../../src/cli/status-table.ts';
import { textTable } from '../../../src/cli/text-table.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';

const STATUS: Status = {
  gateways: [
    {
      gateway: 'edge',
      file: '/etc/edge.yaml',
      serving: 'last-good',
      isRestored: true,
      version: 'cda601fdf02e74db',
      acceptedAt: '2026-11-22T11:00:00Z',
      problems: [{ code: 'CH2001', severity: 'error', message: 'unknown service "a"', source: '/etc/edge.yaml:3:7' }],
    },
  ],
  nodes: [
    {
      id: 'envoy-1',
      cluster: 'edge',
      version: '1.40.0',
      connectedAt: NOW,
      streams: [
        {
          variant: 'delta',
          ads: true,
          types: {
            [CLUSTER]: { state: 'SYNCED', subscribed: '*', acceptedVersion: 'v1', sentVersion: 'v1', lastAckAt: NOW - 5_000 },
            [LISTENER]: {
              state: 'ERROR',
              subscribed: 3,
              sentVersion: 'v2',
              rejected: { version: 'v2', message: 'bad port', at: NOW - 180_000 },
            },
          },
        },
      ],
    },
  ],
};

describe('the status table', () => {
  it('shows gateways, their problems, each type of each node, and refusals with their message', () => {
    expect(statusTable(STATUS, NOW)).toBe(
      [
        'GATEWAY  SERVING                               VERSION           ACCEPTED  FILE',
        'edge     last-good (kept from an earlier run)  cda601fdf02e74db  60m ago   /etc/edge.yaml',
        '',
        'error[CH2001]: unknown service "a"',
        '  --> /etc/edge.yaml:3:7',
        '',
        'NODE     GATEWAY  ENVOY   XDS    TYPE      STATE   ACCEPTED  SENT  LAST ACK  SUBSCRIBED',
        'envoy-1  edge     1.40.0  delta  Cluster   SYNCED  v1        v1    5s ago    *',
        'envoy-1  edge     1.40.0  delta  Listener  ERROR   -         v2    -         3',
        '',
        'envoy-1 refused Listener v2 3m ago:',
        '  bad port',
        '',
      ].join('\n'),
    );
  });

  it('says that no node is connected', () => {
    expect(statusTable({ gateways: [], nodes: [] }, NOW)).toBe('No node is connected.\n');
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
