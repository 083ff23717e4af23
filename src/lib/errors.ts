// The one exception class for failures (not for the user's mistakes, which are Issues). docs/errors.md lists the codes.

export const ERROR_CODES = {
  ERR_USAGE: 'The command line or an environment variable is wrong.',
  ERR_INVALID_CONFIG: 'The configuration has errors; they were printed.',
  ERR_PORT_IN_USE: 'A port that was asked for is taken.',
  ERR_ENVOY_NOT_FOUND: 'No Envoy binary was found.',
  ERR_ENVOY_FAILED: 'Envoy ended or did not become ready.',
  ERR_PROOF_FAILED: 'The gateway that a proof asks did not answer.',
  ERR_API_DESCRIPTORS: "Envoy's API descriptors are missing or unreadable.",
  ERR_ENCODE: 'A message does not fit its protobuf type.',
  ERR_DECODE: 'Bytes are no message of the protobuf type they should have.',
  ERR_SERVER_UNREACHABLE: 'The admin API did not answer.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class ChanceryError extends Error {
  readonly code: ErrorCode;
  /** The next thing to do, as a sentence or a command. */
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly remedy?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ChanceryError';
    this.code = code;
    this.remedy = options.remedy;
  }
}
