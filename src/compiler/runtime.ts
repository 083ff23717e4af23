// Runtime values → the one Runtime that every Envoy fetches over RTDS (R1). Always there: an Envoy waits for it before it is ready.
import type { RuntimeValue, Runtime as RuntimeValues } from '../model/runtime.ts';
import type { Model } from '../model/types.ts';
import type { Runtime } from '../proto/generated/envoy/service/runtime/v3/Runtime.ts';
import type { Value } from '../proto/generated/google/protobuf/Value.ts';
import { memoised } from './memo.ts';
import { RUNTIME_LAYER_NAME } from './names.ts';
import { compilePercent } from './percent.ts';
import type { LocatedResource } from './source-map.ts';
import type { Locate } from './types.ts';

const NO_VALUES: RuntimeValues = { path: [], values: [] };

const messageOf = memoised(
  ({ values }: RuntimeValues): Runtime => ({
    name: RUNTIME_LAYER_NAME,
    layer: { fields: Object.fromEntries(values.map(([name, value]) => [name, compileValue(value)])) },
  }),
);

export function compileRuntime({ runtime = NO_VALUES }: Model): LocatedResource {
  return { resource: { kind: 'Runtime', name: RUNTIME_LAYER_NAME, message: messageOf(runtime), path: runtime.path }, locate };
}

/** `layer.fields.<name>` → the value under that name. */
const locate: Locate = ([layer, fields, name]) =>
  layer === 'layer' && fields === 'fields' && typeof name === 'string' ? ['runtime', name] : undefined;

function compileValue(value: RuntimeValue): Value {
  if (typeof value === 'boolean') {
    return { bool_value: value };
  }
  if (typeof value === 'number') {
    return { number_value: value };
  }
  return typeof value === 'string' ? { string_value: value } : { struct_value: { fields: fractionFields(value.percent) } };
}

/** Envoy reads a share as the message FractionalPercent written as a struct. */
function fractionFields(percent: number): Record<string, Value> {
  const { numerator = 0, denominator = 'HUNDRED' } = compilePercent(percent);
  return { numerator: { number_value: numerator }, denominator: { string_value: String(denominator) } };
}
