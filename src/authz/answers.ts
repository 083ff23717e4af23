// Answers of a policy as bytes, made once wherever they do not depend on the request alone: per identity (S1), per reason and kind of caller.

import type { Secret } from '../lib/secret.ts';
import type { EnvoyApi } from '../proto/api.ts';
import { AllowTemplate } from './allow-template.ts';
import type { CompiledPolicy } from './policy/compiled-policy.ts';
import type { CredentialLocation } from './policy/credential-locations.ts';
import type { CredentialSource, PolicySettings, TokenSettings } from './policy/settings.ts';
import { type Refusal, refusal, type Verdict } from './policy/verdict.ts';
import { cookiesWithout } from './presented-credentials.ts';
import type { IdentityKind, ProvenIdentity } from './proven-identity.ts';
import { allowReply } from './reply-allow.ts';
import { DenyReply } from './reply-deny.ts';
import { ownMetadata, replyMetadata, withoutOwn } from './reply-metadata.ts';
import type { ToldRequest } from './told-request.ts';

/** Who was proven to call, and by what. */
export interface ProvenCall {
  readonly identities: readonly ProvenIdentity[];
  /** Where their credentials stood. */
  readonly used: readonly CredentialLocation[];
  /** All cookies, where one of them was used. */
  readonly cookies: string | undefined;
}

export const CLIENT_IP_HEADER = 'x-chancery-client-ip';
const UNFORWARDABLE = refusal('identity.unforwardable', 'insufficient');

interface PolicyAnswers {
  anonymous: Uint8Array | undefined;
  /** By provider of tokens. */
  readonly allowed: Map<TokenSettings, AllowTemplate | undefined>;
  /** By verdict. */
  readonly shadow: Map<Verdict, Uint8Array>;
  readonly denied: { readonly http: Map<Refusal, DenyReply>; readonly grpc: Map<Refusal, DenyReply> };
}

export class Answers {
  readonly #api: EnvoyApi;
  readonly #subjectKey: Secret;
  readonly #made = new WeakMap<object, PolicyAnswers>();

  constructor(api: EnvoyApi, subjectKey: Secret) {
    this.#api = api;
    this.#subjectKey = subjectKey;
  }

  /** Kept with the identity; undefined: not made yet, or it depends on the request. */
  known(policy: CompiledPolicy, { identities, used }: ProvenCall): Uint8Array | undefined {
    const [identity] = identities;
    if (identity === undefined) return this.#answers(policy).anonymous;
    return isKept(identities, used) ? identity.reply(policy) : undefined;
  }

  /** Bytes, or why the identity cannot be told (H7). */
  allow(policy: CompiledPolicy, call: ProvenCall): Uint8Array | Refusal {
    const [lone] = call.identities;
    if (lone !== undefined && isKept(call.identities, call.used)) {
      const ready = this.#readyMade(policy, lone, call);
      if (ready !== undefined) {
        lone.keepReply(policy, ready);
        return ready;
      }
    }
    const stamps = new Map<string, string>();
    for (const identity of call.identities) {
      if (identity.stamps === undefined) return UNFORWARDABLE;
      for (const [header, text] of identity.stamps) {
        // Two credentials that say different things of their owner in one header: no answer would be true.
        if ((stamps.get(header) ?? text) !== text) return UNFORWARDABLE;
        stamps.set(header, text);
      }
    }
    const bytes = this.#allowed(policy, call, stamps);
    const [identity] = call.identities;
    if (identity === undefined) this.#answers(policy).anonymous = bytes;
    else if (isKept(call.identities, call.used)) identity.keepReply(policy, bytes);
    return bytes;
  }

  /** M11: passes whatever the verdict is, without identity and with the credentials it brought. */
  shadow(policy: CompiledPolicy, verdict: Verdict): Uint8Array {
    const { shadow } = this.#answers(policy);
    const known = shadow.get(verdict);
    if (known !== undefined) return known;
    const { settings } = policy;
    const made = allowReply({
      identityHeaders: settings.identityHeaders,
      stamps: new Map(),
      headersToRemove: new Set(policy.readsAddress ? [CLIENT_IP_HEADER] : []),
      queryParametersToRemove: [],
      metadata: replyMetadata({
        settings,
        decision: verdict.value,
        reason: verdict.value === 'allow' ? 'ok' : verdict.reason,
        identities: [],
        subjectKey: policy.subjectKey ?? this.#subjectKey,
      }),
    });
    shadow.set(verdict, made);
    return made;
  }

  /** `identities`: valid ones, of a caller who lacks something. */
  deny(policy: CompiledPolicy | undefined, denied: Refusal, { told, identities }: DeniedCall): Uint8Array {
    if (told.metadataUrl !== undefined || identities.length > 0)
      return this.#denial(policy, denied, { told, identities }).bytes(told.requestId);
    const { http, grpc } = this.#answers(policy ?? this).denied;
    const made = told.isGrpc ? grpc : http;
    let reply = made.get(denied);
    if (reply === undefined) {
      reply = this.#denial(policy, denied, { told, identities });
      made.set(denied, reply);
    }
    return reply.bytes(told.requestId);
  }

  #denial(policy: CompiledPolicy | undefined, denied: Refusal, { told, identities }: DeniedCall): DenyReply {
    const settings = policy?.settings;
    return new DenyReply(this.#api, {
      settings,
      refusal: denied,
      isGrpc: told.isGrpc,
      metadataUrl: told.metadataUrl,
      metadata: replyMetadata({
        settings,
        decision: denied.value,
        reason: denied.reason,
        identities,
        subjectKey: policy?.subjectKey ?? this.#subjectKey,
      }),
    });
  }

  /** From the parts that all callers of the provider share; undefined where there are none. */
  #readyMade(policy: CompiledPolicy, identity: ProvenIdentity, call: ProvenCall): Uint8Array | undefined {
    const { kind, issuer } = identity.facts;
    const { settings, subjectKey = this.#subjectKey } = policy;
    const provider = kind === 'jwt' || kind === 'token' ? tokenProviderOf(settings, kind, identity.facts.provider) : undefined;
    if (provider === undefined || identity.stamps === undefined) return undefined;
    // An issuer that introspection tells may be any, and then it belongs to the caller.
    if (issuer !== provider.issuer) return undefined;
    const { allowed } = this.#answers(policy);
    let template = allowed.get(provider);
    if (template === undefined && !allowed.has(provider)) {
      const metadata = replyMetadata({ settings, decision: 'allow', reason: 'ok', identities: [identity], subjectKey });
      template = AllowTemplate.of({
        policy,
        provider,
        headersToRemove: removedHeaders(policy, removedSources(policy, call.identities, call.used)),
        metadata: withoutOwn(metadata),
      });
      allowed.set(provider, template);
    }
    return template?.answer(identity.stamps, ownMetadata(identity, settings, subjectKey));
  }

  #allowed(policy: CompiledPolicy, { identities, used, cookies }: ProvenCall, stamps: ReadonlyMap<string, string>): Uint8Array {
    const { settings, subjectKey = this.#subjectKey } = policy;
    const removed = removedSources(policy, identities, used);
    const cookieNames = new Set(removed.filter(({ kind }) => kind === 'cookie').map(({ name }) => name));
    return allowReply({
      identityHeaders: settings.identityHeaders,
      stamps,
      headersToRemove: removedHeaders(policy, removed),
      queryParametersToRemove: removed.filter(({ kind }) => kind === 'query').map(({ name }) => name),
      ...(cookieNames.size === 0 || cookies === undefined ? {} : { cookie: cookiesWithout(cookies, cookieNames) }),
      metadata: replyMetadata({ settings, decision: 'allow', reason: 'ok', identities, subjectKey }),
    });
  }

  #answers(owner: object): PolicyAnswers {
    const known = this.#made.get(owner);
    if (known !== undefined) return known;
    const made = { anonymous: undefined, allowed: new Map(), shadow: new Map(), denied: { http: new Map(), grpc: new Map() } };
    this.#made.set(owner, made);
    return made;
  }
}

interface DeniedCall {
  readonly told: ToldRequest;
  readonly identities: readonly ProvenIdentity[];
}

/**
 * What the backend does not get (H8): of each provider that proved something all its headers, so that the answer fits wherever the credential
 * stood; cookies and query parameters only where they were used, since to touch them means to write the whole anew.
 */
function removedSources(
  { settings }: CompiledPolicy,
  identities: readonly ProvenIdentity[],
  used: readonly CredentialLocation[],
): readonly CredentialSource[] {
  return identities.flatMap(({ facts }) => {
    const { from, keepCredential } = providerOf(settings, facts.kind, facts.provider);
    if (keepCredential) return [];
    return from.filter(({ kind, name }) => kind === 'header' || used.some((location) => location.at === kind && location.name === name));
  });
}

function removedHeaders({ readsAddress }: CompiledPolicy, removed: readonly CredentialSource[]): ReadonlySet<string> {
  const headers = removed.filter(({ kind }) => kind === 'header').map(({ name }) => name);
  return new Set(readsAddress ? [...headers, CLIENT_IP_HEADER] : headers);
}

function tokenProviderOf(settings: PolicySettings, kind: 'jwt' | 'token', name: string): TokenSettings | undefined {
  const providers = kind === 'jwt' ? settings.jwt : settings.introspection;
  return providers.find((provider) => provider.name === name);
}

type Origin = Pick<TokenSettings, 'from' | 'keepCredential'>;
const NOT_SENT: Origin = { from: [], keepCredential: true };

function providerOf(settings: PolicySettings, kind: IdentityKind, name: string): Origin {
  if (kind === 'certificate') return NOT_SENT;
  const providers = { jwt: settings.jwt, token: settings.introspection, apiKey: settings.apiKeys }[kind];
  return providers.find((provider) => provider.name === name) ?? NOT_SENT;
}

/** Whether the answer depends on the identity and the policy alone. */
function isKept(identities: readonly ProvenIdentity[], used: readonly CredentialLocation[]): boolean {
  if (identities.length !== 1) return false;
  for (const { at } of used) if (at !== 'header') return false;
  return true;
}
