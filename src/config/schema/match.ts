// What a request must look like for a route to take it.
import { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { headerName } from './header-name.ts';
import type { Immutable } from './immutable.ts';
import { methodName } from './method-name.ts';
import { integer } from './number.ts';
import { pathTemplate, pathText } from './path.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { atLeastOne, exactlyOne, excludes, type ShapeRule, shape } from './shape.ts';
import { boolean, list, text } from './text.ts';

export const pathMatchSchema = shape(
  {
    exact: pathText().exactOptional().describe('The whole path.'),
    prefix: pathText().exactOptional().describe('Whole segments: /orders matches /orders and /orders/7, not /ordersx.'),
    template: pathTemplate().exactOptional().describe('Segments with variables: /orders/{id}; a last {rest=**} takes all that follows.'),
    regex: text({ kind: 'a regular expression' }).exactOptional().describe('RE2, over the whole path.'),
  },
  {
    rules: [exactlyOne('a path match', ['exact', 'prefix', 'template', 'regex'])],
    insteadOfScalar: 'write {prefix: {value}} for all below it, or {exact: {value}}',
  },
);

const textConditions = {
  exact: text({ kind: 'a value', allowEmpty: true }).exactOptional().describe('Equal.'),
  prefix: text({ kind: 'a prefix' }).exactOptional().describe('Begins so.'),
  suffix: text({ kind: 'a suffix' }).exactOptional().describe('Ends so.'),
  contains: text({ kind: 'a part' }).exactOptional().describe('Holds this.'),
  regex: text({ kind: 'a regular expression' }).exactOptional().describe('RE2, over the whole value.'),
  present: boolean().exactOptional().describe('true: it is there. false: it is not.'),
  ignoreCase: boolean().exactOptional().describe('Upper and lower case are alike (not for regex, present and range). Default false.'),
};

const rangeSchema = shape(
  {
    from: integer(safeRange(), 'a whole number').describe('First value.'),
    to: integer(safeRange(), 'a whole number').describe('First value that is too large.'),
  },
  { rules: [rangeRises] },
);

const headerConditions = { ...textConditions, range: rangeSchema.exactOptional().describe('A whole number; from is included, to is not.') };
const TEXT_KINDS = ['exact', 'prefix', 'suffix', 'contains', 'regex', 'present'];
const HEADER_KINDS = [...TEXT_KINDS, 'range'];

const exactText = text({ allowEmpty: true });
const notHeader = z.union([exactText, shape(headerConditions, { rules: [exactlyOne('a condition', HEADER_KINDS), caseRule] })]);
const notQuery = z.union([exactText, shape(textConditions, { rules: [exactlyOne('a condition', TEXT_KINDS), caseRule] })]);

export const headerMatchSchema = z.union([
  exactText,
  shape(
    { ...headerConditions, not: notHeader.exactOptional().describe('The condition must not hold; an absent header then matches.') },
    { rules: [exactlyOne('a header match', [...HEADER_KINDS, 'not']), caseRule] },
  ),
]);

export const queryMatchSchema = z.union([
  exactText,
  shape(
    { ...textConditions, not: notQuery.exactOptional().describe('The condition must not hold; an absent parameter then matches.') },
    { rules: [exactlyOne('a query match', [...TEXT_KINDS, 'not']), caseRule] },
  ),
]);

const grpcMatchSchema = shape(
  {
    service: grpcName('a gRPC service such as shop.v1.Orders', /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/)
      .exactOptional()
      .describe('Full name of the service.'),
    method: grpcName('a gRPC method such as Get', /^[A-Za-z_][A-Za-z0-9_]*$/)
      .exactOptional()
      .describe('Name of the method; needs service.'),
  },
  { rules: [atLeastOne('a gRPC match', ['service', 'method']), methodNeedsService] },
).describe('gRPC requests to a service or one of its methods.');

export const matchSchema = shape(
  {
    path: pathMatchSchema.exactOptional().describe('Default: any path.'),
    methods: list(methodName()).exactOptional().describe('HTTP methods. Default: any.'),
    headers: z.record(headerName(), headerMatchSchema).exactOptional().describe('All must hold. A text means equal.'),
    query: z
      .record(text({ kind: 'a query parameter' }), queryMatchSchema)
      .exactOptional()
      .describe('All must hold. A text means equal.'),
    grpc: grpcMatchSchema.exactOptional(),
  },
  { rules: [excludes('grpc', ['path', 'methods'], 'a gRPC request has its path and method from the service')] },
).describe('All conditions must hold; the items of matches are alternatives.');

export type PathMatchConfig = Immutable<z.output<typeof pathMatchSchema>>;
export type HeaderMatchConfig = Immutable<z.output<typeof headerMatchSchema>>;
export type QueryMatchConfig = Immutable<z.output<typeof queryMatchSchema>>;
export type MatchConfig = Immutable<z.output<typeof matchSchema>>;

function safeRange(): { readonly min: number; readonly max: number } {
  return { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };
}

function rangeRises(value: Readonly<Record<string, unknown>>): ReturnType<ShapeRule> {
  const { from, to } = value;
  if (typeof from !== 'number' || typeof to !== 'number' || from < to) return [];
  return [{ code: 'CH1107', message: 'the range is empty: to must be above from, because it is not included', path: ['to'], at: 'value' }];
}

function caseRule(value: Readonly<Record<string, unknown>>): ReturnType<ShapeRule> {
  const kind = ['regex', 'present', 'range', 'not'].find((key) => key in value);
  if (!('ignoreCase' in value) || kind === undefined) return [];
  const help = kind === 'regex' ? 'begin the expression with (?i)' : kind === 'not' ? 'write it inside not' : undefined;
  const problem = { code: 'CH1105', message: `ignoreCase has no meaning beside ${kind}`, path: ['ignoreCase'] } as const;
  return [help === undefined ? problem : { ...problem, help }];
}

function methodNeedsService(value: Readonly<Record<string, unknown>>): ReturnType<ShapeRule> {
  if (!('method' in value) || 'service' in value) return [];
  return [{ code: 'CH1105', message: 'method needs service beside it', path: ['method'], help: 'add the full name of the service' }];
}

function grpcName(what: string, pattern: RegExp): Scalar<string> {
  return scalar({ type: 'string', pattern: pattern.source }, (value) => {
    if (typeof value !== 'string') return wrongType(what, value);
    return pattern.test(value) ? ok(value) : wrong('CH1110', `{value} is not the name of ${what}`);
  });
}
