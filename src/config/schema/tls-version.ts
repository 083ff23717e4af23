// TLS versions as the user writes them.
import { ok } from '../../lib/result.ts';
import { type Scalar, scalar, wrong, wrongType } from './scalar.ts';

export type TlsVersionConfig = '1.2' | '1.3';

/** `"1.2"` or `"1.3"`; without quotes YAML reads the same as a number, and both are meant alike. */
export function tlsVersion(): Scalar<TlsVersionConfig> {
  return scalar<TlsVersionConfig>({ enum: ['1.2', '1.3', 1.2, 1.3] }, (value) => {
    if (value === '1.2' || value === 1.2) return ok('1.2');
    if (value === '1.3' || value === 1.3) return ok('1.3');
    if (typeof value !== 'string' && typeof value !== 'number') return wrongType('a TLS version, "1.2" or "1.3"', value);
    const meant = /1[._]([23])$/.exec(String(value));
    if (meant !== null) return wrong('CH1106', '{value} is not a TLS version', `did you mean "1.${meant[1]}"?`);
    return wrong('CH1106', '{value} is not a TLS version that can be offered', '"1.2" and "1.3" are possible; older ones are broken');
  });
}
