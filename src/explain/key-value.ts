// What a request gives for one part of a limit's key, as Envoy reads it (ratelimit R203). Pure; who calls is taken from a token as it says it.
import type { JsonObject } from '../lib/jose/strict-json.ts';
import type { LimitKeyPart } from '../model/limits/types.ts';
import type { Route } from '../model/types.ts';
import type { ClientAddress } from './client-address.ts';
import { networkText } from './client-address.ts';
import type { ExplainedRequest } from './request.ts';

export type KeyValue =
  | { readonly kind: 'known'; readonly value: string }
  | { readonly kind: 'missing'; readonly why: string }
  /** It depends on what is not known here. */
  | { readonly kind: 'open'; readonly why: string };

export interface KeyFacts {
  readonly request: ExplainedRequest;
  /** What the listener made of the path. */
  readonly path: string;
  readonly route: Route;
  readonly client: ClientAddress;
  readonly identity: LimitIdentity;
}

/** Who calls, as far as limits ask. */
export interface LimitIdentity {
  /** Of the token; absent: there is none. */
  readonly claims?: JsonObject;
  /** Absent: there is none to know. */
  readonly unknown?: { readonly claims?: string; readonly consumer?: string };
}

export function keyValue(part: LimitKeyPart, facts: KeyFacts): KeyValue {
  const { request, client } = facts;
  switch (part.kind) {
    case 'clientIp':
      return client.kind === 'known' ? known(client.address) : client;
    case 'clientNet':
      return client.kind === 'known' ? known(networkText(client.address, part.bits)) : client;
    case 'header':
      return listed(present(headerOf(part.name, request), `the request has no header ${part.name}`), part);
    case 'query':
      return present(parameterOf(part.name, request), `the query has no ${part.name}`);
    case 'method':
      return known(request.method);
    case 'path':
    case 'grpcMethod':
      return known(facts.path);
    case 'route':
      return known(facts.route.name);
    case 'const':
      return known(part.name);
    case 'service':
      return serviceOf(facts.route);
    case 'jwt':
      return claimValue(part.name, facts.identity);
    case 'apiKey':
      return facts.identity.unknown?.consumer === undefined
        ? { kind: 'missing', why: 'the request carries no API key' }
        : { kind: 'open', why: facts.identity.unknown.consumer };
    default:
      return part satisfies never;
  }
}

/** A claim by its literal name; texts only. */
export function claimValue(name: string, { claims, unknown }: LimitIdentity): KeyValue {
  if (claims === undefined) {
    return unknown?.claims === undefined ? { kind: 'missing', why: 'the request carries no token' } : { kind: 'open', why: unknown.claims };
  }
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (typeof value === 'string' && value !== '') return known(value);
  return { kind: 'missing', why: value === undefined ? `the token has no claim ${name}` : `the claim ${name} is no text` };
}

/** Where values are listed, others count as missing (ratelimit R111). */
function listed(value: KeyValue, { name, values }: LimitKeyPart & { readonly kind: 'header' }): KeyValue {
  if (value.kind !== 'known' || values === undefined || values.includes(value.value)) return value;
  return { kind: 'missing', why: `${name} is none of ${values.join(', ')}` };
}

function known(value: string): KeyValue {
  return { kind: 'known', value };
}

function present(value: string | undefined, why: string): KeyValue {
  return value === undefined ? { kind: 'missing', why } : known(value);
}

function headerOf(name: string, { headers, host, method }: ExplainedRequest): string | undefined {
  if (name === 'host') return headers.get('host') ?? host;
  return name === ':method' ? method : headers.get(name);
}

/** The first of its name, decoded. */
function parameterOf(name: string, { query }: ExplainedRequest): string | undefined {
  const found = query.find((parameter) => decoded(parameter.name) === name);
  return found === undefined ? undefined : decoded(found.value);
}

/** What is no escape stays as it is. */
function decoded(text: string): string {
  const bytes = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function serviceOf({ action }: Route): KeyValue {
  if (action.kind !== 'forward') return { kind: 'missing', why: 'no service gets this request' };
  const names = action.backends.filter(({ weight }) => weight > 0).map(({ service }) => service);
  const [only] = names;
  return names.length === 1 && only !== undefined ? known(only) : { kind: 'open', why: `one of ${names.join(', ')}` };
}
