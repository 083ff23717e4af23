// Values of overrides that no request can have (ratelimit R107): they would be passed over in silence, and with them a block or a customer's rate.
import ipaddr from 'ipaddr.js';
import { type IpAddress, networkOf } from '../../lib/ip-network.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import { nearest } from '../../lib/nearest.ts';
import { type Report, warningAt } from '../issue.ts';
import type { Limit, LimitKeyPart } from './types.ts';

/** What is defined elsewhere in the gateway. */
export interface DefinedNames {
  readonly routes: readonly string[];
  /** Those with mistakes of their own too. */
  readonly services: readonly string[];
}

const V6_BITS = 2;

/** Warnings, for files of the reference service may hold such values, and routes come and go with their teams. Those with `*` are patterns, of which
 * nobody knows what they shall fit. */
export function checkOverrideValues({ path, parts, overrides }: Limit, defined: DefinedNames, report: Report): void {
  for (const [index, { match }] of overrides.entries()) {
    for (const { part: name, value } of match) {
      const part = parts.find((each) => each.part === name);
      if (part === undefined || value.includes('*')) continue;
      const problem = problemOf(part, value, defined);
      if (problem === undefined) continue;
      const at: ConfigPath = [...path, 'overrides', index, 'match', name];
      report(warningAt(at, 'CH2924', { message: `${name} is never "${value}": ${problem.message}`, help: problem.help }));
    }
  }
}

interface ValueProblem {
  readonly message: string;
  readonly help: string;
}

function problemOf(part: LimitKeyPart, value: string, { routes, services }: DefinedNames): ValueProblem | undefined {
  switch (part.kind) {
    case 'clientIp':
      return addressProblem(value);
    case 'clientNet':
      return networkProblem(value, part.bits);
    case 'route':
      return nameProblem('route', value, routes);
    case 'service':
      return nameProblem('service', value, services);
    case 'method':
      return value === value.toUpperCase() ? undefined : { message: 'methods have capitals', help: `write ${value.toUpperCase()}` };
    case 'const':
      return value === part.name ? undefined : { message: 'it is the same text for all requests', help: `write ${part.name}` };
    case 'header':
    case 'query':
    case 'jwt':
    case 'apiKey':
    case 'path':
    case 'grpcMethod':
      return undefined;
    default:
      return part satisfies never;
  }
}

function nameProblem(what: string, value: string, names: readonly string[]): ValueProblem | undefined {
  if (names.includes(value)) return undefined;
  const meant = nearest(value, names);
  return {
    message: `no ${what} has this name`,
    help: meant === undefined ? `write the name of a ${what}, or remove the override` : `did you mean "${meant}"?`,
  };
}

/** Envoy tells an address in one spelling, and overrides compare texts. */
function addressProblem(value: string): ValueProblem | undefined {
  const address = addressOf(value);
  if (address === undefined)
    return { message: 'it is one address', help: 'write 203.0.113.7 or 2001:db8::7; blocks need a key with client.net/N' };
  const text = textOf(address);
  return text === value ? undefined : { message: 'proxies write this address in another way', help: `write ${text}` };
}

function networkProblem(value: string, bits: number): ValueProblem | undefined {
  const address = addressOf(value.replace(/\/[0-9]{1,3}$/, ''));
  const message = `it is a network of ${bits} bits of IPv4, ${bits * V6_BITS} of IPv6`;
  if (address === undefined) return { message, help: `write 203.0.113.0/${bits}, with zeros behind its bits` };
  const length = address instanceof ipaddr.IPv6 ? bits * V6_BITS : bits;
  const text = `${textOf(networkOf(address, length))}/${length}`;
  return text === value ? undefined : { message, help: `write ${text}` };
}

/** Undefined for every other text. Four decimal numbers: octal and short forms mean different addresses to different readers. */
function addressOf(text: string): IpAddress | undefined {
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes('%'));
  return isAddress ? ipaddr.parse(text) : undefined;
}

/** As the C library writes it. */
function textOf(address: IpAddress): string {
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  return address.isIPv4MappedAddress() ? `::ffff:${address.toIPv4Address().toString()}` : address.toRFC5952String();
}
