// Listeners: CH22xx. Each with what docs/errors.md says of it.

export const LISTENER_CODES = {
  CH2201: {
    title: 'Two listeners have one address and port.',
    cause: 'Envoy refuses the second one.',
    example: 'listeners: {a: {port: 443}, b: {port: 443}}',
    cure: 'Give one of them another port or address. One listener can serve many hosts and certificates.',
  },
  CH2202: {
    title: 'The redirect of a listener leads back to it.',
    cause: 'It goes to the scheme and port by which the request came, so clients would go in a circle.',
    example: 'listeners: {http: {port: 80, redirect: {scheme: http}}}',
    cure: 'listeners: {http: {port: 80, redirect: {scheme: https}}}',
  },
  CH2203: {
    title: 'A TLS listener is left without a certificate.',
    cause: 'Told by a running server: every certificate of the listener is bad, and none was good before. The reasons are told beside it.',
    example: 'a listener whose only certificate has a key that does not match',
    cure: 'Mend the certificate; the files are watched.',
  },
  CH2204: {
    title: 'A lowest TLS version is above the highest.',
    cause: 'No version would be left.',
    example: 'tls: {minVersion: "1.3", maxVersion: "1.2"}',
    cure: 'tls: {minVersion: "1.2", maxVersion: "1.3"}',
  },
  CH2205: {
    title: 'A certificate stands twice in a listener.',
    cause: 'Of two certificates with the same names and the same kind of key, Envoy serves the first alone.',
    example: 'tls: {certificates: [shop, shop]}',
    cure: 'tls: {certificates: [shop]}',
  },
  CH2206: {
    title: 'An ALPN protocol that a listener cannot speak.',
    cause: 'Clients would agree on a protocol that nobody answers.',
    example: 'tls: {alpn: [http2]}',
    cure: 'tls: {alpn: [h2, http/1.1]}',
  },
  CH2207: {
    title: 'A host lies below a wildcard, on a listener with hosts on demand.',
    cause: 'A proxy that has fetched the wildcard finds the host in it and never asks for the routes of the host itself.',
    example: 'listeners: {http: {port: 80, onDemandHosts: true}}, and routes for shop.example.com and "*.example.com"',
    cure: 'Name the hosts one by one, serve the wildcard on another listener, or leave onDemandHosts out.',
  },
  CH2208: {
    title: 'Hosts on demand where no route names a host.',
    cause: 'Proxies fetch hosts by name; routes for any host are served within the hosts that other routes name.',
    example: 'listeners: {http: {port: 80, onDemandHosts: true}}\nroutes: [{name: shop, backends: [shop]}]',
    cure: 'routes: [{name: shop, hostnames: [shop.example.com], backends: [shop]}]',
  },
} as const;
