// Envoy's API as one object: strict encoding, decoding, JSON and gRPC service definitions, by full type name. The rest of Chancery reaches
// protobuf through it and through the pure helpers any, duration and type-urls.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { ChanceryError } from '../lib/errors.ts';
import { decodeMessage } from './decoder.ts';
import { type ConstraintTable, createDescriptors, type DescriptorNode, type Descriptors, type MessageType } from './descriptors.ts';
import { type EncodeOutcome, Encoder, type ProtoProblem } from './encoder.ts';
import { messageFromJson } from './from-json.ts';
import { messageToJson } from './json.ts';
import type { MessageName, MessageOutputs } from './messages.ts';
import { serviceClosure } from './service-closure.ts';
import { serviceDefinition } from './services.ts';
import { TYPE_URL_PREFIX } from './type-urls.ts';

export type { ProtoProblem } from './encoder.ts';

export interface EnvoyApi {
  /** Bytes of a message; throws ERR_ENCODE with all problems. Parts that were encoded before and are the same objects are not walked again. */
  encode(typeName: string, message: object): Buffer;
  /** All that keeps a message from being encoded, and every constraint of Envoy that it breaks; empty when it is fine. */
  check(typeName: string, message: object): readonly ProtoProblem[];
  /** Bytes of a google.protobuf.Any that holds the message; the same object gives the same Buffer. Throws as `encode`. */
  encodeAny(typeName: string, message: object): Buffer;
  /** Throws ERR_DECODE when the bytes are no such message. Fields and enum values that the API lacks are skipped and left as numbers. */
  decode<Name extends MessageName>(typeName: Name, bytes: Uint8Array): MessageOutputs[Name];
  decode(typeName: string, bytes: Uint8Array): Readonly<Record<string, unknown>>;
  /** The message as proto3 JSON that Envoy takes in a bootstrap; the message must be one that encodes. */
  toJson(typeName: string, message: object): unknown;
  /** Bytes of a message in proto3 JSON; fields that the API lacks are passed over. Throws ERR_DECODE when the JSON is no such message. */
  fromJson(typeName: string, json: unknown): Buffer;
  /** A service for grpc-js whose requests and responses are bytes on both sides (P11). */
  service(name: string): ServiceDefinition;
  /** Descriptors of the services and of all that they refer to, in protobufjs's JSON form. */
  describe(services: readonly string[]): DescriptorNode;
  /** Whether the API has a message of this name. */
  has(typeName: string): boolean;
}

const DEFAULT_FILE = new URL('../../generated/envoy-api.json', import.meta.url);
const REMEDY = 'npm run generate';

/**
 * Reads the descriptors in `file` (default: those of this package) and the constraints beside it. Takes some 20 ms; types are made when they
 * are first used. Throws ERR_API_DESCRIPTORS when a file is missing or garbled.
 */
export function loadEnvoyApi(options: { readonly file?: string } = {}): EnvoyApi {
  const file = options.file ?? fileURLToPath(DEFAULT_FILE);
  const root = readJson(file);
  const constraints = readJson(file.replace(/\.json$/, '-constraints.json'));
  const descriptors = createDescriptors(root as DescriptorNode, constraints as ConstraintTable);
  if (descriptors.messageType('envoy.config.route.v3.RouteConfiguration') === undefined) {
    throw new ChanceryError('ERR_API_DESCRIPTORS', `${file} does not describe Envoy's v3 API`, { remedy: REMEDY });
  }
  return new DescribedApi(descriptors, root);
}

function readJson(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null) return value;
    throw new Error('it holds no object');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChanceryError('ERR_API_DESCRIPTORS', `${file} cannot be used: ${reason}`, { remedy: REMEDY, cause });
  }
}

class DescribedApi implements EnvoyApi {
  readonly #root: DescriptorNode;
  readonly #descriptors: Descriptors;
  readonly #encoder: Encoder;
  readonly #anys = new WeakMap<object, { readonly typeName: string; readonly bytes: Buffer }>();

  constructor(descriptors: Descriptors, root: DescriptorNode) {
    this.#root = root;
    this.#descriptors = descriptors;
    this.#encoder = new Encoder(descriptors);
  }

  encode(typeName: string, message: object): Buffer {
    return bytesOf(typeName, this.#encoder.encode(this.#type(typeName), message));
  }

  check(typeName: string, message: object): readonly ProtoProblem[] {
    return this.#encodeAny(typeName, message).problems ?? [];
  }

  encodeAny(typeName: string, message: object): Buffer {
    return bytesOf(typeName, this.#encodeAny(typeName, message));
  }

  decode<Name extends MessageName>(typeName: Name, bytes: Uint8Array): MessageOutputs[Name];
  decode(typeName: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
    try {
      return decodeMessage(this.#type(typeName), bytes);
    } catch (cause) {
      if (cause instanceof ChanceryError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ChanceryError('ERR_DECODE', `the bytes are no ${typeName}: ${reason}`, { cause });
    }
  }

  toJson(typeName: string, message: object): unknown {
    return messageToJson(this.#type(typeName), message, this.#descriptors);
  }

  fromJson(typeName: string, json: unknown): Buffer {
    const message = messageFromJson(this.#type(typeName), json, this.#descriptors);
    if (typeof message !== 'object' || message === null) throw new ChanceryError('ERR_DECODE', `the JSON is no ${typeName}`);
    try {
      return this.encode(typeName, message);
    } catch (cause) {
      throw new ChanceryError('ERR_DECODE', cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  service(name: string): ServiceDefinition {
    const methods = this.#descriptors.methods(name);
    if (methods === undefined) throw new ChanceryError('ERR_API_DESCRIPTORS', `Envoy's API has no service ${name}`, { remedy: REMEDY });
    return serviceDefinition(name, methods);
  }

  describe(services: readonly string[]): DescriptorNode {
    return serviceClosure(this.#root, services);
  }

  has(typeName: string): boolean {
    return this.#descriptors.messageType(typeName) !== undefined;
  }

  #type(typeName: string): MessageType {
    const type = this.#descriptors.messageType(typeName);
    if (type === undefined) throw new ChanceryError('ERR_ENCODE', `Envoy's API has no message ${typeName}`);
    return type;
  }

  #encodeAny(typeName: string, message: object): EncodeOutcome {
    const known = this.#anys.get(message);
    if (known?.typeName === typeName) return known;
    const outcome = this.#encoder.encodeAny(`${TYPE_URL_PREFIX}${typeName}`, this.#type(typeName), message);
    if (outcome.bytes !== undefined) this.#anys.set(message, { typeName, bytes: outcome.bytes });
    return outcome;
  }
}

function bytesOf(typeName: string, outcome: EncodeOutcome): Buffer {
  if (outcome.bytes !== undefined) return outcome.bytes;
  const lines = outcome.problems.map(({ path, message }) => `${formatProtoPath(path) || 'the message'} ${message}`);
  throw new ChanceryError('ERR_ENCODE', `not a valid ${typeName}:\n  ${lines.join('\n  ')}`);
}

/** `virtual_hosts[0].routes[3].match`; keys of maps that are no plain names are quoted in brackets. */
export function formatProtoPath(path: readonly (string | number)[]): string {
  const parts = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[@\w]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return parts.join('').replace(/^\./, '');
}
