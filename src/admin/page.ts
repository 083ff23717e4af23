// The status page as HTML text: gateways, their problems, nodes. Every value from outside is escaped.
import type { GatewayStatus, ProblemView } from '../gateway-status.ts';
import type { NodeStatus } from '../xds/status.ts';

/** The whole document. It reloads itself every 5 s, needs no script and no asset but /page.css. */
export function statusPage(version: string, gateways: readonly GatewayStatus[], nodes: readonly NodeStatus[]): string {
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
${table(['Gateway', 'Serving', 'Version', 'Accepted', 'Content', 'File'], gateways.map(gatewayRow), 'No gateway is configured.')}
${problemsSection(gateways.flatMap(({ problems }) => problems))}
<h2>Nodes</h2>
${table(['Node', 'Gateway', 'Envoy', 'Resources', 'Refused'], nodes.map(nodeRow), 'No Envoy is connected.')}
</main>
<footer>Chancery ${escape(version)} · as JSON: <a href="/api/v1">/api/v1</a> · metrics: <a href="/metrics">/metrics</a></footer>
</body>
</html>
`;
}

function gatewayRow({ gateway, serving, isRestored, version, acceptedAt, counts, file }: GatewayStatus): readonly string[] {
  const mark = { current: 'good', 'last-good': 'wait', nothing: 'bad' }[serving];
  const state = `${serving === 'last-good' ? 'last good' : serving}${isRestored ? ', kept from an earlier run' : ''}`;
  const content = counts === undefined ? '' : `${counts.listeners} listeners, ${counts.routes} routes, ${counts.services} services`;
  return [escape(gateway ?? ''), `<span class="${mark}">${state}</span>`, code(version), escape(acceptedAt ?? ''), content, code(file)];
}

function problemsSection(problems: readonly ProblemView[]): string {
  if (problems.length === 0) return '';
  const rows = problems.map(({ code: id, severity, message, source, help }) => [
    `<span class="${severity === 'error' ? 'bad' : 'wait'}">${severity} ${escape(id)}</span>`,
    `${escape(message)}${help === undefined ? '' : `<br>${escape(help)}`}`,
    code(source),
  ]);
  return `<h2>Problems</h2>\n${table(['Problem', 'What', 'Where'], rows, '')}`;
}

function nodeRow(node: NodeStatus): readonly string[] {
  const types = node.streams.flatMap(({ types: byUrl }) => Object.entries(byUrl));
  const states = types.map(([typeUrl, { state }]) => {
    const mark = state === 'SYNCED' ? 'good' : state === 'ERROR' ? 'bad' : 'wait';
    return `${escape(shortType(typeUrl))} <span class="${mark}">${escape(state)}</span>`;
  });
  const refused = types.flatMap(([, { rejected }]) => (rejected === undefined ? [] : [code(rejected.message)]));
  return [escape(node.id), escape(node.cluster), escape(node.version ?? ''), states.join('<br>'), refused.join('<br>')];
}

function table(head: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `<p>${empty}</p>`;
  const header = head.map((cell) => `<th scope="col">${cell}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${header}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function code(text: string | undefined): string {
  return text === undefined ? '' : `<code>${escape(text)}</code>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
