// Path templates such as `/orders/{id}`: parsed by the syntax of Envoy's uri_template matcher (source/extensions/path/uri_template_lib).
// Only syntax and shape; what a template means for precedence is in precedence.ts, its wire form in the compiler.
import { failed, ok, type Result } from '../lib/result.ts';

/** One segment between slashes. Wildcards inside variables count as segments of the path: `{x=a/*}` gives two. */
export type TemplateSegment =
  | { readonly kind: 'literal'; readonly text: string }
  /** One segment: `*`, `{id}`, or with text around it `v{version}`. */
  | { readonly kind: 'any'; readonly before: string; readonly after: string }
  /** Any number of segments: `**` or `{rest=**}`. */
  | { readonly kind: 'rest'; readonly before: string; readonly after: string };

export interface PathTemplate {
  readonly segments: readonly TemplateSegment[];
  /** Names of the variables, in order of appearance. */
  readonly variables: readonly string[];
}

/** What one template may hold; Envoy refuses more. */
const MOST_VARIABLES = 5;
const LONGEST_VARIABLE = 16;

/** RFC 3986 path characters except `*`, which is a wildcard. */
const LITERAL = /^[A-Za-z0-9\-._~%!$&'()+,;:@=]*$/;
const VARIABLE_NAME = /^[a-zA-Z][a-zA-Z0-9_]*$/;

/** Reads a template; the problem is a sentence that says what is wrong with which part. */
export function parsePathTemplate(text: string): Result<PathTemplate, string> {
  if (!text.startsWith('/')) {
    return failed('a template starts with "/"');
  }
  const segments: TemplateSegment[] = [];
  const variables: string[] = [];
  const parts = splitSegments(text.slice(1));
  for (const [index, part] of parts.entries()) {
    const isDoubled = part === '' && index < parts.length - 1;
    const problem = isDoubled ? 'it has two slashes in a row' : readSegment(part, segments, variables);
    if (problem !== undefined) {
      return failed(problem);
    }
  }
  const problem = variablesProblem(variables) ?? wildcardsProblem(segments);
  return problem === undefined ? ok({ segments, variables }) : failed(problem);
}

/** Reads the rewrite side, such as `/v2/{id}`: literals and `{name}` only. Gives the names it uses. */
export function parseRewriteTemplate(text: string): Result<readonly string[], string> {
  if (!text.startsWith('/')) {
    return failed('a rewrite template starts with "/"');
  }
  if (text.includes('//')) {
    return failed('it has two slashes in a row');
  }
  const names: string[] = [];
  for (const [index, piece] of text.split(/(\{[^{}]*\})/).entries()) {
    if (index % 2 === 0) {
      const strange = /[^A-Za-z0-9\-._~%!$&'()+,;:@=/*]/.exec(piece);
      if (strange !== null) {
        return failed(literalProblem(strange[0]));
      }
      continue;
    }
    const name = piece.slice(1, -1);
    if (!VARIABLE_NAME.test(name)) {
      return failed(`"{${name}}" is not a variable; write a name of letters, digits and "_" that starts with a letter`);
    }
    names.push(name);
  }
  return ok(names);
}

/** Splits at the slashes outside braces. */
function splitSegments(text: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  let isInBraces = false;
  for (const character of text) {
    if (character === '/' && !isInBraces) {
      parts.push(part);
      part = '';
      continue;
    }
    isInBraces = character === '{' || (isInBraces && character !== '}');
    part += character;
  }
  return [...parts, part];
}

function readSegment(text: string, segments: TemplateSegment[], variables: string[]): string | undefined {
  if (text === '*' || text === '**') {
    segments.push({ kind: text === '*' ? 'any' : 'rest', before: '', after: '' });
    return undefined;
  }
  const braces = /^([^{}]*)\{([^{}]*)\}([^{}]*)$/.exec(text);
  if (braces === null) {
    return readLiteral(text, segments);
  }
  const [, before = '', inner = '', after = ''] = braces;
  const around = `${before}${after}`;
  if (!LITERAL.test(around)) {
    return around.includes('*') ? 'a wildcard and a variable cannot share a segment' : literalProblem(strangeCharacter(around));
  }
  const equals = inner.indexOf('=');
  const name = equals === -1 ? inner : inner.slice(0, equals);
  if (!VARIABLE_NAME.test(name)) {
    return `"{${inner}}" is not a variable; write a name of letters, digits and "_" that starts with a letter`;
  }
  if (name.length > LONGEST_VARIABLE) {
    return `the variable "${name}" has ${name.length} characters; at most ${LONGEST_VARIABLE} are possible`;
  }
  variables.push(name);
  return readVariable({ before, after, pattern: equals === -1 ? '*' : inner.slice(equals + 1), name }, segments);
}

interface Variable {
  readonly before: string;
  readonly after: string;
  readonly pattern: string;
  readonly name: string;
}

function readVariable({ before, after, pattern, name }: Variable, segments: TemplateSegment[]): string | undefined {
  const parts = pattern.split('/');
  if (parts.length > 1 && before !== '') {
    return `the variable "${name}" spans several segments, so it cannot follow text`;
  }
  for (const [index, part] of parts.entries()) {
    const lead = index === 0 ? before : '';
    const tail = index === parts.length - 1 ? after : '';
    if (part === '*' || part === '**') {
      segments.push({ kind: part === '*' ? 'any' : 'rest', before: lead, after: tail });
    } else if (part === '' || !LITERAL.test(part)) {
      return `the variable "${name}" must match "*", "**", or plain segments joined by "/"`;
    } else {
      segments.push({ kind: 'literal', text: `${lead}${part}${tail}` });
    }
  }
  return undefined;
}

function readLiteral(text: string, segments: TemplateSegment[]): string | undefined {
  if (LITERAL.test(text)) {
    segments.push({ kind: 'literal', text });
    return undefined;
  }
  if (/\{[^}]*$/.test(text)) {
    return 'a "{" has no "}"';
  }
  if (/\{.*\{/.test(text)) {
    return `the segment "${text}" has two variables; one is possible`;
  }
  return text.includes('*')
    ? `the segment "${text}" mixes "*" with text; write a variable, as in "v{version}"`
    : literalProblem(strangeCharacter(text));
}

function variablesProblem(variables: readonly string[]): string | undefined {
  if (variables.length > MOST_VARIABLES) {
    return `it has ${variables.length} variables; at most ${MOST_VARIABLES} are possible`;
  }
  const repeated = variables.find((name, index) => variables.indexOf(name) !== index);
  return repeated === undefined ? undefined : `the variable "${repeated}" stands twice`;
}

function wildcardsProblem(segments: readonly TemplateSegment[]): string | undefined {
  const rest = segments.findIndex((segment) => segment.kind === 'rest');
  const follows = rest !== -1 && segments.slice(rest + 1).some((segment) => segment.kind !== 'literal');
  return follows ? 'nothing but plain segments may follow "**"' : undefined;
}

function strangeCharacter(text: string): string {
  return /[^A-Za-z0-9\-._~%!$&'()+,;:@=]/.exec(text)?.[0] ?? '';
}

function literalProblem(character: string): string {
  return `"${character}" cannot stand in a path; percent-encode it`;
}
