// The codes of mistakes in keys and single values: CH11xx, stable for ever (O5). docs/errors.md lists them; a test compares both.
import type { IssueCodeDescription } from './issue-codes.ts';
import type { SchemaCode } from './schema/codes.ts';

export const SCHEMA_ISSUE_CODES = {
  CH1101: {
    title: 'A key is not known.',
    cause: 'It is misspelt, stands in the wrong place, or is the word of another product. Unknown keys are never passed over.',
    example: 'services:\n  orders: {endpoint: ["a:80"]}',
    cure: 'services:\n  orders: {endpoints: ["a:80"]}',
  },
  CH1102: {
    title: 'A value is of another kind than expected.',
    cause:
      'A list stands where a map belongs, text where a number belongs, or a number or boolean where text belongs and quotes are missing.',
    example: 'headers: {x-api-version: 2}',
    cure: 'headers: {x-api-version: "2"}',
  },
  CH1103: {
    title: 'A key is missing.',
    cause: 'Without it the map has no meaning.',
    example: 'listeners: {http: {address: 0.0.0.0}}',
    cure: 'listeners: {http: {port: 10000}}',
  },
  CH1104: {
    title: 'A key has no value, or an empty one.',
    cause: 'Nothing, or an empty text, stands behind the colon.',
    example: 'gateway:',
    cure: 'gateway: edge',
  },
  CH1105: {
    title: 'Keys exclude or need each other.',
    cause: 'Of some keys exactly one, or at least one, must be there; or one has no meaning beside another.',
    example: 'path: {exact: /orders, prefix: /orders}',
    cure: 'path: {prefix: /orders}',
  },
  CH1106: {
    title: 'A word is not one of those that are possible.',
    cause: 'It is misspelt, or the word of another product.',
    example: 'loadBalancer: ROUND_ROBIN',
    cure: 'loadBalancer: roundRobin',
  },
  CH1107: {
    title: 'A number is out of range or not whole.',
    cause: 'Ports are 1 to 65535, counts and weights go up to 4294967295, and so on; the range is printed.',
    example: 'listeners: {http: {port: 100000}}',
    cure: 'listeners: {http: {port: 10000}}',
  },
  CH1108: {
    title: 'A text is not a duration.',
    cause: 'A duration is a number above zero with a unit: ms, s, m, h or d. Zero would mean "never" to some and "at once" to others.',
    example: 'timeout: 3',
    cure: 'timeout: 3s, or timeout: none for no limit',
  },
  CH1109: {
    title: 'A value is not a percentage.',
    cause: 'Percentages are 0 to 100.',
    example: 'mirror: [{service: shadow, percent: 150%}]',
    cure: 'mirror: [{service: shadow, percent: 100%}]',
  },
  CH1110: {
    title: 'A name has characters that names cannot have.',
    cause: 'Names become names of resources and statistics, so they hold letters, digits, "-", "_" and "." only.',
    example: 'services: {orders/v1: {endpoints: ["a:80"]}}',
    cure: 'services: {orders-v1: {endpoints: ["a:80"]}}',
  },
  CH1111: {
    title: 'A text is not an address.',
    cause: 'An endpoint is host:port, [IPv6]:port or unix:/path, without a scheme; a listener has an IP address.',
    example: 'endpoints: ["http://orders.internal:8080"]',
    cure: 'endpoints: ["orders.internal:8080"]',
  },
  CH1112: {
    title: 'A text is not a host name.',
    cause: 'A host name has no scheme, port or path; a wildcard stands for whole labels at the front.',
    example: 'hostnames: ["shop.example.com:443"]',
    cure: 'hostnames: [shop.example.com]',
  },
  CH1113: {
    title: 'A header name is wrong, or may not be used here.',
    cause: 'Envoy refuses changes of pseudo headers such as :path and of host.',
    example: 'requestHeaders: {set: {host: orders.internal}}',
    cure: 'rewrite: {host: orders.internal}',
  },
  CH1114: {
    title: 'A text is not a path.',
    cause: 'A path begins with /, and has no query, fragment, space or control character.',
    example: 'path: {exact: "/orders?id=7"}',
    cure: 'path: {exact: /orders}, query: {id: "7"}',
  },
  CH1115: {
    title: 'A number is not an HTTP status that is possible here.',
    cause: 'Redirects have 301, 302, 303, 307 or 308; health checks take single statuses or ranges of them.',
    example: 'redirect: {host: shop.example.com, code: 304}',
    cure: 'redirect: {host: shop.example.com, code: 302}',
  },
  CH1117: {
    title: 'A text is not PEM.',
    cause: 'Certificates and keys are written as PEM text, mostly by naming their file.',
    example: 'cert: certs/shop.crt',
    cure: 'cert: "${file:certs/shop.crt}"',
  },
  CH1118: {
    title: 'A list is empty.',
    cause: 'An empty list would match or serve nothing.',
    example: 'backends: []',
    cure: 'backends: [orders]; for the default leave the key out',
  },
  CH1119: {
    title: 'A text holds a line break or another control character.',
    cause: 'In a header or a name it is refused by Envoy, or splits a line of a log.',
    example: 'requestHeaders: {set: {x-team: "a\\nb"}}',
    cure: 'requestHeaders: {set: {x-team: "a b"}}',
  },
} as const satisfies Readonly<Record<SchemaCode, IssueCodeDescription>>;
