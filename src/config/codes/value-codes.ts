// Keys and values: CH11xx. Each with what docs/errors.md says of it.

export const VALUE_CODES = {
  CH1101: {
    title: 'A key is unknown.',
    cause: 'It is misspelt, stands in the wrong map, or is the word of another product or an older spelling (connect_timeout).',
    example: 'routes: [{name: shop, uri: /shop, backends: [shop]}]',
    cure: 'routes: [{name: shop, matches: [{path: {prefix: /shop}}], backends: [shop]}]',
  },
  CH1102: {
    title: 'A value is of the wrong kind.',
    cause: 'A map, a list, a number, true or false, or text was expected. YAML reads 2 and true without quotes as a number and a switch.',
    example: 'headers: {x-api-version: 2}',
    cure: 'headers: {x-api-version: "2"}',
  },
  CH1103: {
    title: 'A key is missing.',
    cause: 'The map cannot be understood without it.',
    example: 'listeners: {http: {address: 0.0.0.0}}',
    cure: 'listeners: {http: {address: 0.0.0.0, port: 10000}}',
  },
  CH1104: {
    title: 'A key has no value.',
    cause: 'What follows it was removed, or is not indented.',
    example: 'timeout:',
    cure: 'Give it a value, timeout: 3s, or take the key out.',
  },
  CH1105: {
    title: 'Keys do not go together.',
    cause: 'Exactly one of some keys is needed, or one excludes another.',
    example: '{name: shop, backends: [shop], redirect: {scheme: https}}',
    cure: '{name: shop, backends: [shop]}',
  },
  CH1106: {
    title: 'A word is not one of those that are possible.',
    cause: 'The value is one of a fixed set, which the message lists.',
    example: 'protocol: http2',
    cure: 'protocol: h2',
  },
  CH1107: {
    title: 'A number is out of range.',
    cause: 'It is too small, too large, or not whole.',
    example: 'port: 70000',
    cure: 'port: 7000',
  },
  CH1108: {
    title: 'A duration is wrong.',
    cause:
      'A duration is a number with its unit (ms, s, m, h, d), above zero and in whole milliseconds. Where no limit is possible, the word is none.',
    example: 'timeout: 3',
    cure: 'timeout: 3s',
  },
  CH1109: {
    title: 'A percentage is wrong.',
    cause: 'It lies between 0 and 100, written 5, 5% or 0.5%.',
    example: 'percent: 120',
    cure: 'percent: 20',
  },
  CH1110: {
    title: 'A name is not possible.',
    cause: 'Names become names of resources and metrics: 1 to 100 letters, digits, "-", "_" and ".", with a letter or digit at both ends.',
    example: 'services: {"my service": {…}}',
    cure: 'services: {my-service: {…}}',
  },
  CH1111: {
    title: 'An address is wrong.',
    cause: 'An endpoint is host:port, [IPv6]:port or unix:/path, without scheme and path; a listener has an IP address.',
    example: 'endpoints: ["http://orders.internal"]',
    cure: 'endpoints: ["orders.internal:80"]',
  },
  CH1112: {
    title: 'A host name is wrong.',
    cause: 'A host name has no scheme, port or path; a wildcard stands for whole labels at the front.',
    example: 'hostnames: ["shop*.example.com"]',
    cure: 'hostnames: ["*.example.com"]',
  },
  CH1113: {
    title: 'A header name is wrong.',
    cause: 'It has characters that no header name has, is a pseudo header, or is host, which Envoy changes elsewhere.',
    example: 'requestHeaders: {set: {host: orders.internal}}',
    cure: 'rewrite: {host: orders.internal}',
  },
  CH1114: {
    title: 'A path is wrong.',
    cause: 'A path begins with / and has no query, fragment, space or control character.',
    example: 'path: {prefix: orders}',
    cure: 'path: {prefix: /orders}',
  },
  CH1115: {
    title: 'A status code is wrong.',
    cause: 'It is no HTTP status, or not one that is possible at this place.',
    example: 'redirect: {scheme: https, code: 304}',
    cure: 'redirect: {scheme: https, code: 308}',
  },
  CH1117: {
    title: 'A text is not a certificate or key.',
    cause: 'PEM text is expected; often the path of a file stands there without ${file:…}.',
    example: 'cert: certs/shop.crt',
    cure: 'cert: "${file:certs/shop.crt}"',
  },
  CH1118: {
    title: 'A list is empty.',
    cause: 'An empty list here would mean that nothing ever fits.',
    example: 'hostnames: []',
    cure: 'Leave the key out for its default, or give the list an item.',
  },
  CH1119: {
    title: 'A text holds control characters.',
    cause: 'Line breaks and other control characters in names, headers and paths are refused by Envoy or split lines of logs.',
    example: 'requestHeaders: {set: {x-note: "a\\nb"}}',
    cure: 'requestHeaders: {set: {x-note: "a b"}}',
  },
  CH1120: {
    title: 'A step of a rollout is wrong.',
    cause: 'A step is a number of nodes, a share of them above 0% and up to 100%, or the word canary.',
    example: 'rollout: {steps: [0, half]}',
    cure: 'rollout: {steps: [1, 50%, 100%]}',
  },
  CH1121: {
    title: 'A text is not an origin.',
    cause: 'Browsers send scheme, host and a port that is not the scheme’s own; nothing else would ever be equal.',
    example: 'cors: {origins: [https://shop.example.com/]}',
    cure: 'cors: {origins: [https://shop.example.com]}',
  },
  CH1122: {
    title: 'The name of a runtime value is wrong.',
    cause: 'Names are words of letters, digits, - and _, joined by dots.',
    example: 'runtime: {"fault http": 1}',
    cure: 'runtime: {fault.http.abort.http_status: 503}',
  },
  CH1123: {
    title: 'A text is not a web address.',
    cause: 'Addresses that the gateway asks begin with https:// and hold neither user nor password nor a part behind #.',
    example: 'jwks: {url: id.example.com/jwks.json}',
    cure: 'jwks: {url: https://id.example.com/jwks.json}',
  },
  CH1124: {
    title: 'A text is not a block of addresses.',
    cause:
      'A block is an address and the length of its prefix, with no bits set behind it: 203.0.113.7/24 may mean one address or 256, so it is refused.',
    example: 'ipLists: {office: [203.0.113.7/24]}',
    cure: 'ipLists: {office: [203.0.113.0/24]}, or 203.0.113.7/32 for the one address',
  },
  CH1125: {
    title: 'A text is not a key set.',
    cause: 'A JSON Web Key Set is a JSON object with a list keys; perhaps the path of a file stands where its text belongs.',
    example: 'jwks: {inline: keys.json}',
    cure: 'jwks: {file: keys.json}',
  },
  CH1126: {
    title: 'A text is not the digest of an API key.',
    cause: 'Keys stand in the file as sha256: or hmac: and 64 hexadecimal digits, so that who reads the file cannot use them.',
    example: 'consumers: {acme: {keys: [ck_4f1c…]}}',
    cure: 'consumers: {acme: {keys: ["sha256:4f1c…"]}}; chancery key create makes both',
  },
  CH1127: {
    title: 'A text is not a date.',
    cause: 'Dates are days such as 2027-01-31 (UTC, the whole day counts), or moments with their zone.',
    example: 'notAfter: "31.1.2027"',
    cure: 'notAfter: "2027-01-31"',
  },
  CH1128: {
    title: 'A text is not a rate.',
    cause: 'A rate is a whole number up to 2^53-1 per second, minute, hour, day, week, month, year, or per duration from 1s to 366d.',
    example: 'rate: 100',
    cure: 'rate: 100/minute, or rate: 100/90s',
  },
  CH1129: {
    title: 'A text names no part of requests.',
    cause: 'Limits count by parts of requests that have fixed names: client.ip, header.NAME, jwt.CLAIM, route and others.',
    example: 'key: [ip]',
    cure: 'key: [client.ip]',
  },
} as const;
