// The status page as HTML text: gateways with their rollouts, what is wrong, nodes. Every value from outside is escaped.

import type { GoneNode } from '../app/node-book.ts';
import type { ProblemView } from '../build/gateway-status.ts';
import type { RolloutStatus } from '../delivery/rollout-status.ts';
import type { GatewayView } from './gateway-view.ts';
import { code, escape, type Mark, marked, table } from './html.ts';
import type { NodeView } from './node-view.ts';
import { authSection, type PageAuth } from './page-auth.ts';
import { limitsSection, type PageLimits } from './page-limits.ts';

export interface PageContent {
  readonly version: string;
  readonly gateways: readonly GatewayView[];
  readonly nodes: readonly NodeView[];
  readonly gone: readonly GoneNode[];
  readonly limits: PageLimits;
  readonly auth: PageAuth;
}

/** More nodes are in the API. */
const NODES_SHOWN = 500;

/** The whole document. It reloads itself every 5 s, needs no script and no asset but /page.css. */
export function statusPage({ version, gateways, nodes, gone, limits, auth }: PageContent): string {
  const rest = nodes.length - NODES_SHOWN;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Chancery</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<h1>Chancery</h1>
<main>
<h2>Gateways</h2>
${table(['Gateway', 'Serving', 'Revision', 'Accepted', 'Content', 'File'], gateways.map(gatewayRow), 'No gateway is configured.')}
${gateways.map(attention).join('')}
${problemsSection(gateways.flatMap(({ problems }) => problems))}
<h2>Nodes</h2>
${table(['Node', 'Gateway', 'Envoy', 'Runs', 'Stage', 'Resources', 'Refused'], [...nodes.slice(0, NODES_SHOWN).map(nodeRow), ...gone.slice(0, NODES_SHOWN).map(goneRow)], 'No Envoy is connected.')}
${rest > 0 ? `<p>And ${rest} nodes more: <a href="/api/v1/nodes">/api/v1/nodes</a></p>` : ''}
${limitsSection(limits)}
${authSection(auth)}${companionSection(gateways)}${discoveredSection(gateways)}
</main>
<footer>Chancery ${escape(version)} · as JSON: <a href="/api/v1">/api/v1</a> · metrics: <a href="/metrics">/metrics</a> · live: <code>chancery watch</code></footer>
</body>
</html>
`;
}

function gatewayRow({ gateway, serving, isRestored, version, acceptedAt, counts, file, rollout }: GatewayView): readonly string[] {
  const mark = { current: 'good', 'last-good': 'wait', nothing: 'bad' } as const;
  const state = `${serving === 'last-good' ? 'last good' : serving}${isRestored ? ', kept from an earlier run' : ''}`;
  const content =
    counts === undefined
      ? ''
      : [counted(counts.listeners, 'listener'), counted(counts.routes, 'route'), counted(counts.services, 'service')].join(', ');
  const revision = `${rollout === undefined ? '' : `${revisionCell(rollout)}<br>`}${code(version)}`;
  return [escape(gateway ?? ''), marked(mark[serving], state), revision, escape(acceptedAt ?? ''), content, code(file)];
}

function revisionCell({ revision, state, wave, nodes }: RolloutStatus): string {
  if (revision === undefined) return '';
  if (wave !== undefined) return marked('wait', `${revision}, wave ${wave.step} of ${wave.steps}: ${wave.reached} of ${wave.asked} nodes`);
  const marks: Readonly<Record<string, Mark>> = { live: 'good', withdrawn: 'bad' };
  return marked(marks[state ?? ''] ?? 'wait', `${revision} ${escape(state ?? '')}${nodes === 0 ? ', no node' : ''}`);
}

const NAMES_SHOWN = 10;

/** What of a rollout somebody should look at. */
function attention({ gateway = '', rollout }: GatewayView): string {
  if (rollout === undefined) return '';
  const { withdrawn, policies, waitingFor, waitingForCount, quarantine, revision } = rollout;
  const lines: string[] = [];
  if (withdrawn !== undefined) lines.push(marked('bad', `revision ${withdrawn.revision} was withdrawn: ${escape(withdrawn.reason)}`));
  if (policies !== undefined) lines.push(marked('wait', escape(policies.text)));
  if (waitingForCount > 0) {
    const names = waitingFor.slice(0, NAMES_SHOWN).map((name) => escape(name));
    const more = waitingForCount > names.length ? ` and ${waitingForCount - names.length} more` : '';
    lines.push(marked('wait', `revision ${revision} has no answer from ${names.join(', ')}${more}`));
  }
  for (const { resources, message, place } of quarantine) {
    const names = resources.map(({ name }) => name).join(', ') || 'the whole configuration';
    lines.push(`${marked('bad', `not offered again until it changes: ${escape(names)}`)} ${code(place)}<br>${code(message)}`);
  }
  return lines.map((line) => `<p><strong>${escape(gateway)}</strong>: ${line}</p>\n`).join('');
}

function problemsSection(problems: readonly ProblemView[]): string {
  if (problems.length === 0) return '';
  const rows = problems.map(({ code: id, severity, message, source, help }) => [
    marked(severity === 'error' ? 'bad' : 'wait', `${severity} ${escape(id)}`),
    `${escape(message)}${help === undefined ? '' : `<br>${escape(help)}`}`,
    code(source),
  ]);
  return `<h2>Problems</h2>\n${table(['Problem', 'What', 'Where'], rows, '')}`;
}

function nodeRow(node: NodeView): readonly string[] {
  const types = node.streams.flatMap(({ types: byUrl }) => Object.entries(byUrl));
  const states = types.map(([typeUrl, { state }]) => {
    const mark = state === 'SYNCED' ? 'good' : state === 'ERROR' ? 'bad' : 'wait';
    return `${escape(shortType(typeUrl))} ${marked(mark, escape(state))}`;
  });
  const refused = types.flatMap(([, { rejected }]) =>
    rejected === undefined ? [] : [`${rejected.sources.map((source) => `${code(source)}<br>`).join('')}${code(rejected.message)}`],
  );
  const stages = [...new Set(node.streams.map(({ stage }) => stage))];
  const waits = node.streams.reduce((sum, { waitsEnded }) => sum + waitsEnded, 0);
  const stage = `${escape(stages.join(', '))}${waits === 0 ? '' : `<br>${marked('wait', `${waits} waits ended by the clock`)}`}`;
  return [
    escape(node.id),
    escape(node.cluster),
    escape(node.version ?? ''),
    runsCell(node),
    stage,
    states.join('<br>'),
    refused.join('<br>'),
  ];
}

function runsCell({ runs }: NodeView): string {
  if (runs === undefined) return marked('wait', 'nothing yet');
  return runs.revision === undefined ? code(runs.version) : `revision ${runs.revision}<br>${code(runs.version)}`;
}

function goneRow({ id, cluster, version, goneAt, ran }: GoneNode): readonly string[] {
  return [
    escape(id),
    escape(cluster),
    escape(version ?? ''),
    code(ran),
    marked('wait', `gone since ${new Date(goneAt).toISOString()}`),
    '',
    '',
  ];
}

function companionSection(gateways: readonly GatewayView[]): string {
  const rows = gateways.flatMap(({ gateway = '', companions = [] }) =>
    companions.map(({ id, role, state, endpoints, held, missing, refused }) => [
      escape(id),
      escape(gateway),
      escape(role),
      marked(state === 'serving' ? 'good' : 'wait', escape(state)),
      held === 1 ? '1 policy' : `${held} policies`,
      endpoints.map((each) => code(each)).join('<br>'),
      [
        ...(state === 'spare'
          ? [marked('wait', 'another one counts in memory: <code>rateLimitService.store: redis</code> lets both')]
          : []),
        ...missing.map((name) => marked('wait', `lacks ${escape(name)}`)),
        ...refused.map(({ policy, message }) => `${marked('bad', `refused ${escape(policy)}`)}<br>${code(message)}`),
      ].join('<br>'),
    ]),
  );
  if (rows.length === 0) return '';
  return `<h2>Companions</h2>\n${table(['Companion', 'Gateway', 'Role', 'State', 'Has', 'Addresses', 'Remark'], rows, '')}`;
}

function discoveredSection(gateways: readonly GatewayView[]): string {
  const rows = gateways.flatMap(({ gateway = '', discovered = [] }) =>
    discovered.map(({ service, from, state, endpoints, draining, held, error }) => [
      escape(service),
      escape(gateway),
      code(from),
      marked(state === 'found' ? 'good' : 'wait', escape(state)),
      endpoints.map((each) => code(each)).join('<br>'),
      [
        ...draining.map((each) => `${code(each)} draining`),
        ...held.map((each) => `${code(each)} held`),
        ...(error === undefined ? [] : [marked('bad', escape(error))]),
      ].join('<br>'),
    ]),
  );
  if (rows.length === 0) return '';
  return `<h2>Endpoints that are looked for</h2>\n${table(['Service', 'Gateway', 'From', 'State', 'Endpoints', 'Remark'], rows, '')}`;
}

function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}

function counted(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
