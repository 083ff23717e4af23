import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from '../../../src/app/app.ts';
import type { GatewayEvent } from '../../../src/app/gateway-event.ts';
import type { LiveGateway } from '../../../src/app/live-gateway.ts';
import { createUpReporter } from '../../../src/cli/up-reporter.ts';
import type { NodeStatus } from '../../../src/xds/status.ts';
import { buildOf, goodOf } from '../../support/plain-builds.ts';

const GATEWAY = { file: '/etc/edge.yaml', name: 'edge' } as LiveGateway;
const BUILD = buildOf([]);
const BROKEN = buildOf([{ code: 'CH2104', severity: 'error', message: 'unknown service', path: [] }]);

const EDIT: GatewayEvent = {
  kind: 'accepted',
  good: goodOf('v2', { changes: { added: ['service orders'], changed: [], removed: [] } }),
  before: goodOf('v1'),
  build: BUILD,
  startedAtMs: 0,
  atMs: 0,
  durationMs: 0,
};

describe('what `up` tells of edits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function fixture(nodes: readonly NodeStatus[] = []) {
    const output = { out: '', err: '' };
    const reporter = createUpReporter({
      terminal: { out: (text) => void (output.out += text), err: (text) => void (output.err += text), colorErr: false, cwd: '/' },
      nowMs: () => 0,
    });
    reporter.begin({ nodes: () => nodes } as App);
    return { output, reporter };
  }

  it('is one line when the change is live: what changed and how long it took', () => {
    const { output, reporter } = fixture();
    reporter.onEvent(EDIT, GATEWAY);
    expect(output.out).toBe('');
    reporter.onLive({ gateway: 'edge', durationMs: 84, nodes: 1 });
    expect(output.out).toMatch(/^\d\d:\d\d:\d\d {2}added service orders · live in 84 ms\n$/);
    vi.advanceTimersByTime(60_000);
    expect(output.out.split('\n')).toHaveLength(2);
  });

  it('is the errors, and that Envoy keeps what it has, when the edit is broken', () => {
    const { output, reporter } = fixture();
    reporter.onEvent({ kind: 'refused', build: BROKEN, durationMs: 1, isServing: true }, GATEWAY);
    expect(output.err).toContain('error[CH2104]: unknown service');
    expect(output.out).toContain('refused · Envoy keeps what it has');
  });

  it('is not said to be late any more when Envoy has refused it', () => {
    const { output, reporter } = fixture();
    reporter.onEvent(EDIT, GATEWAY);
    const refused = buildOf([{ code: 'CH3006', severity: 'error', message: 'Envoy refused it', path: [] }]);
    reporter.onEvent({ kind: 'refused', build: refused, durationMs: 1, isServing: true }, GATEWAY);
    vi.advanceTimersByTime(60_000);
    expect(output.out).not.toContain('not live yet');
  });

  it('is a word when a broken file is mended to what runs already, and nothing when nothing changed', () => {
    const { output, reporter } = fixture();
    const unchanged: GatewayEvent = { kind: 'unchanged', good: goodOf('v1'), build: BUILD, atMs: 0, durationMs: 0 };
    reporter.onEvent(unchanged, GATEWAY);
    expect(output).toEqual({ out: '', err: '' });
    reporter.onEvent({ kind: 'refused', build: BROKEN, durationMs: 1, isServing: true }, GATEWAY);
    reporter.onEvent(unchanged, GATEWAY);
    expect(output.out).toContain('mended · the same as Envoy has already');
  });

  it('is why, when a change is not live after a while', () => {
    const refusing: NodeStatus = {
      id: 'local',
      cluster: 'edge',
      connectedAt: 0,
      streams: [
        {
          variant: 'delta',
          ads: true,
          stage: 'settling',
          waitsEnded: 0,
          types: { t: { state: 'ERROR', subscribed: '*', rejected: { version: 'v', message: 'no such filter', resources: [], at: 0 } } },
        },
      ],
    };
    for (const [nodes, reason] of [
      [[], 'no Envoy is connected'],
      [[refusing], 'Envoy refuses it: no such filter'],
      [[{ ...refusing, streams: [] }], 'Envoy has not answered'],
    ] as const) {
      const { output, reporter } = fixture(nodes);
      reporter.onEvent(EDIT, GATEWAY);
      vi.advanceTimersByTime(5_000);
      expect(output.out).toContain(`added service orders · not live yet: ${reason}`);
    }
  });

  it('is nothing during the start', () => {
    const output: string[] = [];
    const reporter = createUpReporter({
      terminal: { out: (text) => output.push(text), err: (text) => output.push(text), colorErr: false, cwd: '/' },
      nowMs: () => 0,
    });
    reporter.onEvent(EDIT, GATEWAY);
    reporter.onLive({ gateway: 'edge', durationMs: 1, nodes: 1 });
    expect(output).toEqual([]);
  });
});
