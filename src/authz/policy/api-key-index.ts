// The live keys of one ApiKeySet (D4): only digests, found by their first digits and compared in constant time (K3). Immutable.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../lib/secret.ts';
import type { EnvoyApi } from '../../proto/api.ts';
import type { ConsumerOutput } from '../../proto/generated/chancery/policy/v1/Consumer.ts';
import { ProvenIdentity } from '../proven-identity.ts';
import { list, PolicyProblem, required } from './field-checks.ts';
import type { ApiKeySettings, Claims } from './settings.ts';

const TYPE = 'chancery.policy.v1.ApiKeySet';
const DUMMY = Buffer.alloc(32);
/** Longer texts are no keys. */
const MOST_KEY_BYTES = 512;
/** Digits of a digest by which it is found. */
const FOUND_BY = 16;

interface KeyOwner {
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
  readonly metadata: Claims;
  readonly notAfterMs: number | undefined;
  readonly identities: Map<string, ProvenIdentity>;
}

interface Digest {
  readonly bytes: Buffer;
  readonly owner: KeyOwner;
}

export class ApiKeyIndex {
  readonly #plain = new Map<string, Digest>();
  readonly #peppered = new Map<string, Digest>();

  /** Throws PolicyProblem (a NACK) for unknown fields, another name, and digests of no known form or of two owners (K5). */
  constructor(api: EnvoyApi, name: string, bytes: Uint8Array) {
    const message = api.decode(TYPE, bytes);
    if (!api.encode(TYPE, message).equals(bytes)) throw new PolicyProblem('the message', 'holds fields that are not known here (D3)');
    if (message.name !== name) throw new PolicyProblem('name', 'is not that of the resource');
    list(message.consumers, (consumer, field) => this.#add(consumer, field), 'consumers');
  }

  /** The owner of a live key; undefined for unknown and expired ones alike (K4). `pepper`: where digests are HMACs with it. */
  find(
    key: string,
    settings: ApiKeySettings,
    call: { readonly pepper: Secret | undefined; readonly nowMs: number },
  ): ProvenIdentity | undefined {
    if (key.length > MOST_KEY_BYTES) return undefined;
    const { pepper, nowMs } = call;
    const text = Buffer.from(key, 'latin1');
    const digits = pepper === undefined ? hash('sha256', text, 'hex') : createHmac('sha256', pepper.reveal()).update(text).digest('hex');
    const found = (pepper === undefined ? this.#plain : this.#peppered).get(digits.slice(0, FOUND_BY));
    const isSame = timingSafeEqual(Buffer.from(digits, 'hex'), found?.bytes ?? DUMMY);
    if (!isSame || found === undefined) return undefined;
    const { owner } = found;
    if (owner.notAfterMs !== undefined && nowMs >= owner.notAfterMs) return undefined;
    return identityOf(owner, settings);
  }

  #add(consumer: ConsumerOutput, field: string): void {
    const notAfterMs = consumer.not_after_ms ?? 0;
    const owner: KeyOwner = {
      name: required(consumer.name, `${field}.name`),
      scopes: new Set(consumer.scopes),
      metadata: Object.freeze(Object.assign(Object.create(null), consumer.metadata)),
      notAfterMs: notAfterMs === 0 ? undefined : notAfterMs,
      identities: new Map(),
    };
    for (const digest of consumer.digests ?? []) {
      const [, form, digits] = /^(sha256|hmac):([0-9a-f]{64})$/.exec(digest) ?? [];
      if (form === undefined || digits === undefined) throw new PolicyProblem(`${field}.digests`, 'holds no digest of a known form');
      const into = form === 'hmac' ? this.#peppered : this.#plain;
      const key = digits.slice(0, FOUND_BY);
      if (into.has(key)) throw new PolicyProblem(`${field}.digests`, 'holds a digest twice (K5)');
      into.set(key, { bytes: Buffer.from(digits, 'hex'), owner });
    }
  }
}

/** One for each way to forward the name, so that answers can be remembered with it. */
function identityOf(owner: KeyOwner, settings: ApiKeySettings): ProvenIdentity {
  const key = JSON.stringify([settings.setName, settings.consumerHeaders]);
  const known = owner.identities.get(key);
  if (known !== undefined) return known;
  const made = new ProvenIdentity({
    kind: 'apiKey',
    provider: settings.name,
    issuer: undefined,
    subject: owner.name,
    client: owner.name,
    claims: owner.metadata,
    scopeClaim: [],
    scopes: owner.scopes,
    forward: [],
    stamps: new Map(settings.consumerHeaders.map((header) => [header, owner.name])),
  });
  owner.identities.set(key, made);
  return made;
}
