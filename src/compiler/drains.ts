// Which connections a change of listeners ends, and why (B15, D11): what Envoy does with two versions of a listener, told beforehand.
import type { FilterChain } from '../proto/generated/envoy/config/listener/v3/FilterChain.ts';
import type { Listener } from '../proto/generated/envoy/config/listener/v3/Listener.ts';
import { compareText } from './compare-text.ts';

/**
 * `none`: no connection notices. `chain`: the connections of the listener's filter chain are told of their end and drained, new ones are
 * taken all the while. `listener`: the same for the listener as a whole, whose socket is another one.
 */
export type DrainImpact = 'none' | 'chain' | 'listener';

export interface ListenerDrain {
  /** Name of the resource. */
  readonly listener: string;
  readonly impact: DrainImpact;
  /** What changed, in words of the configuration where it has some, else Envoy's; `removed` for a listener that goes. Sorted. */
  readonly causes: readonly string[];
}

/** One entry for each listener that is in either list, sorted by name. Messages are compared by content. */
export function drainsOf(previous: readonly Listener[], next: readonly Listener[]): readonly ListenerDrain[] {
  const before = new Map(previous.map((listener) => [listener.name ?? '', listener]));
  const after = new Map(next.map((listener) => [listener.name ?? '', listener]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return names.map((name) => ({ listener: name, ...compare(before.get(name), after.get(name)) }));
}

type Comparison = Pick<ListenerDrain, 'impact' | 'causes'>;

const NO_IMPACT: Comparison = { impact: 'none', causes: [] };

function compare(before: Listener | undefined, after: Listener | undefined): Comparison {
  if (before === undefined || before === after) {
    return NO_IMPACT;
  }
  if (after === undefined) {
    return { impact: 'listener', causes: ['removed'] };
  }
  const { filter_chains: chainsBefore = [], ...restBefore } = before;
  const { filter_chains: chainsAfter = [], ...restAfter } = after;
  // Envoy keeps the socket, and what else the listener has, only where nothing but its chains differs.
  const socket = differences(restBefore, restAfter);
  const chains = chainsBefore.flatMap((chain, index) => differences(comparable(chain), comparable(chainsAfter[index])));
  const causes = wordsFor([...socket, ...chains]);
  if (socket.length > 0) {
    return { impact: 'listener', causes };
  }
  return chains.length > 0 ? { impact: 'chain', causes } : NO_IMPACT;
}

/** The fields of the chain with those of its connection manager beside them, so that a difference has a name. */
function comparable(chain: FilterChain | undefined): Readonly<Record<string, unknown>> {
  const [manager] = chain?.filters ?? [];
  return { ...chain, filters: undefined, ...manager?.typed_config };
}

/** Names of the fields that differ, below `address` with the field inside. */
function differences(before: object, after: object): readonly string[] {
  const [a, b] = [new Map<string, unknown>(Object.entries(before)), new Map<string, unknown>(Object.entries(after))];
  const differing = [...new Set([...a.keys(), ...b.keys()])].filter((field) => !isEqual(a.get(field), b.get(field)));
  return differing.flatMap((field) => (NESTED.has(field) ? differences(fieldsOf(a.get(field)), fieldsOf(b.get(field))) : [field]));
}

/** Messages that say several things. */
const NESTED: ReadonlySet<string> = new Set(['address', 'socket_address', 'common_http_protocol_options']);

function fieldsOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/** Messages of the compiler have their fields in one order. */
function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Envoy's field → the key of a listener, or of the gateway, that decides it. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['address', 'address'],
  ['ipv4_compat', 'address'],
  ['port_value', 'port'],
  ['transport_socket', 'tls'],
  ['transport_socket_connect_timeout', 'tls'],
  ['forward_client_cert_details', 'tls.clientAuth'],
  ['set_current_client_cert_details', 'tls.clientAuth'],
  ['xff_num_trusted_hops', 'clientIp'],
  ['merge_slashes', 'paths'],
  ['path_with_escaped_slashes_action', 'paths'],
  ['headers_with_underscores_action', 'headers'],
  ['strip_any_host_port', 'redirect'],
  ['early_header_mutation_extensions', 'filters'],
  ['local_reply_config', 'filters'],
  ['access_log', 'accessLog'],
  ['http_filters', 'filters'],
  ['upgrade_configs', 'filters'],
  ['stream_idle_timeout', 'onDemandHosts'],
]);

function wordsFor(fields: readonly string[]): readonly string[] {
  return [...new Set(fields.map((field) => WORDS.get(field) ?? field))].sort(compareText);
}
