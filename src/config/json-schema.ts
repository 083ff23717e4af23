// The JSON schema of the configuration language, for editors; schema/gateway.schema.json is what it gives.
import { z } from 'zod';
import { gatewaySchema } from './schema/gateway.ts';

const TITLE = 'Chancery gateway';

/** Draft 7, of what the user writes (before scalars become numbers). */
export function gatewayJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(gatewaySchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return { ...schema, title: TITLE };
}
