import { describe, expect, it } from 'vitest';
import type { GatewayEvent } from '../../../src/app/gateway-event.ts';
import { createGatewayLog } from '../../../src/app/gateway-log.ts';
import type { LiveGateway } from '../../../src/app/live-gateway.ts';
import type { Build, GoodBuild } from '../../../src/build/build.ts';
import type { GatewayStatus } from '../../../src/build/gateway-status.ts';
import type { Issue } from '../../../src/lib/issue.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { buildOf, goodOf, keptSnapshot } from '../../support/plain-builds.ts';

const STATUS: GatewayStatus = {
  gateway: 'edge',
  file: '/etc/edge.yaml',
  serving: 'current',
  isRestored: false,
  certificates: {},
  problems: [],
  problemCounts: { errors: 0, warnings: 0 },
};
const GATEWAY: LiveGateway = {
  name: 'edge',
  file: '/etc/edge.yaml',
  start: async () => true,
  reload: async () => undefined,
  newest: () => undefined,
  status: () => STATUS,
  good: () => undefined,
  placeOf: async () => undefined,
  explain: async () => undefined,
  rolledOut: () => undefined,
  release: async () => false,
  revisions: () => [],
  texts: async () => undefined,
  stop: async () => undefined,
};

const ERROR: Issue = {
  code: 'CH2104',
  severity: 'error',
  message: 'unknown service "a"',
  path: [],
  help: 'did you mean "b"?',
  position: { file: '/etc/edge.yaml', line: 3, column: 7, length: 1 },
};
const WARNING: Issue = { code: 'CH3004', severity: 'warning', message: 'a certificate expires', path: [] };
const TIMES = { startedAtMs: 1_000, atMs: 1_020, durationMs: 20 };

function good(version: string): GoodBuild {
  return goodOf(version, { changes: { added: [], changed: [], removed: [] } });
}

function build(issues: readonly Issue[]): Build {
  return buildOf(issues);
}

function fixture(asMessage = false) {
  const lines: Record<string, unknown>[] = [];
  const metrics = createMetrics({ version: 'test' });
  const logger = createLogger({ level: 'debug', sink: { write: (line) => lines.push(JSON.parse(line)) } });
  const log = createGatewayLog({ logger, metrics, diagnostics: { cwd: '/', asMessage, color: false } });
  return { lines, metrics, tell: (event: GatewayEvent) => log(event, GATEWAY) };
}

describe("a gateway's log", () => {
  it('B15: names the listeners that lose connections, and why; nothing where none does', () => {
    const { lines, tell } = fixture();
    const drains = [{ listener: 'listener/http', impact: 'chain', causes: ['clientIp'] }] as const;
    const changes = { added: [], changed: [], removed: [] };
    tell({ kind: 'accepted', good: goodOf('v2', { changes, drains }), before: good('v1'), build: build([]), ...TIMES });
    tell({ kind: 'accepted', good: goodOf('v3', { changes, drains: [] }), before: good('v2'), build: build([]), ...TIMES });
    expect(lines.map((line) => line['drains'])).toEqual([drains, undefined]);
  });

  it('tells of an accepted configuration with counts, times and what changed', async () => {
    const { lines, metrics, tell } = fixture();
    tell({ kind: 'accepted', good: good('v2'), before: good('v1'), build: build([]), ...TIMES });
    expect(lines).toMatchObject([
      {
        event: 'config.accepted',
        level: 'info',
        gateway: 'edge',
        version: 'v2',
        listeners: 0,
        routes: 0,
        services: 0,
        duration_ms: 20,
        changed: [],
      },
    ]);
    const text = await metrics.text();
    expect(text).toContain('chancery_config_apply_total{gateway="edge",result="accepted"} 1');
    expect(text).toContain('chancery_compile_duration_seconds_sum{gateway="edge"} 0.02');
    expect(text).toContain('chancery_config_last_success_timestamp_seconds{gateway="edge"} 1.02');
  });

  it('tells each error with code, place, text and help, and then that it was refused', async () => {
    const { lines, metrics, tell } = fixture();
    tell({ kind: 'refused', build: build([WARNING, ERROR]), durationMs: 5, isServing: true });
    expect(lines.map(({ event, level }) => [event, level])).toEqual([
      ['config.issue', 'error'],
      ['config.issue', 'warn'],
      ['config.refused', 'error'],
    ]);
    expect(lines[0]).toMatchObject({
      error_code: 'CH2104',
      source: '/etc/edge.yaml:3:7',
      help: 'did you mean "b"?',
      msg: 'unknown service "a"',
      diagnostic: expect.stringContaining('error[CH2104]: unknown service "a"'),
    });
    expect(lines[2]).toMatchObject({ errors: 1, serving: 'last-good' });
    expect(await metrics.text()).toContain('chancery_config_apply_total{gateway="edge",result="refused"} 1');
  });

  it('makes the diagnostic the message where a person reads the log', () => {
    const { lines, tell } = fixture(true);
    tell({ kind: 'refused', build: build([ERROR]), durationMs: 5, isServing: false });
    expect(lines[0]?.['msg']).toMatch(/^\nerror\[CH2104\]/);
    expect(lines[1]).toMatchObject({ serving: 'nothing' });
  });

  it('tells the same warnings once, however often the files are read, and again when they change', () => {
    const { lines, tell } = fixture();
    const issues = () => lines.filter(({ event }) => event === 'config.issue').length;
    tell({ kind: 'accepted', good: good('v1'), build: build([WARNING]), ...TIMES });
    tell({ kind: 'unchanged', good: good('v1'), build: build([WARNING]), atMs: 1, durationMs: 1 });
    expect(issues()).toBe(1);
    tell({ kind: 'unchanged', good: good('v1'), build: build([{ ...WARNING, message: 'it expires sooner' }]), atMs: 1, durationMs: 1 });
    expect(issues()).toBe(2);
  });

  it('tells the first hundred problems, errors first, and counts the rest', () => {
    const { lines, tell } = fixture();
    const warnings = Array.from({ length: 200 }, (_, index) => ({ ...WARNING, message: `warning ${index}` }));
    tell({ kind: 'refused', build: build([...warnings, ERROR]), durationMs: 5, isServing: true });
    expect(lines.filter(({ event }) => event === 'config.issue')).toHaveLength(100);
    expect(lines[0]).toMatchObject({ level: 'error' });
    expect(lines.at(-2)).toMatchObject({ event: 'config.issues_more', issues: 101 });
    expect(lines.at(-1)).toMatchObject({ event: 'config.refused', errors: 1, warnings: 200 });
  });

  it.each<[GatewayEvent, string, string]>([
    [{ kind: 'restored', kept: keptSnapshot('v1'), isLate: false }, 'config.restored', 'warn'],
    [{ kind: 'state-damaged', file: '/s', reason: 'cut off' }, 'state.damaged', 'warn'],
    [{ kind: 'state-unwritable', error: new Error('full') }, 'state.unwritable', 'error'],
    [{ kind: 'failed', error: new Error('a fault') }, 'config.failed', 'error'],
    [{ kind: 'unchanged', good: good('v1'), build: build([]), atMs: 1, durationMs: 1 }, 'config.unchanged', 'debug'],
  ])('names the event %o', (event, name, level) => {
    const { lines, tell } = fixture();
    tell(event);
    expect(lines).toMatchObject([{ event: name, level, gateway: 'edge', file: '/etc/edge.yaml' }]);
  });
});
