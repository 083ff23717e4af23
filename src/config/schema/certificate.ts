// Certificates with their keys. A key is a Secret from here on (C7).
import type { z } from 'zod';
import { ok } from '../../lib/result.ts';
import { Secret } from '../../lib/secret.ts';
import type { Immutable } from './immutable.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';
import { shape } from './shape.ts';

/** PEM text with at least one certificate; what is in it is checked where references are (C11). */
export function certificatePem(): Scalar<string> {
  return scalar({ type: 'string', examples: ['${file:certs/shop.crt}'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a certificate as PEM text', value);
    if (value.includes('-----BEGIN')) return ok(value);
    return wrong('CH1117', 'this is not a certificate as PEM text', fileHelp(value));
  });
}

/** PEM text of a private key. The value never appears in a message. */
export function privateKeyPem(): Scalar<Secret> {
  return scalar({ type: 'string', examples: ['${file:certs/shop.key}'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a private key as PEM text', value);
    if (value.includes('-----BEGIN')) return ok(new Secret(value));
    return wrong('CH1117', 'this is not a private key as PEM text', fileHelp(value));
  });
}

function fileHelp(value: string): string {
  return /^[\w./-]{1,200}\.(crt|pem|key|cer)$/.test(value)
    ? 'to read it from a file, write "${file:PATH}"'
    : 'PEM text begins with -----BEGIN';
}

/** A certificate chain, leaf first, and the key of the leaf. */
export const certificateSchema = shape(
  {
    cert: certificatePem().describe('Certificate chain as PEM text, leaf first; usually "${file:certs/shop.crt}".'),
    key: privateKeyPem().describe('Private key of the leaf as PEM text; usually "${file:certs/shop.key}".'),
  },
  { insteadOfScalar: 'write {cert: "${file:…}", key: "${file:…}"}' },
).describe('A certificate with its key. Reaches Envoy over SDS only.');

export type CertificateConfig = Immutable<z.output<typeof certificateSchema>>;
