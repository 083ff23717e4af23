// Certificates, keys and authorities: CH23xx. Each with what docs/errors.md says of it.

export const CERTIFICATE_CODES = {
  CH2301: {
    title: 'A certificate cannot be read.',
    cause: 'The text is no PEM, is cut off, or holds something else.',
    example: 'cert: "${file:shop.key}"',
    cure: 'cert: "${file:shop.crt}"',
  },
  CH2302: {
    title: 'A private key cannot be read.',
    cause: 'The text is no PEM, is cut off, holds several keys, or the key is encrypted with a passphrase.',
    example: 'key: "${file:encrypted.key}"',
    cure: 'Decrypt it: openssl pkey -in encrypted.key -out plain.key, and protect the file.',
  },
  CH2303: {
    title: 'A private key does not match its certificate.',
    cause: 'The two are of different pairs; often only one of the two files was renewed.',
    example: '{cert: "${file:new.crt}", key: "${file:old.key}"}',
    cure: '{cert: "${file:new.crt}", key: "${file:new.key}"}',
  },
  CH2304: {
    title: 'A certificate has expired.',
    cause: 'Clients or services refuse it. A running server goes on serving it, with a warning.',
    example: 'a leaf, an intermediate or a whole bundle whose time is over',
    cure: 'Renew it. For an intermediate, take the current chain from the authority.',
  },
  CH2305: {
    title: 'A certificate is not valid yet.',
    cause: 'Its first day lies ahead, or a clock is wrong.',
    example: 'a certificate that begins tomorrow',
    cure: 'Wait, take another certificate, or set the clock.',
  },
  CH2306: {
    title: 'A certificate names no host.',
    cause: 'It has neither a subject alternative name nor a common name, so Envoy could choose it for nobody.',
    example: 'a certificate with the subject O=Example alone',
    cure: 'Request one with the host names as subject alternative names.',
  },
  CH2307: {
    title: 'A kind of key that Envoy does not take.',
    cause: 'Envoy serves RSA from 2048 bits, ECDSA on P-256, P-384 and P-521, and Ed25519.',
    example: 'an RSA key of 1024 bits',
    cure: 'Make a new key, for example: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256',
  },
  CH2308: {
    title: 'A certificate chain is out of order or holds a stranger.',
    cause: 'TLS wants the leaf first, then each issuer. The chain is put into order, and what does not belong to it is left out.',
    example: 'a file with the intermediate before the leaf',
    cure: 'cat shop.crt intermediate.crt > chain.crt',
  },
  CH2309: {
    title: 'A certificate file holds a private key.',
    cause: 'The key is ignored there, and certificates are handled less carefully than keys.',
    example: 'cert: "${file:shop.pem}", where shop.pem holds both',
    cure: 'Split the file in two.',
  },
  CH2310: {
    title: 'A bundle of authorities cannot be read.',
    cause: 'The text is no PEM, is cut off, or holds something else.',
    example: 'ca: "${file:ca.key}"',
    cure: 'ca: "${file:ca.crt}", or ca: system',
  },
  CH2311: {
    title: 'An authority in a bundle has expired.',
    cause: 'It is left out; certificates that it signed are not trusted.',
    example: 'a bundle of last year',
    cure: 'Take a current bundle from the authority.',
  },
  CH2312: {
    title: 'No certificate of a listener is for a host name that a route serves.',
    cause: 'Clients would refuse the connection.',
    example: 'hostnames: [api.example.com], and a certificate for shop.example.com',
    cure: 'Add a certificate for the name to the listener.',
  },
} as const;
