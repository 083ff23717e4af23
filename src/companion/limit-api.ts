// What operators ask of limits over HTTP (ratelimit R811), in front of a rate-limit companion: reads questions, tells answers, writes an audit line
// for each change (O7). Values of keys are hashed by the companion and are in no line and no answer.
import type { CounterAnswer, LimitAnswer, LimitQuestion, ListedLimit, StoreState } from '../ratelimit/limit-question.ts';
import { httpAnswer, isChange, limitQuestion } from '../ratelimit/limit-request.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface LimitReply {
  readonly status: number;
  readonly body: object;
}

/** All limits with their stores, and the counters that are asked most. */
export interface LimitOverview {
  readonly limits: readonly ListedLimit[];
  readonly stores: readonly StoreState[];
}

export interface LimitApi {
  list(): Promise<LimitReply>;
  hot(gateway: string, limit: string): Promise<LimitReply>;
  /** The body of a POST; `from`: who asks, for the audit line. */
  counter(body: unknown, from: string): Promise<LimitReply>;
  /** For the page; undefined where no worker answers. */
  overview(): Promise<LimitOverview | undefined>;
}

export interface LimitApiPorts {
  /** Never rejects. */
  readonly ask: (question: LimitQuestion) => Promise<LimitAnswer>;
  readonly logger: Logger;
}

/** Of each limit, on the page. */
const HOT_SHOWN = 5;

export function createLimitApi({ ask, logger }: LimitApiPorts): LimitApi {
  return {
    list: async () => httpAnswer(await ask({ kind: 'list' })),
    hot: async (gateway, limit) => httpAnswer(await ask({ kind: 'hot', gateway, limit })),
    counter: async (body, from) => {
      const question = limitQuestion(body);
      if (typeof question === 'string') return httpAnswer({ kind: 'refused', status: 400, reason: question });
      const answer = await ask(question);
      if (isChange(question)) audit(question, answer, { logger, from });
      return httpAnswer(answer.kind === 'counters' ? await withShares(answer, question, ask) : answer);
    },
    overview: async () => {
      const answer = await ask({ kind: 'list', hot: HOT_SHOWN });
      return answer.kind === 'list' ? { limits: answer.limits, stores: answer.stores } : undefined;
    },
  };
}

/** Who has what is known by all workers together. Without values it is told of each budget of the limit. */
async function withShares(answer: CounterAnswer, question: LimitQuestion, ask: LimitApiPorts['ask']): Promise<CounterAnswer> {
  if (answer.scope !== 'quota' || (question.kind !== 'show' && question.kind !== 'explain')) return answer;
  const { gateway, limit } = question;
  const shares = await ask({ kind: 'shares', gateway, limit, ...(answer.ledger === undefined ? {} : { hash: answer.ledger }) });
  return shares.kind === 'shares' ? { ...answer, shares: shares.budgets } : answer;
}

function audit(question: LimitQuestion, answer: LimitAnswer, { logger, from }: { readonly logger: Logger; readonly from: string }): void {
  if (!('limit' in question)) return;
  const { kind: deed, gateway, limit } = question;
  const hashes = answer.kind === 'counters' ? answer.counters.map(({ hash }) => hash) : [];
  const result = answer.kind === 'refused' ? 'refused' : hashes.length === 0 ? 'nothing' : 'done';
  const outcome = { result, ...(answer.kind === 'refused' ? { reason: answer.reason } : {}) };
  const hits = question.kind === 'grant' ? { hits: question.hits } : {};
  logger.info({ event: 'audit', action: `limits.${deed}`, from, gateway, limit, key_hash: hashes, ...hits, ...outcome }, AUDIT[result]);
}

const AUDIT = {
  done: 'an operator changed a counter',
  refused: 'an operator asked for a change that was refused',
  nothing: 'an operator asked for a change where nothing is counted',
} as const;
