// What the backend sees instead of the request's own path and host.
import { z } from 'zod';
import { host } from './address.ts';
import type { Immutable } from './immutable.ts';
import { pathTemplate, pathText } from './path.ts';
import { atLeastOne, atMostOne, shape } from './shape.ts';
import { text, yes } from './text.ts';

const PATH_KINDS = ['prefix', 'path', 'template', 'regex'];

export const rewriteSchema = shape(
  {
    prefix: pathText().exactOptional().describe('Replaces the matched prefix, taken literally.'),
    path: pathText().exactOptional().describe('The whole new path.'),
    template: pathTemplate().exactOptional().describe('The whole new path, with the variables of the matched template.'),
    regex: shape({
      pattern: text({ kind: 'a regular expression' }).describe('RE2; every place that fits is replaced.'),
      substitution: text({ kind: 'a substitution', allowEmpty: true }).describe('What replaces it; \\1 is the first group.'),
    })
      .exactOptional()
      .describe('Replaces parts of the path.'),
    host: z
      .union([host(), shape({ fromService: yes().describe("The endpoint's own host name.") })])
      .exactOptional()
      .describe('The Host that the backend sees.'),
  },
  {
    rules: [atLeastOne('a rewrite', [...PATH_KINDS, 'host']), atMostOne('a rewrite', PATH_KINDS)],
    insteadOfScalar: 'write {prefix: /new} or {host: name}',
  },
).describe('Change the path or the host on the way to the backend.');

export type RewriteConfig = Immutable<z.output<typeof rewriteSchema>>;
