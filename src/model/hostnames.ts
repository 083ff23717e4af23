// Host names that routes serve, in one spelling: lower case, IPv6 in brackets as in a Host header (B23).
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { RouteConfig } from '../config/schema/route.ts';

/** C17: any host where none is written. */
export const ANY_HOST: readonly string[] = ['*'];

/** Sorted, each once. */
export function resolveHostnames(names: RouteConfig['hostnames']): readonly string[] {
  return names === undefined ? ANY_HOST : [...new Set(names.map(canonicalHostname))].sort();
}

export function canonicalHostname(name: string): string {
  return isIPv6(name) ? `[${ipaddr.parse(name).toString()}]` : name.toLowerCase();
}
