// How a revision reaches the proxies: in which steps, how long each is watched, and what takes it back (D13, D14).
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { duration } from './duration.ts';
import type { Immutable } from './immutable.ts';
import { integer, percent } from './number.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { shape } from './shape.ts';
import { list } from './text.ts';

export type RolloutStepConfig =
  | { readonly kind: 'count'; readonly nodes: number }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'canary' };

const MAX_NODES = 1_000_000;
const STEP_HELP = 'write a number of nodes (1), a share of them (10%), or canary';

/** `1`, `10%` or `canary`. */
function step(): Scalar<RolloutStepConfig> {
  return scalar(
    {
      type: ['integer', 'string'],
      pattern: '^([0-9]+(\\.[0-9]+)?%|[1-9][0-9]*|canary)$',
      minimum: 1,
      maximum: MAX_NODES,
      examples: [1, '10%', 'canary'],
    },
    (value) => {
      if (value === 'canary') return ok({ kind: 'canary' });
      if (typeof value !== 'string' && typeof value !== 'number') return wrongType('a step of a rollout', value, STEP_HELP);
      const share = /^([0-9]{1,3}(?:\.[0-9]{1,6})?)%$/.exec(String(value))?.[1];
      if (share !== undefined) return shareStep(Number(share));
      const nodes = Number(value);
      if (!/^[0-9]{1,7}$/.test(String(value)) || nodes < 1 || nodes > MAX_NODES) {
        return wrong('CH1120', '{value} is not a step of a rollout', STEP_HELP);
      }
      return ok({ kind: 'count', nodes });
    },
  );
}

function shareStep(share: number): ReturnType<typeof wrong> | { readonly ok: true; readonly value: RolloutStepConfig } {
  if (share <= 0 || share > 100) return wrong('CH1120', '{value} is not a share of the nodes', 'write a share above 0% and up to 100%');
  return ok({ kind: 'share', percent: share });
}

const abortOnSchema = shape({
  nacks: integer({ min: 1, max: MAX_NODES }, 'a number of nodes')
    .exactOptional()
    .describe('Taken back when so many nodes refused it. Default 1.'),
  error5xx: percent()
    .exactOptional()
    .describe('Taken back when this share of the answers of the nodes that run it is 5xx, by their load reports. Default: not watched.'),
}).describe('What takes a revision back while it rolls out.');

export const rolloutSchema = shape({
  steps: list(step())
    .exactOptional()
    .describe(
      'How many nodes get a revision, step by step: counts, shares, canary. All nodes follow after the last step. Default [1, 100%].',
    ),
  soak: duration().exactOptional().describe('How long each step is watched before the next. Default: not at all.'),
  abortOn: abortOnSchema.exactOptional(),
  quorum: percent().exactOptional().describe('Share of the nodes that answered that must have accepted a step. Default 95%.'),
  timeout: duration().exactOptional().describe('A node that has not answered for so long is not waited for. Default 10s.'),
}).describe('How a changed configuration reaches the proxies.');

export type RolloutConfig = Immutable<z.output<typeof rolloutSchema>>;
