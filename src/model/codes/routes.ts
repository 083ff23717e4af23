// Routes: CH24xx. Each with what docs/errors.md says of it.

export const ROUTE_CODES = {
  CH2401: {
    title: 'A regular expression that Envoy does not take.',
    cause:
      'Envoy compiles RE2: no look-ahead, no look-behind, no back-references, no repetition above 1000, and nothing larger than 1000 steps.',
    example: 'path: {regex: "/(?!admin).*"}',
    cure: 'Say it with another route of higher precedence, or with not in a header match.',
  },
  CH2402: {
    title: 'A header is changed twice.',
    cause: 'Envoy removes first and then adds, so two changes of one header are not what they seem. Case has no meaning in names.',
    example: 'requestHeaders: {set: {x-team: a}, remove: [X-Team]}',
    cure: 'requestHeaders: {set: {x-team: a}}',
  },
  CH2403: {
    title: 'A header value holds a command that Envoy does not know.',
    cause: 'Values are formats: %NAME% is replaced, and a percent sign is written %%.',
    example: 'requestHeaders: {set: {x-share: 50%}}',
    cure: 'requestHeaders: {set: {x-share: 50%%}}',
  },
  CH2404: {
    title: 'A header has two conditions in one match.',
    cause: 'Names of headers have no case, so both are for the same header.',
    example: 'headers: {x-team: a, X-Team: b}',
    cure: 'Keep one, or say both with a regex.',
  },
  CH2405: {
    title: 'A path template that Envoy does not take.',
    cause:
      'A segment is text, *, ** or one variable; at most five variables of at most 16 characters, each once, and nothing but text after **.',
    example: 'path: {template: "/files/{path=**}/{name}"}',
    cure: 'path: {template: "/files/{path=**}"}',
  },
  CH2406: {
    title: 'A rewrite does not fit the path match.',
    cause: 'A prefix can only be replaced where one was matched, and a template only be filled from a template.',
    example: 'matches: [{path: {exact: /a}}]\nrewrite: {prefix: /b}',
    cure: 'rewrite: {path: /b}',
  },
  CH2407: {
    title: 'A rewrite uses a variable or group that the match does not have.',
    cause: 'Variables are those of the matched template; groups are written \\1 to \\9.',
    example: 'matches: [{path: {template: "/orders/{id}"}}]\nrewrite: {template: "/v2/{order}"}',
    cure: 'rewrite: {template: "/v2/{id}"}',
  },
  CH2408: {
    title: 'Weights add up to nothing, or to more than Envoy counts.',
    cause: 'The sum must lie between 1 and 4294967295.',
    example: 'backends: [{service: shop, weight: 0}]',
    cure: 'backends: [shop]',
  },
  CH2409: {
    title: 'A key that has no meaning beside redirect or respond.',
    cause: 'Envoy answers by itself; no request reaches a backend that could be mirrored, retried or waited for.',
    example: 'redirect: {host: new.example.com}\nmirror: [{service: shadow}]',
    cure: 'Remove the key, or write backends instead of the redirect.',
  },
  CH2410: {
    title: 'A redirect leads back to its own route.',
    cause: 'Scheme, host, port and path of the new address are those that the route itself takes on one of its listeners.',
    example: 'listeners: {https: …}\nroutes: [{name: to-https, redirect: {scheme: https}}]',
    cure: 'routes: [{name: to-https, listeners: [http], redirect: {scheme: https}}]',
  },
  CH2411: {
    title: 'gRPC requests go to a service that speaks HTTP/1.1.',
    cause: 'The status of a gRPC call travels in trailers, which are lost there.',
    example:
      'services: {orders: {endpoints: ["orders:80"]}}\nroutes: [{name: r, matches: [{grpc: {service: shop.v1.Orders}}], backends: [orders]}]',
    cure: 'services: {orders: {endpoints: ["orders:80"], protocol: grpc}}',
  },
  CH2412: {
    title: 'Retry settings without effect.',
    cause: 'Nothing is retried unless attempts is written here or under defaults: repeating a POST may not be safe.',
    example: 'retry: {retryOn: [5xx]}',
    cure: 'retry: {attempts: 2, retryOn: [5xx]}',
  },
  CH2413: {
    title: 'The time for one try is longer than the time for all.',
    cause: 'The timeout of the route ends all tries together.',
    example: 'timeout: 1s\nretry: {attempts: 2, perTryTimeout: 2s}',
    cure: 'timeout: 5s\nretry: {attempts: 2, perTryTimeout: 2s}',
  },
  CH2414: {
    title: 'Retrying on status codes without any status code.',
    cause: 'retriable-status-codes speaks of the codes in statusCodes.',
    example: 'retry: {attempts: 1, retryOn: [retriable-status-codes]}',
    cure: 'retry: {attempts: 1, statusCodes: [503]}',
  },
  CH2415: {
    title: 'A service stands twice among the backends.',
    cause: 'Its weights add up, which was hardly meant.',
    example: 'backends: [{service: a, weight: 10}, {service: a, weight: 90}]',
    cure: 'backends: [{service: a, weight: 10}, {service: b, weight: 90}]',
  },
  CH2416: {
    title: 'The body of an answer is longer than Envoy sends.',
    cause: 'At most 1 MiB; it is kept in the memory of every Envoy.',
    example: 'respond: {status: 200, body: "${file:video.txt}"}',
    cure: 'Serve it from a service.',
  },
  CH2417: {
    title: 'A body beside a status that has none.',
    cause: 'Answers with 204, 205 and 304 have no body.',
    example: 'respond: {status: 204, body: done}',
    cure: 'respond: {status: 200, body: done}',
  },
  CH2418: {
    title: 'The host is rewritten from a service without host names.',
    cause: 'All endpoints are addresses or sockets and tls has no sni, so there is no name to send.',
    example: 'endpoints: ["10.0.0.1:80"], and rewrite: {host: {fromService: true}}',
    cure: 'rewrite: {host: orders.internal}',
  },
  CH2419: {
    title: 'Every web page may call with the credentials of its visitors.',
    cause: 'The gateway would allow whatever origin asks, so that a page of anyone could act as the user who reads it.',
    example: 'cors: {origins: ["*"], credentials: true}',
    cure: 'cors: {origins: [https://shop.example.com], credentials: true}',
  },
  CH2420: {
    title: 'A * that browsers take for a name.',
    cause: 'Where credentials are allowed, browsers read * among headers as a header that is called so.',
    example: 'cors: {origins: [https://shop.example.com], credentials: true, headers: ["*"]}',
    cure: 'cors: {origins: [https://shop.example.com], credentials: true, headers: [x-team]}',
  },
} as const;
