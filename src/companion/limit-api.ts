// What operators ask of limits over HTTP (ratelimit R811), in front of a rate-limit companion: reads questions, tells answers, writes an audit line
// for each change (O7). Values of keys are hashed by the companion and are in no line and no answer.
import type { LimitAnswer, LimitQuestion } from '../ratelimit/limit-question.ts';
import { httpAnswer, isChange, limitQuestion } from '../ratelimit/limit-request.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface LimitReply {
  readonly status: number;
  readonly body: object;
}

export interface LimitApi {
  list(): Promise<LimitReply>;
  hot(gateway: string, limit: string): Promise<LimitReply>;
  /** The body of a POST; `from`: who asks, for the audit line. */
  counter(body: unknown, from: string): Promise<LimitReply>;
}

export function createLimitApi(ask: (question: LimitQuestion) => Promise<LimitAnswer>, logger: Logger): LimitApi {
  return {
    list: async () => httpAnswer(await ask({ kind: 'list' })),
    hot: async (gateway, limit) => httpAnswer(await ask({ kind: 'hot', gateway, limit })),
    counter: async (body, from) => {
      const question = limitQuestion(body);
      if (typeof question === 'string') return httpAnswer({ kind: 'refused', status: 400, reason: question });
      const answer = await ask(question);
      if (isChange(question)) audit(question, answer, { logger, from });
      return httpAnswer(answer);
    },
  };
}

function audit(question: LimitQuestion, answer: LimitAnswer, { logger, from }: { readonly logger: Logger; readonly from: string }): void {
  if (!('limit' in question)) return;
  const { kind: deed, gateway, limit } = question;
  const hashes = answer.kind === 'counters' ? answer.counters.map(({ hash }) => hash) : [];
  const outcome = answer.kind === 'refused' ? { result: 'refused', reason: answer.reason } : { result: 'done' };
  const hits = question.kind === 'grant' ? { hits: question.hits } : {};
  logger.info(
    { event: 'audit', action: `limits.${deed}`, from, gateway, limit, key_hash: hashes, ...hits, ...outcome },
    'an operator changed a counter',
  );
}
