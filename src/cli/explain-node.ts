// Asks a control plane what a node would do with a request by what it runs now (O4). The request goes there in a body; values of keys do not come back.
import { z } from 'zod';
import type { AskedRequest, Explained } from '../explain/explained.ts';
import { ChanceryError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import { adminUrl, postJson, problemOf } from './admin-client.ts';

const answered = z.object({
  node: z.string(),
  version: z.string(),
  revision: z.number().optional(),
  text: z.string(),
  explanation: z.record(z.string(), z.unknown()),
});

/**
 * Throws ERR_USAGE where there is no such node, it runs nothing that is known, or the question is wrong; ERR_SERVER_UNREACHABLE where nobody answers
 * as we do. Sends to this machine only: the request may hold credentials.
 */
export async function explainNode(server: string, node: string, asked: AskedRequest): Promise<Explained> {
  const path = `/api/v1/nodes/${encodeURIComponent(node)}/explain`;
  const { host, hostname } = adminUrl(server, path);
  if (!isLoopback(hostname)) {
    throw new ChanceryError('ERR_USAGE', `${host} is another machine, and a request may hold credentials`, {
      remedy: 'run it beside the control plane, or explain its files with -c',
    });
  }
  const { status, body } = await postJson(server, path, asked);
  const parsed = status === 200 ? answered.safeParse(body) : undefined;
  if (parsed?.success === true) {
    const { revision, version, text, explanation, node: id } = parsed.data;
    const runs = { node: id, version, ...(revision === undefined ? {} : { revision }) };
    return {
      text: `node      ${id}, runs ${revision === undefined ? `version ${version}` : `revision ${revision}`}\n${text}`,
      json: { ...runs, ...explanation },
    };
  }
  throw refusal(server, status, problemOf(body));
}

function refusal(server: string, status: number, problem: string | undefined): ChanceryError {
  if (problem === undefined || status >= 500 || status === 405) {
    return new ChanceryError('ERR_SERVER_UNREACHABLE', problem ?? `${server} answered, but not as a control plane of this version does`, {
      remedy: 'give the address of the admin API with --server URL',
    });
  }
  return new ChanceryError('ERR_USAGE', problem, status === 404 ? { remedy: 'chancery status lists the nodes' } : {});
}
