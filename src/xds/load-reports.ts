// What the clients of all gateways said about the load of their services: the latest for `status`, the last minutes for those that decide
// by error shares (D14). Holds bounded memory; talks to nobody.
import { addLoad, type Load, NO_LOAD, type ServiceReport } from './load-report.ts';

/** Who reported. */
export interface ReportingNode {
  readonly gateway: string;
  readonly id: string;
}

export interface LoadQuery {
  readonly gateway: string;
  /** Reports that cover an earlier moment too are left out: they mix what was with what is. */
  readonly sinceMs: number;
  /** Default: all. */
  readonly nodes?: ReadonlySet<string>;
}

/** Of one service, over all that the query asks for. */
export interface ServiceLoad {
  readonly completed: number;
  readonly errors: number;
  readonly dropped: number;
}

/** Of one service by the latest reports of all nodes. */
export interface ServiceRates {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly droppedPerSecond: number;
  readonly inProgress: number;
  /** By `region/zone/sub-zone`. */
  readonly localities: Readonly<Record<string, { readonly requestsPerSecond: number; readonly inProgress: number }>>;
}

export interface GatewayLoads {
  readonly gateway: string;
  /** Nodes that report. */
  readonly nodes: number;
  /** Sorted by name. */
  readonly services: Readonly<Record<string, ServiceRates>>;
}

export interface LoadReports {
  /** A node's newest report: services it does not name had no load. */
  record(node: ReportingNode, reports: readonly ServiceReport[]): void;
  /** The node reports no more. */
  forget(node: ReportingNode): void;
  /** Counts per service; the share of errors is `errors / completed`. */
  since(query: LoadQuery): ReadonlyMap<string, ServiceLoad>;
  /** Sorted by gateway. */
  status(): readonly GatewayLoads[];
}

export interface LoadReportsOptions {
  readonly nowMs: () => number;
  /** How long counts are kept. Default 10 minutes. */
  readonly keepMs?: number;
  /** Of counts per gateway: the oldest go first. Default 200,000. */
  readonly maxCounts?: number;
}

interface Count extends ServiceLoad {
  readonly atMs: number;
  readonly fromMs: number;
  readonly node: string;
  readonly service: string;
}

interface GatewayLog {
  readonly latest: Map<string, readonly ServiceReport[]>;
  counts: Count[];
}

const KEEP_MS = 10 * 60_000;
const MAX_COUNTS = 200_000;
/** Clocks of two machines measure an interval differently. */
const TOLERANCE_MS = 50;

export function createLoadReports({ nowMs, keepMs = KEEP_MS, maxCounts = MAX_COUNTS }: LoadReportsOptions): LoadReports {
  const logs = new Map<string, GatewayLog>();

  /** A quarter at a time, so that the list is not copied for each report. */
  function trim(log: GatewayLog): void {
    const oldestMs = nowMs() - keepMs;
    const isOld = (log.counts[Math.floor(log.counts.length / 4)]?.atMs ?? oldestMs) < oldestMs;
    if (isOld || log.counts.length > maxCounts * 1.25) log.counts = log.counts.slice(-maxCounts).filter(({ atMs }) => atMs >= oldestMs);
  }

  return {
    record: (node, reports) => {
      const log: GatewayLog = logs.get(node.gateway) ?? { latest: new Map(), counts: [] };
      logs.set(node.gateway, log);
      log.latest.set(node.id, reports);
      for (const report of reports) if (hasCounts(report)) log.counts.push(countOf(node.id, report, nowMs()));
      trim(log);
    },
    forget: ({ gateway, id }) => void logs.get(gateway)?.latest.delete(id),
    since: (query) => sumSince(logs.get(query.gateway)?.counts ?? [], query),
    status: () => {
      const sorted = [...logs].sort(([left], [right]) => (left < right ? -1 : 1));
      return sorted.flatMap(([gateway, { latest }]) => (latest.size === 0 ? [] : [gatewayLoads(gateway, latest)]));
    },
  };
}

function hasCounts({ total, dropped }: ServiceReport): boolean {
  return total.completed > 0 || dropped > 0;
}

function countOf(node: string, { service, total, dropped, intervalMs }: ServiceReport, atMs: number): Count {
  return { atMs, fromMs: atMs - intervalMs, node, service, completed: total.completed, errors: total.errors, dropped };
}

function sumSince(counts: readonly Count[], { sinceMs, nodes }: LoadQuery): ReadonlyMap<string, ServiceLoad> {
  const sums = new Map<string, ServiceLoad>();
  for (let index = counts.length - 1; index >= 0; index -= 1) {
    const count = counts[index];
    if (count === undefined || count.atMs < sinceMs) break;
    if (count.fromMs < sinceMs - TOLERANCE_MS || nodes?.has(count.node) === false) continue;
    const { completed, errors, dropped } = sums.get(count.service) ?? { completed: 0, errors: 0, dropped: 0 };
    sums.set(count.service, {
      completed: completed + count.completed,
      errors: errors + count.errors,
      dropped: dropped + count.dropped,
    });
  }
  return sums;
}

function gatewayLoads(gateway: string, latest: ReadonlyMap<string, readonly ServiceReport[]>): GatewayLoads {
  const byService = new Map<string, ServiceReport[]>();
  for (const reports of latest.values()) {
    for (const report of reports) {
      const known = byService.get(report.service);
      if (known === undefined) byService.set(report.service, [report]);
      else known.push(report);
    }
  }
  const names = [...byService.keys()].sort();
  return { gateway, nodes: latest.size, services: Object.fromEntries(names.map((name) => [name, rates(byService.get(name) ?? [])])) };
}

function rates(reports: readonly ServiceReport[]): ServiceRates {
  const perSecond = (count: (report: ServiceReport) => number): number =>
    reports.reduce((sum, report) => sum + (report.intervalMs > 0 ? (count(report) / report.intervalMs) * 1_000 : 0), 0);
  const localities = new Set(reports.flatMap((report) => report.localities.map(({ locality }) => locality)));
  const within = (report: ServiceReport, name: string): Load =>
    report.localities.reduce((sum, { locality, load }) => (locality === name ? addLoad(sum, load) : sum), NO_LOAD);
  return {
    requestsPerSecond: perSecond(({ total }) => total.completed),
    errorsPerSecond: perSecond(({ total }) => total.errors),
    droppedPerSecond: perSecond(({ dropped }) => dropped),
    inProgress: reports.reduce((sum, { total }) => sum + total.inProgress, 0),
    localities: Object.fromEntries(
      [...localities].sort().map((name) => [
        name,
        {
          requestsPerSecond: perSecond((report) => within(report, name).completed),
          inProgress: reports.reduce((sum, report) => sum + within(report, name).inProgress, 0),
        },
      ]),
    ),
  };
}
