// Which addresses issuers may have (authz J2): looked at when a connection is made, so that a name cannot be one address when checked and another
// when used.
import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { IssuerError } from './issuer-error.ts';

/** All addresses of a name. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

const FORBIDDEN = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  FORBIDDEN.addSubnet(network, bits, 'ipv6');
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const TRANSLATED = new BlockList();
for (const [network, bits] of [
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
] as const)
  TRANSLATED.addSubnet(network, bits, 'ipv6');

/** An IP address as text. Addresses of IPv4 in IPv6's form, and those that NAT64 makes of them (RFC 6052, RFC 8215), count as what they are. */
export function isAllowedAddress(address: string, dev: boolean): boolean {
  if (isIP(address) === 6 && TRANSLATED.check(address, 'ipv6')) return isAllowedAddress(lastFourBytes(address), dev);
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return !FORBIDDEN.check(address, family) && (dev || !LOOPBACK.check(address, family));
}

/** Of an IPv6 address, as an IPv4 address. */
function lastFourBytes(address: string): string {
  // The URL parser writes every spelling as groups of hexadecimal digits, with `::` once at most.
  const groups = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split(':');
  return groups
    .slice(-2)
    .map((group) => Number.parseInt(`0${group}`, 16))
    .map((number) => `${number >> 8}.${number & 0xff}`)
    .join('.');
}

/** For a socket: fails with `address` where the name leads to none that is allowed. `dev`: loopback is. `resolve`: default the system's. */
export function guardedLookup(dev: boolean, resolve: ResolveAll = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, dev));
      const [first] = allowed;
      if (first === undefined) callback(new IssuerError('address', 'the name leads to no address that is allowed'), '', 0);
      else if (options.all === true) callback(null, [...allowed]);
      else callback(null, first.address, first.family);
    });
  };
}
