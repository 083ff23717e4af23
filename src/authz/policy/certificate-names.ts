// The names in a client certificate, read from its DER (RFC 5280), never from a printed form: printed names can hold separators.
import type { SubjectAltName } from './settings.ts';

export interface CertificateName {
  readonly type: SubjectAltName['type'];
  readonly text: string;
}

/** Object id 2.5.29.17. */
const SAN_OID = Buffer.from([0x55, 0x1d, 0x11]);
const TAG = { sequence: 0x30, octets: 0x04, oid: 0x06, extensions: 0xa3 } as const;
/** Context tags of GeneralName. */
const NAME_TYPES: ReadonlyMap<number, SubjectAltName['type']> = new Map([
  [0x81, 'email'],
  [0x82, 'dns'],
  [0x86, 'uri'],
  [0x87, 'ip'],
]);

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** Subject alternative names in their order; undefined when the DER cannot be read, a name holds NUL or bytes outside ASCII (M10). */
export function certificateNames(der: Buffer): readonly CertificateName[] | undefined {
  const [certificate] = elements(der) ?? [];
  const [body] = elements(certificate?.content) ?? [];
  const parts = elements(body?.content);
  if (parts === undefined) return undefined;
  const wrapper = parts.find(({ tag }) => tag === TAG.extensions);
  if (wrapper === undefined) return [];
  const [extensions] = elements(wrapper.content) ?? [];
  const names: CertificateName[] = [];
  for (const extension of elements(extensions?.content) ?? []) {
    const fields = elements(extension.content);
    const [oid] = fields ?? [];
    if (oid?.tag !== TAG.oid || !oid.content.equals(SAN_OID)) continue;
    const value = fields?.at(-1);
    const [list] = (value?.tag === TAG.octets ? elements(value.content) : undefined) ?? [];
    const found = list?.tag === TAG.sequence ? elements(list.content)?.map(nameOf) : undefined;
    if (found === undefined) return undefined;
    for (const name of found) {
      if (name === undefined) return undefined;
      if (name !== 'other') names.push(name);
    }
  }
  return names;
}

function nameOf({ tag, content }: Element): CertificateName | 'other' | undefined {
  const type = NAME_TYPES.get(tag);
  if (type === undefined) return 'other';
  if (type === 'ip') return ipName(content);
  const text = content.toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? { type, text } : undefined;
}

function ipName(content: Buffer): CertificateName | undefined {
  if (content.length === 4) return { type: 'ip', text: content.join('.') };
  if (content.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => content.readUInt16BE(index * 2).toString(16));
  return { type: 'ip', text: groups.join(':') };
}

/** The elements that `der` is made of; undefined when a length does not fit. */
function elements(der: Buffer | undefined): readonly Element[] | undefined {
  if (der === undefined) return undefined;
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0;
    const first = der[at + 1] ?? 0xff;
    const count = first < 0x80 ? 0 : first - 0x80;
    if (count > 3 || at + 2 + count > der.length) return undefined;
    const length = count === 0 ? first : der.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    if (length > der.length - start) return undefined;
    found.push({ tag, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
