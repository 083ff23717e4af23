// Blocks of IP addresses.
import ipaddr from 'ipaddr.js';
import { networkOf } from '../../lib/ip-network.ts';
import { ok } from '../../lib/result.ts';
import { type Scalar, type ScalarOutcome, scalar, wrong, wrongType } from './scalar.ts';

/** `203.0.113.0/24`, in one spelling: bits behind the prefix are refused, an IPv4 block inside IPv6 is the IPv4 block (authz M9). */
export function cidr(): Scalar<string> {
  return scalar({ type: 'string', examples: ['203.0.113.0/24', '2001:db8::/32'] }, (value) => {
    if (typeof value !== 'string') return wrongType('a block of addresses such as 203.0.113.0/24', value);
    return parseCidr(value);
  });
}

function parseCidr(value: string): ScalarOutcome<string> {
  const [, text = '', bits] = /^([0-9A-Fa-f:.]+)(?:\/([0-9]{1,3}))?$/.exec(value) ?? [];
  // Four decimal numbers: octal and short forms mean different addresses to different readers.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
  if (!isAddress) return wrong('CH1124', '{value} is not a block of addresses', 'write it as 203.0.113.0/24 or 2001:db8::/32');
  const address = ipaddr.parse(text);
  const width = address.toByteArray().length * 8;
  if (bits === undefined) return wrong('CH1124', '{value} has no prefix length', `did you mean "{value}/${width}"?`);
  const length = Number(bits);
  if (length > width) return wrong('CH1124', `{value} is longer than an address: at most /${width}`);
  const network = networkOf(address, length);
  if (network.toString() !== address.toString()) {
    return wrong('CH1124', '{value} has bits set behind its prefix', `did you mean "${network.toString()}/${length}"?`);
  }
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && length >= 96) {
    return ok(`${address.toIPv4Address().toString()}/${length - 96}`);
  }
  return ok(`${address.toString()}/${length}`);
}
