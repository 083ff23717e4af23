// Checks the query of an admin request: unknown and repeated parameters are refused, so that a misspelt filter never shows everything.
import type { z } from 'zod';
import { AdminProblem } from './problem.ts';

/** The checked query. Throws AdminProblem 400 that names every wrong parameter and those that exist. */
export function parseQuery<Schema extends z.ZodObject>(schema: Schema, query: unknown): z.output<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const known = Object.keys(schema.shape);
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown query parameter ${issue.keys.map((key) => `"${key}"`).join(', ')}`
      : `query parameter "${issue.path.join('.')}": ${issue.message}`,
  );
  const hint = known.length === 0 ? 'there are none here' : `there are: ${known.join(', ')}`;
  throw new AdminProblem(400, `${problems.join('; ')} (${hint})`);
}
