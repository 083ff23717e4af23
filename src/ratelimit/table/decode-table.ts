// A RateLimitTable from its bytes, checked (R301): its revision is the hash of its content and nothing in it is beyond what this program knows,
// so that an older companion never counts less than a newer control plane meant.
import type { EnvoyApi } from '../../proto/api.ts';
import type { RateLimitTableOutput } from '../../proto/generated/chancery/policy/v1/RateLimitTable.ts';
import { tableRevision } from '../../proto/table-revision.ts';
import type { LimitRule, LimitTable } from '../limit-table.ts';
import { decodeRule } from './decode-rule.ts';
import { decodeStore, type StoreSettings } from './decode-store.ts';
import { each, required, TableProblem } from './table-problem.ts';

const TYPE = 'chancery.policy.v1.RateLimitTable';

export interface DecodedTable {
  /** With the one domain of the gateway. */
  readonly table: LimitTable;
  readonly store: StoreSettings;
}

/** Throws TableProblem (a NACK) with the field that is wrong. `name` is that of the resource: the gateway's. */
export function decodeTable(api: EnvoyApi, name: string, bytes: Uint8Array): DecodedTable {
  const message = decoded(api, bytes);
  const revision = required(message.revision, 'revision');
  if (revision !== tableRevision(api, message)) throw new TableProblem('revision', 'is not the hash of the content');
  const domain = required(message.domain, 'domain');
  if (domain !== `chancery.${name}`) throw new TableProblem('domain', `is not chancery.${name}`);
  const limits = each(message.limits, decodeRule, 'limits');
  checkNames(limits);
  return { table: { revision, domains: [{ domain, limits }] }, store: decodeStore(message.store, name) };
}

/** R110. */
function checkNames(limits: readonly LimitRule[]): void {
  const names = new Set(limits.map(({ name }) => name));
  if (names.size < limits.length) throw new TableProblem('limits', 'holds a name twice');
  for (const [index, { name, replaces }] of limits.entries()) {
    for (const [place, replaced] of replaces.entries()) {
      const field = `limits[${index}].replaces[${place}]`;
      if (replaced === name) throw new TableProblem(field, 'is the limit itself');
      if (!names.has(replaced)) throw new TableProblem(field, 'is no limit of this table');
    }
  }
}

function decoded(api: EnvoyApi, bytes: Uint8Array): RateLimitTableOutput {
  const message = api.decode(TYPE, bytes);
  // What the API does not know was passed over by the decoder, so it is missing when the message is written again.
  if (!api.encode(TYPE, message).equals(bytes))
    throw new TableProblem('the message', 'holds fields that are not known here, or is not deterministic');
  return message;
}
