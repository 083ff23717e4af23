// How often requests may come: CH29xx. Each with what docs/errors.md says of it.

export const LIMIT_CODES = {
  CH2900: {
    title: 'A limit is not defined.',
    cause: 'Routes and replaces name entries of rateLimits; this one is in no included file.',
    example: 'rateLimits: {per-user: …}\nroutes: [{name: orders, rateLimits: [per-usr], …}]',
    cure: 'routes: [{name: orders, rateLimits: [per-user], …}]',
  },
  CH2901: {
    title: 'A rate cannot be counted.',
    cause: 'Counters are whole numbers below 2^53; scope: local counts in 32 bits and cannot block.',
    example: 'rate: 9007199254740991/second',
    cure: 'rate: 1000000/second',
  },
  CH2902: {
    title: 'A window has no burst.',
    cause: 'burst is the size of a token bucket. Windows admit their whole rate at once, and what is unlimited or blocked has no bucket.',
    example: 'rate: 100/minute, algorithm: fixedWindow, burst: 20',
    cure: 'rate: 100/minute, burst: 20',
  },
  CH2903: {
    title: 'A calendar does not fit the limit.',
    cause: 'Months and years need windows that follow a calendar: fixedWindow, with a time zone that is known.',
    example: 'rate: 1000/month',
    cure: 'rate: 1000/month, algorithm: fixedWindow, calendar: {timeZone: Europe/Berlin}',
  },
  CH2904: {
    title: 'Two things that a limit says exclude each other.',
    cause:
      'A request that costs more than the limit ever holds would never pass; exact windows remember requests of cost 1; a lease lasts at most a second and a tenth of the window; two rates of a list over one window would share their counter; limitFrom takes the place of one rate.',
    example: 'rate: 10/second, cost: 20',
    cure: 'rate: 10/second, burst: 20, cost: 20',
  },
  CH2905: {
    title: 'Clients could choose what they pay.',
    cause: 'The cost is read from a header of the request that clients may write.',
    example: 'cost: {request: header.x-cost}',
    cure: 'jwt: {main: {forwardClaims: {x-cost: cost}, …}}, whose copies by clients are removed',
  },
  CH2906: {
    title: 'Something is no part of the key of its limit.',
    cause: 'Overrides and slotBy look at parts of the key: nothing else is known when a request is counted.',
    example: 'key: [client.ip], overrides: [{match: {jwt.tenant: acme}, rate: 10/second}]',
    cure: 'key: [jwt.tenant], overrides: [{match: {jwt.tenant: acme}, rate: 10/second}]',
  },
  CH2907: {
    title: 'Two overrides fit one request alike.',
    cause:
      'Exact values win, then the pattern with most literal text, then most parts, then fewest stars. Order decides nothing, so these two would be a guess where nothing more exact fits both.',
    example: 'overrides: [{match: {jwt.tenant: "a*"}, rate: 1/second}, {match: {jwt.tenant: "*z"}, rate: 2/second}]',
    cure: 'overrides: [{match: {jwt.tenant: "a*"}, rate: 1/second}, {match: {jwt.tenant: "*-z"}, rate: 2/second}]',
  },
  CH2908: {
    title: 'A limit cannot replace that one.',
    cause: 'It names itself, or a limit that is asked at another time: scope, phase and onFailure of both must be the same.',
    example: 'editor: {replaces: [editor], …}',
    cure: 'editor: {replaces: [per-user], …}',
  },
  CH2909: {
    title: 'A proxy alone cannot do that.',
    cause: 'With scope: local Envoy counts by itself: one token bucket, constant costs, no answer to requests that lack a part of the key.',
    example: 'shield: {key: [client.ip], rate: 50/second, scope: local, algorithm: fixedWindow}',
    cure: 'shield: {key: [client.ip], rate: 50/second, scope: local}',
  },
  CH2910: {
    title: 'An early limit asks who calls.',
    cause: 'phase: early counts before auth, to protect it.',
    example: 'login: {key: [jwt.sub], phase: early, rate: 5/hour}',
    cure: 'login: {key: [client.ip], phase: early, rate: 5/hour}',
  },
  CH2911: {
    title: 'A limit counts by what the auth of a route does not give.',
    cause: 'Claims come from verified tokens, apiKey.id from verified keys; without them all requests of the route would lack that part.',
    example: 'routes: [{name: public, auth: none, rateLimits: [per-user], …}], with per-user: {key: [jwt.sub], …}',
    cure: 'routes: [{name: orders, auth: {jwt: main}, rateLimits: [per-user], …}]',
  },
  CH2912: {
    title: 'That cannot be divided over proxies.',
    cause:
      'With scope: quota proxies count their part by themselves: one token bucket, or one window of an hour up; no key of which clients choose the values, for proxies never forget one; one such limit a route.',
    example: 'report: {key: [client.ip], rate: 2000/second, scope: quota}',
    cure: 'report: {key: [route], rate: 2000/second, scope: quota}',
  },
  CH2913: {
    title: 'Counters in Redis need a good secret.',
    cause: 'Keys hold hashes of addresses and names. Without one secret in all instances these hide nothing, or are counted apart.',
    example: 'rateLimitService: {store: redis, redis: {url: "redis://limits:6379"}}',
    cure: 'rateLimitService: {store: redis, redis: {url: "redis://limits:6379"}, keySecret: "${file:limits.key}"}',
  },
  CH2914: {
    title: 'The store of counters is described wrongly.',
    cause: 'store: redis needs redis, store: memory has no use for it, and the parts of redis must fit each other.',
    example: 'rateLimitService: {redis: {url: "redis://limits:6379"}}',
    cure: 'rateLimitService: {store: redis, redis: {url: "redis://limits:6379"}, keySecret: "${file:limits.key}"}',
  },
  CH2915: {
    title: 'Long windows are kept in memory only.',
    cause: 'A restart of the limiter forgets what was used of a day or a month.',
    example: 'plan: {key: [jwt.tenant], rate: 1000/day, algorithm: fixedWindow}',
    cure: 'rateLimitService: {snapshotFile: /var/lib/chancery/limits}, or store: redis',
  },
  CH2916: {
    title: 'An early limit fails open.',
    cause: 'It protects what comes after it, and lets everything pass while nobody counts.',
    example: 'login: {key: [client.ip], phase: early, rate: 5/hour}',
    cure: 'login: {key: [client.ip], phase: early, rate: 5/hour, onFailure: deny}',
  },
  CH2917: {
    title: 'No route names a limit.',
    cause: 'It limits nothing.',
    example: 'rateLimits: {per-user: …}, and no route with rateLimits: [per-user]',
    cure: 'routes: [{name: orders, rateLimits: [per-user], …}]',
  },
  CH2918: {
    title: 'A part is in a key twice.',
    cause: 'It would be the same value twice; of client.net there is one in a key.',
    example: 'key: [client.ip, client.ip]',
    cure: 'key: [client.ip]',
  },
  CH2919: {
    title: 'A limiter on another machine would answer anybody.',
    cause: 'Whoever reaches it can use up the limits of others. It serves its own machine, or proxies that show a certificate.',
    example: 'rateLimitService: {endpoints: ["limits.internal:18002"]}',
    cure: 'rateLimitService: {endpoints: ["limits.internal:18002"], tls: {ca: …, cert: …, key: …}}',
  },
  CH2920: {
    title: 'The proxies cannot tell whose API key it was.',
    cause: 'Where Envoy itself checks API keys, it tells the owner by a header alone: one of forward.',
    example: 'apiKeys: {partners: {consumers: …}}, enforce: proxy, and a limit with the key [apiKey.id]',
    cure: 'apiKeys: {partners: {forward: {x-client-id: consumer}, consumers: …}}',
  },
  CH2921: {
    title: 'Several limiters with counters in memory.',
    cause: 'Each would count for itself and admit the whole rate.',
    example: 'rateLimitService: {endpoints: ["127.0.0.1:18002", "127.0.0.1:18012"]}',
    cure: 'rateLimitService: {store: redis, redis: …, keySecret: …, endpoints: ["127.0.0.1:18002", "127.0.0.1:18012"]}',
  },
  CH2922: {
    title: 'Values of a header are listed where nobody needs the list.',
    cause:
      'in says which values proxies may count by themselves. Companions count any value, so the list would leave open what happens to others.',
    example: 'tier: {key: [{header: x-tier, in: [gold, free]}], rate: 100/minute}',
    cure: 'tier: {key: [header.x-tier], rate: 100/minute}',
  },
  CH2923: {
    title: 'A rate is too small to be divided.',
    cause:
      'With scope: quota each proxy counts a part by itself, in whole requests. Below ten a minute most proxies have none most of the time.',
    example: 'report: {key: [route], rate: 5/minute, scope: quota}',
    cure: 'report: {key: [route], rate: 5/minute}',
  },
  CH2924: {
    title: 'An override fits no request.',
    cause:
      'Overrides compare texts. client.ip is one address as proxies write it, client.net/N a network with zeros behind its bits, method is in capitals; routes and services must be there.',
    example: 'key: [client.ip], overrides: [{match: {client.ip: 10.0.0.0/8}, rate: 0/day}]',
    cure: 'key: [client.net/8], overrides: [{match: {client.net/8: 10.0.0.0/8}, rate: 0/day}]',
  },
  CH2925: {
    title: 'A replacement leaves nothing that denies.',
    cause: 'A limit in shadow mode takes the place of one that denies, or limits replace each other, so that none of them counts.',
    example: 'editor: {mode: shadow, replaces: [per-user], …}',
    cure: 'editor: {mode: shadow, …}',
  },
  CH2926: {
    title: 'A route names a limit twice.',
    cause: 'It counts each request once.',
    example: 'rateLimits: [per-user, per-user]',
    cure: 'rateLimits: [per-user]',
  },
} as const;
