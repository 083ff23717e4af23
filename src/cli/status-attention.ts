// What of a status needs somebody's attention, each with what to do: problems of files, revisions that wait or were taken back, refusals. Pure.
import { ago } from './age.ts';
import { messageLine, messageLines } from './message-lines.ts';
import { type GatewayStatus, isSynced, type NodeStatus, type Status, shortType } from './status-schema.ts';

const NAMES_SHOWN = 5;

/** Nothing where all is well. */
export function attentionLines(gateways: readonly GatewayStatus[], nowMs: number): string {
  const problems = gateways
    .flatMap(({ problems: own }) => own)
    .map(
      ({ code, severity, message, source }) =>
        `${severity}[${code}]: ${messageLine(message)}\n${source === undefined ? '' : `  --> ${source}\n`}`,
    );
  return [...problems, ...gateways.flatMap((gateway) => [rolloutLines(gateway, nowMs), spareLine(gateway)])].join('');
}

function rolloutLines({ gateway = '?', rollout }: GatewayStatus, nowMs: number): string {
  if (rollout === undefined) return '';
  const { withdrawn, lastGood, wave, policies, waitingFor, waitingForCount, quarantine, revision, held = [], heldCount = 0 } = rollout;
  const lines: string[] = [];
  if (withdrawn !== undefined) {
    const back = lastGood === undefined ? 'nothing is good yet' : `revision ${lastGood.revision} is served`;
    lines.push(`${gateway}: revision ${withdrawn.revision} was withdrawn ${ago(withdrawn.atMs, nowMs)}: ${withdrawn.reason}; ${back}`);
  }
  if (policies !== undefined) lines.push(`${gateway}: ${policies.text}`);
  if (wave?.soakUntilMs !== undefined) lines.push(`${gateway}: revision ${revision} is watched before the next wave`);
  if (waitingForCount > 0)
    lines.push(`${gateway}: revision ${revision} is not live everywhere: no answer from ${named(waitingFor, waitingForCount)}`);
  for (const { id, reason } of held.slice(0, NAMES_SHOWN))
    lines.push(`${gateway}: ${id} is not offered revision ${revision} and goes on with what it has: it ${reason}`);
  if (heldCount > NAMES_SHOWN) lines.push(`${gateway}: ${heldCount - NAMES_SHOWN} more nodes are not offered revision ${revision} either`);
  for (const { typeUrl, resources, message, place } of quarantine) {
    const what =
      resources.length === 0 ? 'the whole configuration' : `${shortType(typeUrl)} ${resources.map(({ name }) => name).join(', ')}`;
    lines.push(
      `${gateway}: not offered again until it changes: ${what}${place === undefined ? '' : ` (${place})`}\n${messageLines(message).trimEnd()}`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Of limiters that count in memory one may (ratelimit R603). */
function spareLine({ gateway = '?', companions }: GatewayStatus): string {
  const spare = companions.flatMap(({ id, state }) => (state === 'spare' ? [id] : []));
  if (spare.length === 0) return '';
  const counting = companions.flatMap(({ id, role, state }) =>
    role === 'ratelimit' && (state === 'serving' || state === 'lost') ? [id] : [],
  );
  const gets = spare.length === 1 ? 'gets' : 'get';
  return (
    `${gateway}: ${named(spare, spare.length)} ${gets} no requests: limits are counted in the memory of ${named(counting, counting.length)}, and two would each admit the whole rate\n` +
    '  help: write rateLimitService.store: redis, or stop one of them\n'
  );
}

/** Each refusal with the line that it is about. */
export function refusalLines(nodes: readonly NodeStatus[], nowMs: number): string {
  return nodes
    .flatMap(({ id, streams }) =>
      streams.flatMap(({ types }) => Object.entries(types).map(([typeUrl, { rejected }]) => ({ id, typeUrl, rejected }))),
    )
    .map(({ id, typeUrl, rejected }) => {
      if (rejected === undefined) return '';
      const { version, message, resources, sources, at } = rejected;
      const what = resources.length === 0 ? '' : `: ${named(resources, resources.length)}`;
      const where = sources.map((source) => `  --> ${source}\n`).join('');
      return `${id} refused ${shortType(typeUrl)} ${version} ${ago(at, nowMs)}${what}\n${messageLines(message)}${where}  help: it goes on with what it had; mend that place and save\n`;
    })
    .join('');
}

/** Whether every gateway serves its files as they are, and every node runs that; a node that is gone is none of them. */
export function isAllWell({ gateways, nodes }: Status): boolean {
  const areGatewaysWell = gateways.every(
    ({ serving, rollout }) =>
      serving === 'current' &&
      (rollout === undefined ||
        (rollout.withdrawn === undefined && rollout.policies === undefined && rollout.waitingForCount + (rollout.heldCount ?? 0) === 0)),
  );
  return areGatewaysWell && nodes.every(isSynced);
}

function named(names: readonly string[], count: number): string {
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return count > NAMES_SHOWN ? `${shown} and ${count - NAMES_SHOWN} more` : shown;
}
