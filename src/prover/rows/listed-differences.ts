// Where the proxy gives another reason than the companion, with the same status and challenge, and why (authz C9). docs/auth-parity.md lists them.

/** Nothing depends on it: both refuse the token. */
export const NO_LIST = { reason: 'jwt.key', why: "Envoy's verifier has no list of algorithms: it says that no key fits" } as const;
/** The issuer signed it oddly: no client without its key can bring this about (authz C9). */
export const ODD = { reason: 'jwt.signature', why: "Envoy's verifier says of such a token only that it is not valid" } as const;
