// A list of endpoints that comes from outside the configuration, from a file, a URL or a push: checked like `endpoints` of a service.
import { parse } from 'yaml';
import type { z } from 'zod';
import { endpointSchema } from '../config/schema/endpoint.ts';
import { shape } from '../config/schema/shape.ts';
import { list } from '../config/schema/text.ts';
import { schemaIssues, valueAt } from '../config/schema-issues.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import { resolveEndpoints } from '../model/endpoints.ts';
import type { Endpoint } from '../model/types.ts';

/** Above it a list must be JSON: YAML of such a size would hold up the streams (P8). */
const YAML_MAX_LENGTH = 64 * 1024;

const listSchema = list(endpointSchema, { allowEmpty: true });
const mapSchema = shape({ endpoints: listSchema });

/** YAML or JSON: `[…]`, or `{endpoints: […]}`. The problem is one line. */
export function parseEndpointText(text: string): Result<readonly Endpoint[], string> {
  const isJson = /^\s*[[{]/.test(text);
  if (!isJson && text.length > YAML_MAX_LENGTH) return failed('a list as long as this must be written in JSON');
  const value = readText(text, isJson);
  return value.ok ? parseEndpointList(value.value) : value;
}

/** `[…]`, or `{endpoints: […]}`. */
export function parseEndpointList(value: unknown): Result<readonly Endpoint[], string> {
  if (value === null || value === undefined) return failed('it is empty; a list without endpoints is []');
  const checked: z.ZodSafeParseResult<z.output<typeof mapSchema>> = Array.isArray(value)
    ? mapSchema.safeParse({ endpoints: value })
    : mapSchema.safeParse(value);
  if (!checked.success) return failed(firstProblem(checked.error.issues, Array.isArray(value) ? { endpoints: value } : value));
  const problems: string[] = [];
  const endpoints = resolveEndpoints(checked.data.endpoints, { path: [], byProxy: false }, (issue) => {
    if (issue.severity === 'error') problems.push(issue.message);
  });
  const [problem] = problems;
  return problem === undefined ? ok(endpoints) : failed(problem);
}

function readText(text: string, isJson: boolean): Result<unknown, string> {
  try {
    return ok(isJson ? parseFlow(text) : parse(text));
  } catch (error) {
    return failed(`it is neither YAML nor JSON: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`);
  }
}

/** JSON first, because it is read many times faster; YAML's flow form looks alike. */
function parseFlow(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.length > YAML_MAX_LENGTH) throw error;
    return parse(text);
  }
}

function firstProblem(issues: readonly z.core.$ZodIssue[], value: unknown): string {
  const [first] = schemaIssues(issues, { schema: mapSchema, value, writtenAt: (path) => writtenForm(valueAt(value, path)) });
  if (first === undefined) return 'it is not a list of endpoints';
  return first.path.length === 0 ? first.message : `${first.path.join('.')}: ${first.message}`;
}

function writtenForm(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
