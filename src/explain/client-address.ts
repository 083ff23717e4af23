// The address that a listener takes for the client's: that of the connection, or what our own proxies say of it (trustedHops). Pure.
import ipaddr from 'ipaddr.js';
import { networkOf } from '../lib/ip-network.ts';
import type { ExplainedRequest } from './request.ts';

export type ClientAddress = { readonly kind: 'known'; readonly address: string } | { readonly kind: 'open'; readonly why: string };

/** `trustedHops`: entries of x-forwarded-for from the right that are our own proxies; the first of them is the client's. */
export function clientAddress({ headers, ip }: ExplainedRequest, trustedHops: number): ClientAddress {
  const hops = (headers.get('x-forwarded-for') ?? '').split(',').map((each) => each.trim());
  const told = trustedHops > 0 ? hops.at(-trustedHops) : undefined;
  // Where a hop is missing or no address, the connection's own holds.
  if (told !== undefined && told !== '' && hops.length >= trustedHops) {
    const address = addressOf(told);
    if (address !== undefined) return { kind: 'known', address };
  }
  return ip === undefined ? { kind: 'open', why: 'depends on the address of the client: say it by --ip' } : { kind: 'known', address: ip };
}

/** As Envoy writes it; undefined for what is no address. IPv4 within IPv6 is IPv4. */
export function addressOf(text: string): string | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && (text.includes('%') || !ipaddr.IPv6.isValid(text))) return undefined;
  return ipaddr.process(text).toString();
}

/** `203.0.113.0/24`: so many bits of an IPv4 address, twice as many of an IPv6 one. */
export function networkText(address: string, bits: number): string {
  const parsed = ipaddr.parse(address);
  const length = parsed.kind() === 'ipv4' ? bits : bits * 2;
  return `${networkOf(parsed, length).toString()}/${length}`;
}

/** Whether an address lies in one of the blocks. */
export function isWithin(address: string, cidrs: readonly string[]): boolean {
  const parsed = ipaddr.parse(address);
  return cidrs.some((cidr) => {
    const [block, length] = ipaddr.parseCIDR(cidr);
    return block.kind() === parsed.kind() && parsed.match(block, length);
  });
}
