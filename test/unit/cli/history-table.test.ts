import { describe, expect, it } from 'vitest';
import { historyTable, type RevisionView } from '../../../src/cli/history-table.ts';

const AT = Date.parse('2026-11-22T12:00:00Z');
const REVISION: RevisionView = {
  number: 7,
  version: 'cda601fdf02e74db',
  contentHash: 'abc',
  author: 'ann',
  message: '',
  files: ['/etc/edge.yaml'],
  acceptedAtMs: AT,
  state: 'superseded',
  live: { nodes: 3, durationMs: 84, atMs: AT + 84 },
  waves: [
    { step: 1, asked: 1, isEveryone: false, atMs: AT },
    { step: 2, asked: 3, isEveryone: true, atMs: AT },
  ],
  supersededBy: 8,
  stale: [],
  nacks: [],
};

describe('the history as text', () => {
  it('says when, by whom, in which waves and how it went', () => {
    expect(historyTable([REVISION], AT + 60_000)).toBe(
      [
        'REVISION  STATE       ACCEPTED                       BY   VERSION           WAVES    OUTCOME',
        '7         superseded  2026-11-22T12:00:00Z  60s ago  ann  cda601fdf02e74db  1 → all  live on 3 nodes after 84 ms',
        '',
      ].join('\n'),
    );
  });

  it('names who refused a revision, what, why and at which line', () => {
    const { live: _, supersededBy: __, ...rest } = REVISION;
    const refused: RevisionView = {
      ...rest,
      state: 'withdrawn',
      withdrawn: { reason: { kind: 'nacks' }, backTo: 6, atMs: AT },
      nacks: [
        {
          nodeId: 'edge-1',
          typeUrl: 'type.googleapis.com/envoy.config.listener.v3.Listener',
          resources: [{ name: 'listener/http' }],
          message: 'bad port',
          place: '/etc/edge.yaml:3',
          atMs: AT,
        },
      ],
    };
    const text = historyTable([refused], AT);
    expect(text).toContain('withdrawn (nacks), back to 6, 1 refused\n');
    expect(text).toContain('\n\nrevision 7: edge-1 refused Listener listener/http\n  bad port\n  --> /etc/edge.yaml:3\n');
  });

  it('tells what runs from what ran', () => {
    const text = historyTable(
      [
        { ...REVISION, number: 8, state: 'live' },
        { ...REVISION, state: 'live' },
      ],
      AT,
    );
    expect(text).toMatch(/^8 +live /m);
    expect(text).toMatch(/^7 +was live /m);
  });

  it('says that there is none', () => {
    expect(historyTable([], AT)).toBe('There is no revision yet.\n');
  });
});
