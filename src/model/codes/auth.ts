// Who may call: CH28xx. Each with what docs/errors.md says of it.

export const AUTH_CODES = {
  CH2800: {
    title: 'A route with backends does not say who may call.',
    cause: 'Once a file has any auth, silence could mean public or forgotten. It is never taken for public.',
    example: 'jwt: {main: …}\nroutes: [{name: orders, backends: [orders]}]',
    cure: 'routes: [{name: orders, backends: [orders], auth: {jwt: main}}]; auth: none for everybody',
  },
  CH2801: {
    title: 'A rule negates what proves nothing.',
    cause: 'Whoever sends no credential, or a broken one, would meet the negation.',
    example: 'auth: {not: {jwt: partners}}',
    cure: 'auth: {jwt: staff}, or {not: {ips: [abuse]}}',
  },
  CH2802: {
    title: 'A rule with anonymous allows everybody or nobody.',
    cause: 'anonymous holds while the request carries none of the credentials that the policy reads. It is an alternative to them.',
    example: 'auth: {allOf: [{jwt: main}, {anonymous: true}]}',
    cure: 'auth: {anyOf: [{jwt: main}, {anonymous: true}]}; auth: none for everybody',
  },
  CH2803: {
    title: 'Two JWT providers have one issuer and one place.',
    cause: 'The issuer in a token chooses the provider, so nothing would choose between the two.',
    example: 'jwt: {a: {issuer: https://id.example.com/, …}, b: {issuer: https://id.example.com/, …}}',
    cure: 'One provider with both audiences, or another place: from: [{header: x-token}]',
  },
  CH2804: {
    title: 'Two credentials of a policy stand at the same place.',
    cause: 'What is there and is not for the one is a wrong credential to it, and every credential that is presented must be right.',
    example: 'auth: {anyOf: [{jwt: main}, {apiKeys: partners}]}, where partners reads the header authorization',
    cure: 'apiKeys: {partners: {from: [{header: x-api-key}], …}}',
  },
  CH2805: {
    title: 'Algorithms and keys of a JWT provider do not fit each other.',
    cause: 'HS algorithms stand alone and take a secret at least as long as their hash; all others take a key set.',
    example: 'algorithms: [RS256, HS256]',
    cure: 'algorithms: [HS256], secret: "${file:/run/secrets/hs.key}"',
  },
  CH2806: {
    title: 'A key set cannot be used.',
    cause: 'It is no strict JSON object with a list keys, too large, or none of its keys fits the algorithms.',
    example: 'jwks: {inline: {keys: []}}',
    cure: 'jwks: {file: keys.json}, with public keys for signatures',
  },
  CH2807: {
    title: 'Some keys of a key set are left out.',
    cause: 'They are weak, private, of another use, or fit no algorithm of the provider. Tokens that they signed are refused.',
    example: 'a set with an RSA key of 1,024 bits beside a good one',
    cure: 'Remove them from the set, or replace them by good ones.',
  },
  CH2808: {
    title: 'An issuer is asked without encryption.',
    cause: 'Whoever is on the way could answer with keys of their own. http works with --dev on this machine only.',
    example: 'jwks: {url: http://id.example.com/jwks.json}',
    cure: 'jwks: {url: https://id.example.com/jwks.json}',
  },
  CH2809: {
    title: 'A header cannot tell who calls.',
    cause: 'It has a meaning of its own for proxies or backends, has a _ in its name, or is there twice.',
    example: 'forwardClaims: {host: sub}',
    cure: 'forwardClaims: {x-user-id: sub}',
  },
  CH2810: {
    title: 'A credential stands in a header that tells who calls.',
    cause: 'Copies of such headers that clients send are removed before anything reads them, so the credential would never arrive.',
    example: 'apiKeys: {partners: {from: [{header: x-client-id}], forward: {x-client-id: consumer}, …}}',
    cure: 'apiKeys: {partners: {from: [{header: x-api-key}], forward: {x-client-id: consumer}, …}}',
  },
  CH2811: {
    title: 'A route matches a header that tells who calls.',
    cause: 'Routes are chosen after the copies of clients are removed and before ours are added.',
    example: 'matches: [{headers: {x-tenant: acme}}], with forwardClaims: {x-tenant: tenant}',
    cure: 'auth: {jwt: main, claims: [{claim: tenant, equals: acme}]}',
  },
  CH2812: {
    title: 'A route writes a header that tells who calls.',
    cause: 'The backend would take the written value for the identity of the caller.',
    example: 'requestHeaders: {set: {x-user-id: nobody}}, with forwardClaims: {x-user-id: sub}',
    cure: 'requestHeaders: {set: {x-route: orders}}',
  },
  CH2814: {
    title: 'A route with auth takes CONNECT.',
    cause: 'The tunnel is checked when it is opened; what goes through it is never seen.',
    example: 'matches: [{methods: [CONNECT]}], auth: {jwt: main}',
    cure: 'Leave CONNECT out of the methods.',
  },
  CH2815: {
    title: 'An introspection may take longer than Envoy waits.',
    cause:
      'Its timeout and 50 ms for the rest of a check must fit into authz.timeout; else slow answers would be counted as failures of the companion.',
    example: 'introspection: {legacy: {timeout: 500ms, …}}',
    cure: 'authz: {timeout: 550ms}',
  },
  CH2816: {
    title: 'A companion on another machine would answer anybody.',
    cause: 'Whoever reaches it learns which credentials are good. It serves its own machine, or proxies that show a certificate.',
    example: 'authz: {endpoints: ["authz.internal:18001"]}',
    cure: 'authz: {endpoints: ["authz.internal:18001"], tls: {ca: …, cert: …, key: …}}',
  },
  CH2817: {
    title: 'A route with client certificates is served by a listener that asks for none.',
    cause: 'Only listeners with clientAuth verify certificates.',
    example: 'auth: {clientCertificate: mesh}, on a listener without tls.clientAuth',
    cure: 'tls: {clientAuth: {ca: "${file:clients.crt}", mode: optional}}',
  },
  CH2818: {
    title: 'A policy cannot be enforced as it asks to be.',
    cause: 'enforce: proxy holds only where Envoy itself can decide all of the policy; every reason against it is told.',
    example: 'auth: {jwt: main, mode: shadow, enforce: proxy}',
    cure: 'auth: {jwt: main, mode: shadow}',
  },
  CH2819: {
    title: 'A policy fails open.',
    cause: 'While companion, issuer or keys are out of reach, requests pass unchecked, forged credentials too.',
    example: 'auth: {jwt: main, onFailure: allow}',
    cure: 'auth: {jwt: main}',
  },
  CH2820: {
    title: 'API keys are there twice, or too many.',
    cause: 'Every key has one owner, and an owner at most five: two while one replaces the other.',
    example: 'consumers: {a: {keys: ["sha256:4f…"]}, b: {keys: ["sha256:4f…"]}}',
    cure: 'consumers: {a: {keys: ["sha256:4f…"]}, b: {keys: ["sha256:9b…"]}}',
  },
  CH2821: {
    title: 'The digest of an API key is of the other kind.',
    cause: 'With a pepper digests are hmac:, without one sha256:. One of the other kind fits no key.',
    example: 'pepper: "${file:pepper}", and keys: ["sha256:4f…"]',
    cure: 'keys: ["hmac:4f…"], as chancery key create prints it',
  },
  CH2822: {
    title: 'The keys of a consumer are over.',
    cause: 'notAfter has passed.',
    example: 'acme: {keys: […], notAfter: "2020-01-31"}',
    cure: 'Remove the consumer, or give it new keys and a later date.',
  },
  CH2826: {
    title: 'A token type that is always refused.',
    cause: 'DPoP proofs, logout tokens and security events are signed by issuers too, and say nothing of who may call.',
    example: 'types: [logout+jwt]',
    cure: 'types: [at+jwt, JWT]',
  },
  CH2827: {
    title: 'The name of a client certificate is compared by a part that strangers share.',
    cause: 'A name that merely ends alike, or an address that begins alike, belongs to somebody else.',
    example: 'sans: [{dns: {suffix: example.com}}]',
    cure: 'sans: [{dns: {suffix: .example.com}}]',
  },
} as const;
