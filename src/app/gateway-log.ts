// Writes what happens to a gateway's configuration into the log and the metrics (operating.md §4, §5). The event names are stable.
import type { Build } from '../build/build.ts';
import { diffSnapshots } from '../snapshot/diff.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { GatewayEvent } from './gateway-event.ts';
import type { LiveGateway } from './live-gateway.ts';

/** A change of thousands of things is counted in the log, not listed. */
const NAMES_LISTED = 20;

export interface GatewayLogOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly diagnostics: Diagnostics;
}

export interface Diagnostics {
  /** Paths in printed places are relative to it. */
  readonly cwd: string;
  /** True where a person reads the log: the issue with its place and caret is the message then, not a field. */
  readonly asMessage: boolean;
  readonly color: boolean;
}

export type GatewayLog = (event: GatewayEvent, gateway: LiveGateway) => void;

type EventOf<Kind extends GatewayEvent['kind']> = Extract<GatewayEvent, { readonly kind: Kind }>;

export function createGatewayLog({ logger, metrics, diagnostics }: GatewayLogOptions): GatewayLog {
  const logged = new Map<string, string>();
  /** The same problems are told once, however often the files are read. */
  const areNew = (file: string, build: Build): boolean => {
    if (logged.get(file) === build.problemsKey) return false;
    logged.set(file, build.problemsKey);
    return true;
  };
  return (event, gateway) => {
    const name = gateway.name ?? '';
    const log = logger.child({ gateway: name, file: gateway.file });
    if ('build' in event) {
      metrics.increment('chancery_config_apply_total', { gateway: name, result: event.kind });
      if (areNew(gateway.file, event.build)) logIssues(log, event.build, diagnostics);
      if (event.kind !== 'refused') observe(metrics, name, event);
    }
    logEvent(log, event);
  };
}

function logEvent(log: Logger, event: GatewayEvent): void {
  switch (event.kind) {
    case 'accepted':
      return logAccepted(log, event);
    case 'unchanged':
      return log.debug({ event: 'config.unchanged', duration_ms: event.durationMs }, 'configuration read; nothing changed for Envoy');
    case 'refused':
      return logRefused(log, event);
    case 'restored':
      return logRestored(log, event);
    case 'state-damaged':
      return log.warn(
        { event: 'state.damaged', state_file: event.file, reason: event.reason },
        'the kept configuration is damaged and not used',
      );
    case 'state-unwritable':
      return log.error({ event: 'state.unwritable', err: event.error }, 'the last good configuration could not be kept on disk');
    case 'failed':
      return log.error({ event: 'config.failed', err: event.error }, 'reading the configuration failed; what was served is served still');
    default:
      event satisfies never;
  }
}

function observe(metrics: Metrics, gateway: string, { atMs, durationMs }: EventOf<'accepted' | 'unchanged'>): void {
  const labels = { gateway };
  metrics.observe('chancery_compile_duration_seconds', labels, durationMs / 1_000);
  metrics.set('chancery_config_last_success_timestamp_seconds', labels, atMs / 1_000);
}

function logAccepted(log: Logger, { good, before, previousSnapshot, durationMs }: EventOf<'accepted'>): void {
  const { snapshot, counts, changes, drains } = good;
  const resources = [...diffSnapshots(previousSnapshot, snapshot).values()].flatMap(({ added, changed, removed }) => [
    ...added,
    ...changed,
    ...removed,
  ]);
  log.info(
    {
      event: 'config.accepted',
      version: snapshot.version,
      ...counts,
      duration_ms: durationMs,
      changed_resources: resources.length,
      // A first load changes everything: the counts say enough.
      ...(before === undefined
        ? {}
        : {
            resources: listed(resources),
            ...(changes && { added: listed(changes.added), changed: listed(changes.changed), removed: listed(changes.removed) }),
            // B15: whose connections end, and why.
            ...(drains === undefined || drains.length === 0 ? {} : { drains }),
          }),
    },
    'configuration accepted',
  );
}

function listed(names: readonly string[]): readonly string[] {
  const rest = names.length - NAMES_LISTED;
  return rest > 0 ? [...names.slice(0, NAMES_LISTED), `and ${rest} more`] : names;
}

function logRefused(log: Logger, { build, durationMs, isServing }: EventOf<'refused'>): void {
  const { errors, warnings } = build.problemCounts;
  log.error(
    { event: 'config.refused', errors, warnings, duration_ms: durationMs, serving: isServing ? 'last-good' : 'nothing' },
    isServing ? 'configuration refused; the last good one is served still' : 'configuration refused; nothing is served',
  );
}

/** One event an issue, with the text that a person reads: place, line and caret. Beyond the first hundred they are only counted. */
function logIssues(log: Logger, { problems, problemCounts }: Build, { asMessage, color }: Diagnostics): void {
  for (const { view, diagnostic: shown } of problems) {
    const { code, severity, message, source, help } = view;
    const diagnostic = color ? shown.colored : shown.plain;
    const fields = { event: 'config.issue', error_code: code, ...(source === undefined ? {} : { source }) };
    const level = severity === 'error' ? 'error' : 'warn';
    if (asMessage) log[level]({ event: 'config.issue' }, `\n${diagnostic.trimEnd()}`);
    else log[level]({ ...fields, diagnostic, ...(help === undefined ? {} : { help }) }, message);
  }
  const rest = problemCounts.errors + problemCounts.warnings - problems.length;
  if (rest > 0) log.warn({ event: 'config.issues_more', issues: rest }, `and ${rest} problems more; \`chancery validate\` prints all`);
}

function logRestored(log: Logger, { kept, isLate }: EventOf<'restored'>): void {
  log.warn(
    { event: 'config.restored', version: kept.snapshot.version, accepted_at: new Date(kept.acceptedAtMs).toISOString() },
    isLate
      ? 'the files take long to read; the last good configuration of an earlier run is served until they are'
      : 'the files cannot be served; the last good configuration of an earlier run is served until they are mended',
  );
}
