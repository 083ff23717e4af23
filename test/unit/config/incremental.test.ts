// A loader that has seen other texts before answers as one that sees the text first (P1, P2), over random edits of several files.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LoadOutcome } from '../../../src/config/load.ts';
import { HEAD, loaderOf } from './support.ts';
import { type Edit, edited, edits } from './yaml-texts.ts';

const names = fc.constantFrom('a', 'b', 'c', 'd');
const services = fc
  .array(
    fc.tuple(
      names,
      fc.constantFrom('{endpoints: ["a:80"]}', '{endpoints: ["${env:HOST}:80"]}', '{endpoints: []}', '{endpoints: [x], protocol: h4}', ''),
    ),
    { maxLength: 5 },
  )
  .map((entries) => `services:\n${entries.map(([name, value]) => `  ${name}: ${value}\n`).join('')}`);
const routes = fc
  .array(
    fc.tuple(
      names,
      fc.constantFrom('backends: [a]', 'respond: {status: 200, body: "${file:body.txt}"}', 'respond: {status: 99}', 'timeout: 3'),
    ),
    { maxLength: 6 },
  )
  .map((entries) => `routes:\n${entries.map(([name, line]) => `  - name: ${name}\n    ${line}\n`).join('')}`);
const fileText = fc
  .tuple(services, routes, fc.boolean())
  .map(([first, second, isTurned]) => (isTurned ? `${second}${first}` : `${first}${second}`));

type Step =
  | { readonly kind: 'edit'; readonly file: 'gateway.yaml' | 'teams/x.yaml'; readonly edit: Edit }
  | { readonly kind: 'write'; readonly file: 'gateway.yaml' | 'teams/x.yaml' | 'teams/y.yaml'; readonly text: string }
  | { readonly kind: 'body'; readonly text: string };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('edit' as const), file: fc.constantFrom('gateway.yaml' as const, 'teams/x.yaml' as const), edit: edits }),
    fc.record({
      kind: fc.constant('write' as const),
      file: fc.constantFrom('gateway.yaml' as const, 'teams/x.yaml' as const, 'teams/y.yaml' as const),
      text: fileText,
    }),
    fc.record({ kind: fc.constant('body' as const), text: fc.constantFrom('one', 'two') }),
  ),
  { minLength: 1, maxLength: 8 },
);

const ROOT_HEAD = `${HEAD}include: ["teams/*.yaml"]\n`;

/** What an outcome says, places included. */
function said({ config, issues, positions, files, contentHash }: LoadOutcome) {
  const places = issues.map((issue) => ({
    ...issue,
    position: issue.position ?? positions.find(issue.path, issue.at),
    related: issue.related?.map((other) => other.position ?? positions.find(other.path, other.at)),
  }));
  const routesAt = config?.routes.map(({ name }) => positions.find(['routes', name, 'name']));
  return { config, places, routesAt, files, contentHash };
}

describe('createConfigLoader', () => {
  it('answers as a new one does, whatever it has read before (P1)', async () => {
    await fc.assert(
      fc.asyncProperty(fileText, fileText, steps, async (root, team, changes) => {
        const texts: Record<string, string> = {
          'gateway.yaml': `${ROOT_HEAD}${root}`,
          'teams/x.yaml': team,
          'body.txt': 'one',
          'teams/body.txt': 'one',
        };
        const known = loaderOf(texts, { HOST: 'h' });
        for (const step of [undefined, ...changes]) {
          if (step?.kind === 'edit') texts[step.file] = edited(texts[step.file] ?? '', step.edit);
          else if (step?.kind === 'write') texts[step.file] = step.file === 'gateway.yaml' ? `${ROOT_HEAD}${step.text}` : step.text;
          else if (step?.kind === 'body') texts['body.txt'] = step.text;
          for (const [name, text] of Object.entries(texts)) known.files.set(name, text);
          expect(said(await known.load())).toEqual(said(await loaderOf(texts, { HOST: 'h' }).load()));
        }
      }),
      { numRuns: 100 },
    );
  });
});
