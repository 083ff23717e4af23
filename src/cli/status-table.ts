// The answer of `chancery status` as text: gateways with their rollouts, what needs attention, nodes. Pure.
import { ago } from './age.ts';
import { attentionLines, refusalLines } from './status-attention.ts';
import { type GatewayStatus, isSynced, type NodeStatus, nodeState, type Status, shortType } from './status-schema.ts';
import { textTable } from './text-table.ts';

export interface StatusTableOptions {
  readonly nowMs: number;
  /** One line for each type of each node, instead of one for each node. */
  readonly byType: boolean;
}

export function statusTable(status: Status, { nowMs, byType }: StatusTableOptions): string {
  const { gateways, nodes } = status;
  const parts = [
    gatewayTable(status, nowMs),
    attentionLines(gateways, nowMs),
    byType ? typeTable(nodes, nowMs) : nodeTable(status, nowMs),
    refusalLines(nodes, nowMs),
    companionTable(gateways, nowMs),
    discoveredTable(gateways),
    loadTable(gateways),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function gatewayTable({ gateways, nodes }: Status, nowMs: number): string {
  const rows = gateways.map((status) => {
    const { gateway = '?', serving, isRestored, version = '-', acceptedAt, file } = status;
    const own = nodes.filter(({ cluster }) => cluster === gateway);
    return [
      gateway,
      isRestored ? `${serving} (kept from an earlier run)` : serving,
      revisionText(status),
      `${own.filter(isSynced).length} of ${own.length}`,
      version,
      ago(acceptedAt === undefined ? undefined : Date.parse(acceptedAt), nowMs),
      file,
    ];
  });
  return textTable(['GATEWAY', 'SERVING', 'REVISION', 'IN SYNC', 'VERSION', 'ACCEPTED', 'FILE'], rows);
}

/** `7 live`, `8 in wave 1 of 2 (1 of 1)`, `8 withdrawn`. */
function revisionText({ rollout }: GatewayStatus): string {
  if (rollout?.revision === undefined) return '-';
  const { revision, state = '', wave } = rollout;
  return wave === undefined
    ? `${revision} ${state}`
    : `${revision} in wave ${wave.step} of ${wave.steps} (${wave.reached} of ${wave.asked})`;
}

function nodeTable({ nodes, gone }: Status, nowMs: number): string {
  if (nodes.length + gone.length === 0) return 'No node is connected.\n';
  const connected = nodes.map((node) => {
    const { streams } = node;
    return [
      node.id,
      node.cluster,
      node.version ?? '-',
      [...new Set(streams.map(({ variant }) => variant))].join(' '),
      nodeState(node),
      [...new Set(streams.map(({ stage }) => stage))].join(' '),
      runsText(node),
      behindText(node),
      String(streams.reduce((sum, { waitsEnded }) => sum + waitsEnded, 0)),
      ago(lastAckAt(node), nowMs),
    ];
  });
  const absent = gone.map((node) => [
    node.id,
    node.cluster,
    node.version ?? '-',
    '-',
    'GONE',
    '-',
    node.ran ?? '-',
    '-',
    '-',
    `gone ${ago(node.goneAt, nowMs)}`,
  ]);
  return textTable(['NODE', 'GATEWAY', 'ENVOY', 'XDS', 'STATE', 'STAGE', 'RUNS', 'BEHIND', 'WAITS', 'LAST ACK'], [...connected, ...absent]);
}

function runsText({ runs }: NodeStatus): string {
  if (runs === undefined) return '-';
  return runs.revision === undefined ? runs.version : `revision ${runs.revision}`;
}

function behindText({ streams }: NodeStatus): string {
  const behind = streams.flatMap(({ types }) => Object.entries(types).filter(([, { state }]) => state !== 'SYNCED'));
  return behind.length === 0 ? '-' : behind.map(([typeUrl, { state }]) => `${shortType(typeUrl)} ${state}`).join(', ');
}

function lastAckAt({ streams }: NodeStatus): number | undefined {
  const times = streams.flatMap(({ types }) => Object.values(types).flatMap((type) => type.lastAckAt ?? []));
  return times.length === 0 ? undefined : times.reduce((latest, at) => Math.max(latest, at));
}

function typeTable(nodes: readonly NodeStatus[], nowMs: number): string {
  if (nodes.length === 0) return 'No node is connected.\n';
  const rows = nodes.flatMap((node) =>
    node.streams.flatMap(({ variant, stage, waitsEnded, types }) =>
      Object.entries(types).map(([typeUrl, type]) => [
        node.id,
        node.version ?? '-',
        variant,
        stage,
        String(waitsEnded),
        shortType(typeUrl),
        type.state,
        type.acceptedVersion ?? '-',
        type.sentVersion ?? '-',
        ago(type.lastAckAt, nowMs),
        String(type.subscribed),
      ]),
    ),
  );
  return textTable(['NODE', 'ENVOY', 'XDS', 'STAGE', 'WAITS', 'TYPE', 'STATE', 'ACCEPTED', 'SENT', 'LAST ACK', 'SUBSCRIBED'], rows);
}

const ENDPOINTS_SHOWN = 4;

function discoveredTable(gateways: readonly GatewayStatus[]): string {
  const rows = gateways.flatMap(({ gateway = '?', discovered }) =>
    discovered.map(({ service, from, state, endpoints, draining, held, error }) => [
      service,
      gateway,
      from,
      state,
      `${endpoints.slice(0, ENDPOINTS_SHOWN).join(' ')}${endpoints.length > ENDPOINTS_SHOWN ? ` +${endpoints.length - ENDPOINTS_SHOWN}` : ''}` ||
        '-',
      [...draining.map((each) => `${each} draining`), ...held.map((each) => `${each} held`), ...(error === undefined ? [] : [error])].join(
        ', ',
      ) || '-',
    ]),
  );
  return textTable(['SERVICE', 'GATEWAY', 'FROM', 'ENDPOINTS', 'ADDRESSES', 'REMARK'], rows);
}

function companionTable(gateways: readonly GatewayStatus[], nowMs: number): string {
  const rows = gateways.flatMap(({ gateway = '?', companions }) =>
    companions.map(({ id, role, state, endpoints, held, missing, refused, since }) => [
      id,
      gateway,
      role,
      state.toUpperCase(),
      String(held),
      endpoints.join(' ') || '-',
      [...missing.map((name) => `lacks ${name}`), ...refused.map(({ policy }) => `refused ${policy}`)].join(', ') || '-',
      ago(since, nowMs),
    ]),
  );
  return textTable(['COMPANION', 'GATEWAY', 'ROLE', 'STATE', 'POLICIES', 'ADDRESSES', 'REMARK', 'SINCE'], rows);
}

/** Clusters that no user wrote: the way to ourselves. */
const OUR_OWN = 'chancery/';

function loadTable(gateways: readonly GatewayStatus[]): string {
  const rows = gateways.flatMap(({ gateway = '?', load }) =>
    Object.entries(load?.services ?? {})
      .filter(([service]) => !service.startsWith(OUR_OWN))
      .map(([service, rates]) => [
        service,
        gateway,
        perSecond(rates.requestsPerSecond),
        perSecond(rates.errorsPerSecond),
        perSecond(rates.droppedPerSecond),
        String(rates.inProgress),
      ]),
  );
  return textTable(['LOAD OF', 'GATEWAY', 'REQUESTS/S', 'ERRORS/S', 'DROPPED/S', 'IN PROGRESS'], rows);
}

function perSecond(rate: number): string {
  return rate >= 100 || rate === 0 ? rate.toFixed(0) : rate.toFixed(1);
}
