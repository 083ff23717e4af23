// The JSON schema of the configuration language, for editors; schema/gateway.schema.json is what it gives.
import { z } from 'zod';
import { gatewaySchema } from './schema/gateway.ts';

const TITLE = 'Chancery gateway';
const REFERENCE = { type: 'string', pattern: '\\$\\{(env|file):[^}]+\\}' };

/** Draft 7, of what the user writes: scalars before they become numbers, and a reference ${…} wherever a scalar may stand. */
export function gatewayJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(gatewaySchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema, path }) => {
      // Keys are never references (C6).
      if (path.at(-1) !== 'propertyNames') allowReference(jsonSchema);
    },
  });
  return { ...schema, title: TITLE, definitions: { ...definitionsOf(schema), reference: REFERENCE } };
}

/** Schemas that hold themselves, such as rules. */
function definitionsOf(schema: z.core.JSONSchema.BaseSchema): object {
  const { definitions } = schema;
  return typeof definitions === 'object' && definitions !== null ? definitions : {};
}

/** A free text may be a reference already; a number, a word of a fixed set or a text of a certain form may be one instead. */
function allowReference(schema: z.core.JSONSchema.BaseSchema): void {
  const keys = Object.keys(schema).filter((key) => key !== 'description');
  const isScalar =
    schema.type !== 'object' &&
    schema.type !== 'array' &&
    schema.anyOf === undefined &&
    schema.allOf === undefined &&
    schema.$ref === undefined;
  const isFree = schema.type === 'string' && schema.pattern === undefined && schema.enum === undefined;
  if (!isScalar || isFree || keys.length === 0) return;
  const own = Object.fromEntries(keys.map((key): [string, unknown] => [key, schema[key]]));
  for (const key of keys) Reflect.deleteProperty(schema, key);
  schema.anyOf = [own, { $ref: '#/definitions/reference' }];
}
