// Reflection over Envoy's API: message types, fields and enums, made from the JSON descriptors when first asked for (P26).
// Knows nothing of bytes; the codecs read it.
import { absenceProblem, type FieldChecks, type FieldRules, fieldChecks, type MessageRules } from './constraints.ts';

const SCALAR_KINDS = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
] as const;

export type ScalarKind = (typeof SCALAR_KINDS)[number];

export interface EnumType {
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

/** What stands in a field, or in each element of a list or value of a map. */
export type FieldContent =
  | { readonly kind: 'scalar'; readonly scalar: ScalarKind }
  | { readonly kind: 'enum'; readonly enumType: EnumType }
  | { readonly kind: 'message'; readonly messageType: MessageType };

export interface Field {
  readonly name: string;
  readonly id: number;
  readonly shape: 'single' | 'list' | 'map';
  /** Read of maps only. */
  readonly keyKind: ScalarKind;
  readonly content: FieldContent;
  /** Name of the oneof that it is an arm of. */
  readonly oneof: string | undefined;
  readonly checks: FieldChecks | undefined;
}

export interface MessageType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
  readonly fieldsById: ReadonlyMap<number, Field>;
  /** Name of each oneof → its arms. */
  readonly oneofs: ReadonlyMap<string, readonly string[]>;
  /** Oneofs of which one arm must be set. */
  readonly requiredOneofs: readonly string[];
  /** Fields that break a rule when they are not set, with what to say; last field first. */
  readonly requiredFields: readonly { readonly name: string; readonly message: string }[];
}

export interface MethodType {
  readonly name: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

export interface Descriptors {
  /** undefined when the API has no such message. */
  messageType(name: string): MessageType | undefined;
  /** undefined when the API has no such service. */
  methods(serviceName: string): readonly MethodType[] | undefined;
  /** Full names of all messages, sorted. */
  messageNames(): readonly string[];
}

/** The parts of protobufjs's JSON form that are read. */
export interface DescriptorNode {
  readonly nested?: Readonly<Record<string, DescriptorNode>>;
  readonly fields?: Readonly<Record<string, FieldNode>>;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, MethodNode>>;
}

interface FieldNode {
  readonly type: string;
  readonly id: number;
  readonly rule?: string;
  readonly keyType?: string;
}

interface MethodNode {
  readonly requestType: string;
  readonly responseType: string;
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

/** Message type name → its rules. */
export type ConstraintTable = Readonly<Record<string, MessageRules>>;

type Resolve = (reference: string, scope: string) => FieldContent;

export function createDescriptors(root: DescriptorNode, constraints: ConstraintTable): Descriptors {
  const nodes = new Map<string, DescriptorNode>();
  indexNodes(root, '', nodes);
  const messages = new Map<string, MessageType>();
  const enums = new Map<string, EnumType>();

  function enumType(name: string, values: Readonly<Record<string, number>>): EnumType {
    const made = enums.get(name) ?? newEnum(name, values);
    enums.set(name, made);
    return made;
  }

  function resolve(reference: string, scope: string): FieldContent {
    const name = absoluteName(reference, scope, nodes);
    const values = nodes.get(name)?.values;
    if (values !== undefined) return { kind: 'enum', enumType: enumType(name, values) };
    const type = messageType(name);
    if (type === undefined) throw new Error(`${scope} refers to the unknown type ${reference}`);
    return { kind: 'message', messageType: type };
  }

  function messageType(name: string): MessageType | undefined {
    const known = messages.get(name);
    if (known !== undefined) return known;
    const node = nodes.get(name);
    if (node?.fields === undefined) return undefined;
    const made = newMessageType(name, node, { rules: constraints[name], resolve });
    messages.set(name, made);
    return made;
  }

  return {
    messageType,
    methods: (serviceName) => {
      const methods = nodes.get(serviceName)?.methods;
      return methods && Object.entries(methods).map(([name, method]) => newMethod(name, method));
    },
    messageNames: () => [...nodes].flatMap(([name, node]) => (node.fields === undefined ? [] : [name])).sort(),
  };
}

/** By full name. */
export function indexNodes(node: DescriptorNode, name: string, nodes: Map<string, DescriptorNode>): void {
  if (name !== '') nodes.set(name, node);
  for (const [part, child] of Object.entries(node.nested ?? {})) indexNodes(child, name === '' ? part : `${name}.${part}`, nodes);
}

/** Protobuf's scoping: a name without a leading dot is looked for in its own scope, then in the scopes around it. */
export function absoluteName(reference: string, scope: string, nodes: ReadonlyMap<string, DescriptorNode>): string {
  if (reference.startsWith('.')) return reference.slice(1);
  const scopes = scope.split('.');
  while (scopes.length > 0) {
    const candidate = `${scopes.join('.')}.${reference}`;
    if (nodes.has(candidate)) return candidate;
    scopes.pop();
  }
  return reference;
}

function newEnum(name: string, values: Readonly<Record<string, number>>): EnumType {
  const entries = Object.entries(values);
  // Of several names with one number the first is the canonical one.
  return { name, numbers: new Map(entries), names: new Map(entries.reverse().map(([text, number]) => [number, text])) };
}

function newMessageType(
  name: string,
  node: DescriptorNode,
  given: { readonly rules: MessageRules | undefined; readonly resolve: Resolve },
): MessageType {
  const oneofs = new Map(Object.entries(node.oneofs ?? {}).map(([oneof, { oneof: arms }]) => [oneof, arms]));
  const oneofOf = new Map([...oneofs].flatMap(([oneof, arms]) => arms.map((arm) => [arm, oneof])));
  const fields = new Map<string, Field>();
  const requiredFields: { name: string; message: string }[] = [];
  for (const [fieldName, fieldNode] of Object.entries(node.fields ?? {})) {
    const rules = given.rules?.fields[fieldName];
    const oneof = oneofOf.get(fieldName);
    fields.set(fieldName, new LazyField(fieldName, fieldNode, { oneof, rules, resolve: () => given.resolve(fieldNode.type, name) }));
    const problem = oneof === undefined && rules !== undefined ? absenceProblem(rules, isScalar(fieldNode.type)) : undefined;
    if (problem !== undefined) requiredFields.push({ name: fieldName, message: problem });
  }
  return {
    name,
    fields,
    fieldsById: new Map([...fields.values()].map((field) => [field.id, field])),
    oneofs,
    requiredOneofs: given.rules?.oneofs ?? [],
    requiredFields: requiredFields.reverse(),
  };
}

function newMethod(name: string, method: MethodNode): MethodType {
  return {
    name,
    requestType: method.requestType.replace(/^\./, ''),
    responseType: method.responseType.replace(/^\./, ''),
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
  };
}

function isScalar(type: string): type is ScalarKind {
  return (SCALAR_KINDS as readonly string[]).includes(type);
}

/** A field whose type is looked up when a value of it is met, so that loading one message does not load all it can reach. */
class LazyField implements Field {
  readonly name: string;
  readonly id: number;
  readonly shape: 'single' | 'list' | 'map';
  readonly keyKind: ScalarKind;
  readonly oneof: string | undefined;
  readonly checks: FieldChecks | undefined;
  readonly #resolve: () => FieldContent;
  #content: FieldContent | undefined;

  constructor(
    name: string,
    node: FieldNode,
    given: { readonly oneof: string | undefined; readonly rules: FieldRules | undefined; readonly resolve: () => FieldContent },
  ) {
    this.name = name;
    this.id = node.id;
    this.shape = node.keyType === undefined ? (node.rule === 'repeated' ? 'list' : 'single') : 'map';
    this.keyKind = isScalar(node.keyType ?? '') ? (node.keyType as ScalarKind) : 'string';
    this.oneof = given.oneof;
    const isScalarType = isScalar(node.type);
    this.checks = given.rules && fieldChecks(given.rules, isScalarType);
    this.#content = isScalarType ? { kind: 'scalar', scalar: node.type as ScalarKind } : undefined;
    this.#resolve = given.resolve;
  }

  get content(): FieldContent {
    this.#content ??= this.#resolve();
    return this.#content;
  }
}
