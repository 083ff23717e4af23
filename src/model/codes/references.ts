// Names that lead nowhere: CH21xx. Each with what docs/errors.md says of it.

export const REFERENCE_CODES = {
  CH2101: {
    title: 'A route names a listener that is not defined.',
    cause: 'The listener stands in no included file, or its name is misspelt.',
    example: 'routes: [{name: shop, listeners: [htps], backends: [shop]}]',
    cure: 'routes: [{name: shop, listeners: [https], backends: [shop]}]',
  },
  CH2102: {
    title: 'A route names a listener that serves no routes.',
    cause: 'A listener with redirect answers every request itself.',
    example: 'listeners:\n  http: {port: 80, redirect: {scheme: https}}\nroutes: [{name: shop, listeners: [http], backends: [shop]}]',
    cure: 'Take the listener out of the route, or the redirect out of the listener.',
  },
  CH2103: {
    title: 'A certificate that is not defined is named.',
    cause: 'Names in tls.certificates and tls.clientCertificate are those under certificates.',
    example: 'certificates: {shop: {cert: …, key: …}}\nlisteners: {https: {port: 443, tls: {certificates: [shp]}}}',
    cure: 'listeners: {https: {port: 443, tls: {certificates: [shop]}}}',
  },
  CH2104: {
    title: 'A service that is not defined is named.',
    cause: 'The service stands in no included file, or its name is misspelt. Backends, mirrors and like name services.',
    example: 'routes: [{name: shop, backends: [order-v1]}]',
    cure: 'routes: [{name: shop, backends: [orders-v1]}]',
  },
  CH2105: {
    title: 'Services are like each other in a circle.',
    cause: 'A service that is like another takes its settings; in a circle none has any of its own.',
    example: 'services: {a: {like: b}, b: {like: a}}',
    cure: 'services: {a: {endpoints: ["a:80"]}, b: {like: a}}',
  },
  CH2106: {
    title: 'There are routes, but no listener that serves any.',
    cause:
      'A route without listeners is served by every TLS listener that serves routes, or by all where none speaks TLS; here there is none.',
    example: 'listeners: {http: {port: 80, redirect: {scheme: https}}}\nroutes: [{name: shop, backends: [shop]}]',
    cure: 'listeners: {https: {port: 443, tls: …}, http: {port: 80, redirect: {scheme: https}}}',
  },
  CH2107: {
    title: 'A name in auth is not defined.',
    cause:
      'Rules name entries of jwt, apiKeys, introspection, clientCertificates and ipLists, routes those of policies; this one is in no included file.',
    example: 'jwt: {main: …}\nroutes: [{name: orders, auth: {jwt: mian}, …}]',
    cure: 'routes: [{name: orders, auth: {jwt: main}, …}]',
  },
} as const;
