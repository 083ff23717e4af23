// Rules about a message as a whole: which of its keys are fields, one arm per oneof, what may not be absent. Writes nothing.
import type { Field, MessageType } from './descriptors.ts';
import { quote } from './scalars.ts';

export type PlainObject = Readonly<Record<string, unknown>>;

/** `field`: the problem lies in that field of the message looked at. */
export type ReportProblem = (message: string, field?: string) => void;

const DURATION = 'google.protobuf.Duration';
const MAX_DURATION_SECONDS = 315_576_000_000;
const MAX_NANOS = 999_999_999;

/** The fields that are set, by number; reports keys that are no fields. `isInAny`: `@type` stands among the fields. */
export function presentFields(
  type: MessageType,
  message: PlainObject,
  { isInAny, report }: { readonly isInAny: boolean; readonly report: ReportProblem },
): readonly Field[] {
  const present: Field[] = [];
  for (const key of Object.keys(message)) {
    if (message[key] === undefined || message[key] === null) continue;
    const field = type.fields.get(key);
    if (field !== undefined) insert(present, field);
    else if (key !== '@type' || !isInAny) reportKey(type, message, { key, report });
  }
  return present;
}

/** What protobuf itself wants of a message. */
export function checkForm(
  type: MessageType,
  message: PlainObject,
  { present, report }: { readonly present: readonly Field[]; readonly report: ReportProblem },
): void {
  for (let index = 1; index < present.length; index++) {
    const field = present[index];
    if (field?.oneof === undefined) continue;
    const first = present.find(({ oneof }) => oneof === field.oneof);
    if (first !== field) report(`cannot be set beside ${first?.name}: both are arms of ${field.oneof}`, field.name);
  }
  if (type.name === DURATION) checkDuration(message, report);
}

/** What Envoy wants to be set. Reports from the last field to the first, as the walk goes. */
export function checkPresence(
  type: MessageType,
  message: PlainObject,
  { present, report }: { readonly present: readonly Field[]; readonly report: ReportProblem },
): void {
  for (const { name, message: problem } of type.requiredFields) {
    if (message[name] === undefined || message[name] === null) report(problem, name);
  }
  for (const oneof of type.requiredOneofs) {
    if (!present.some((field) => field.oneof === oneof)) report(`must have one of ${(type.oneofs.get(oneof) ?? []).join(', ')}`);
  }
}

function insert(present: Field[], field: Field): void {
  let place = present.length;
  while (place > 0 && (present[place - 1]?.id ?? 0) > field.id) place--;
  if (place === present.length) present.push(field);
  else present.splice(place, 0, field);
}

/** The name of a oneof may stand beside its arm, as decoded messages have it; it must then name the arm that is set. */
function reportKey(
  type: MessageType,
  message: PlainObject,
  { key, report }: { readonly key: string; readonly report: ReportProblem },
): void {
  const arms = type.oneofs.get(key);
  const arm = message[key];
  if (arms === undefined) {
    report(`is not a field of ${type.name}`, key);
  } else if (typeof arm !== 'string' || !arms.includes(arm) || message[arm] === undefined || message[arm] === null) {
    report(`must name the one of ${arms.join(', ')} that is set, not ${quote(arm)}`, key);
  }
}

function checkDuration(message: PlainObject, report: ReportProblem): void {
  const seconds = Number(message['seconds'] ?? 0);
  const nanos = Number(message['nanos'] ?? 0);
  const isValid = Math.abs(seconds) <= MAX_DURATION_SECONDS && Math.abs(nanos) <= MAX_NANOS && seconds * nanos >= 0;
  if (!isValid) report('must be a duration within 10,000 years, with seconds and nanos of one sign');
}
