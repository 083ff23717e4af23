// Which addresses only this machine can reach (O7, O8).
import { isIP } from 'node:net';

/** True for `localhost`, 127.0.0.0/8 and ::1, with or without brackets. Names are not looked up. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
