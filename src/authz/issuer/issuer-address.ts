// Which addresses issuers may have (authz J2): looked at when a connection is made, so that a name cannot be one address when checked and another
// when used.
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { IssuerError } from './issuer-error.ts';

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

/** An IP address as text. Addresses of IPv4 in IPv6's form count as what they are. */
export function isAllowedAddress(address: string, dev: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return !FORBIDDEN.check(address, family) && (dev || !LOOPBACK.check(address, family));
}

/** For a socket: fails with `address` where the name leads to none that is allowed. `dev`: loopback is. */
export function guardedLookup(dev: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => isAllowedAddress(address, dev));
      const [first] = allowed;
      if (first === undefined) callback(new IssuerError('address', 'the name leads to no address that is allowed'), '', 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
