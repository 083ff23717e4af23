// Decides about one CheckRequest (P1): bytes in, bytes out, exactly one answer, on the spot where everything is remembered. Knows no gRPC.
import { hash } from 'node:crypto';
import type { EnvoyApi } from '../proto/api.ts';
import { Answers, CLIENT_IP_HEADER } from './answers.ts';
import { CheckFacts } from './check-facts.ts';
import { CheckScan, FIELD } from './check-scan.ts';
import { DenialBudget } from './denial-budget.ts';
import type { CacheName, CacheSize, CheckCall, CheckHandler, DenialRecord, HandlerPorts } from './handler-ports.ts';
import { addressKey } from './policy/address-set.ts';
import type { CompiledPolicy } from './policy/compiled-policy.ts';
import type { KnownPolicies, PolicyTable } from './policy/policy-table.ts';
import { type Refusal, refusal, unknown, type Verdict } from './policy/verdict.ts';
import { PresentedCredentials } from './presented-credentials.ts';
import { subjectHash } from './reply-metadata.ts';
import { isPlainPath } from './request-path.ts';
import { Standings } from './standings.ts';
import { type ToldRequest, toldRequest } from './told-request.ts';

const NO_POLICY = refusal('policy.missing', 'insufficient');
const BAD_PATH = refusal('request.path', 'invalid');
const UNKNOWN_POLICY = unknown('policy.unknown');
const TOO_LATE = unknown('authz.deadline');
const FAILED = unknown('authz.internal');
const CLIENT_IP = Buffer.from(CLIENT_IP_HEADER);
const NOBODY: ToldRequest = { requestId: '', isGrpc: false, metadataUrl: undefined };
const MOST_LOGGED = 128;
const MOST_VERSIONS_LOGGED = 8;

export interface CheckHandlerParts {
  readonly api: EnvoyApi;
  readonly table: PolicyTable;
  readonly ports: HandlerPorts;
}

export interface CheckHandling {
  readonly handle: CheckHandler;
  /** What the caches hold now, for gauges (P27). */
  cacheSizes(): Readonly<Record<CacheName, CacheSize>>;
}

/** One per thread: it keeps the caches of tokens, introspections and certificates. */
export function createCheckHandler(parts: CheckHandlerParts): CheckHandling {
  const checks = new Checks(parts);
  return { handle: (request, call, reply) => checks.handle(request, call, reply), cacheSizes: () => checks.standings.sizes() };
}

/** When it began, for durations, and the route, for labels. */
interface Begun {
  readonly startedMs: number;
  route: string;
}

class Checks {
  readonly standings: Standings;
  readonly #table: PolicyTable;
  readonly #ports: HandlerPorts;
  readonly #answers: Answers;
  readonly #scan = new CheckScan();
  readonly #budget = new DenialBudget();
  #known: KnownPolicies | undefined;

  constructor({ api, table, ports }: CheckHandlerParts) {
    this.standings = new Standings(ports);
    this.#table = table;
    this.#ports = ports;
    this.#answers = new Answers(api, ports.subjectKey);
  }

  handle(request: Uint8Array, call: CheckCall, reply: (bytes: Uint8Array) => void): void {
    const begun: Begun = { startedMs: this.#ports.clock.monotonicMs(), route: '' };
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#begin(request, call, begun);
    } catch (cause) {
      answer = this.#failed(cause, begun, undefined);
    }
    if (answer instanceof Promise) void answer.then(reply);
    else reply(answer);
  }

  #begin(request: Uint8Array, call: CheckCall, begun: Begun): Uint8Array | Promise<Uint8Array> {
    const scan = this.#scan;
    // Bytes that no proxy of ours sends are denied, not failed: an error could be let pass (T14).
    if (!scan.read(request)) return this.#refuse(NO_POLICY, begun, undefined);
    begun.route = scan.text(FIELD.route);
    if (!scan.has(FIELD.policy) || !scan.has(FIELD.version)) return this.#refuse(NO_POLICY, begun, undefined);
    const known = this.#current();
    const policy = known.find(scan.text(FIELD.policy), scan.text(FIELD.version));
    if (policy === undefined) return this.#refuse(UNKNOWN_POLICY, begun, undefined);
    const nowMs = this.#ports.clock.nowMs();
    const facts = new CheckFacts({ policy, known }, new PresentedCredentials(scan, policy), { nowMs, deadlineMs: call.deadlineMs });
    const { start, end } = { start: scan.start(FIELD.path), end: scan.end(FIELD.path) };
    if (!isPlainPath(scan.bytes, { start, end }, policy.settings.paths)) return this.#settle(facts, BAD_PATH, begun);
    if (nowMs >= call.deadlineMs) return this.#settle(facts, TOO_LATE, begun);
    this.#readRequest(facts);
    const waited = this.#judge(facts);
    if (waited === undefined) return this.#settle(facts, facts.verdict(), begun);
    facts.told = toldRequest(scan, policy);
    return this.#later(facts, waited, begun);
  }

  #readRequest(facts: CheckFacts): void {
    const scan = this.#scan;
    const { policy } = facts;
    if (policy.readsMethod) facts.method = scan.text(FIELD.method);
    if (policy.readsAddress) {
      const header = scan.header(CLIENT_IP, -1);
      const isOne = header >= 0 && scan.header(CLIENT_IP, header) < 0;
      facts.address = isOne ? addressKey(scan.value(header)) : undefined;
    }
    if (policy.certificates.length > 0 && scan.has(FIELD.certificate)) {
      facts.certificate = this.standings.certificate(scan.text(FIELD.certificate), facts.times.nowMs);
    }
  }

  /** Finds out about each credential; gives what must be waited for. */
  #judge(facts: CheckFacts): Promise<void>[] | undefined {
    const { jwt, token, apiKey } = facts.presented;
    const call = { policy: facts.policy, known: facts.known, nowMs: facts.times.nowMs, deadlineMs: facts.times.deadlineMs };
    let waited: Promise<void>[] | undefined;
    if (jwt !== undefined) {
      const standing = jwt.refusal === undefined ? this.standings.jwt(jwt, call) : jwt;
      if (standing instanceof Promise) waited = [standing.then((settled) => void (facts.jwt = settled))];
      else facts.jwt = standing;
    }
    if (token !== undefined) {
      const standing = token.refusal === undefined ? this.standings.token(token, call) : token;
      if (standing instanceof Promise) (waited ??= []).push(standing.then((settled) => void (facts.token = settled)));
      else facts.token = standing;
    }
    if (apiKey !== undefined) facts.apiKey = apiKey.refusal === undefined ? this.standings.apiKey(apiKey, call) : apiKey;
    return waited;
  }

  async #later(facts: CheckFacts, waited: readonly Promise<void>[], begun: Begun): Promise<Uint8Array> {
    try {
      await Promise.all(waited);
      const isLate = this.#ports.clock.nowMs() >= facts.times.deadlineMs;
      return this.#settle(facts, isLate ? TOO_LATE : facts.verdict(), begun);
    } catch (cause) {
      return this.#failed(cause, begun, facts);
    }
  }

  #settle(facts: CheckFacts, verdict: Verdict, begun: Begun): Uint8Array {
    const { policy } = facts;
    if (policy.isShadow) {
      this.#decided(verdict, begun, facts);
      return this.#answers.shadow(policy, verdict);
    }
    if (verdict.value !== 'allow') return this.#refuse(verdict, begun, facts);
    const call = { identities: facts.identities(), used: facts.used(), cookies: facts.presented.cookies };
    const known = this.#answers.known(policy, call);
    const answer = known ?? this.#answers.allow(policy, call);
    if (!(answer instanceof Uint8Array)) return this.#refuse(answer, begun, facts);
    if (known === undefined) this.#grown(facts, answer.length);
    this.#decided(verdict, begun, facts);
    return answer;
  }

  #grown(facts: CheckFacts, bytes: number): void {
    const [credential] = facts.credentials();
    if (credential?.refusal === undefined && credential !== undefined && facts.apiKey === undefined)
      this.standings.grown(credential, facts.policy, bytes);
  }

  #refuse(refused: Refusal, begun: Begun, facts: CheckFacts | undefined): Uint8Array {
    const told = facts === undefined ? NOBODY : this.#told(facts);
    const identities = facts === undefined || refused.reason === 'request.path' ? [] : facts.identities();
    this.#decided(refused, begun, facts);
    return this.#answers.deny(facts?.policy, refused, { told, identities });
  }

  #failed(cause: unknown, begun: Begun, facts: CheckFacts | undefined): Uint8Array {
    const errorId = this.#ports.newErrorId();
    this.#ports.log.failed({ errorId, cause });
    this.#count(FAILED, begun, facts?.policy.settings.mode ?? 'enforce');
    return this.#answers.deny(facts?.policy, FAILED, { told: { ...(facts?.told ?? NOBODY), requestId: errorId }, identities: [] });
  }

  #told(facts: CheckFacts): ToldRequest {
    facts.told ??= toldRequest(this.#scan, facts.policy);
    return facts.told;
  }

  #decided(verdict: Verdict, begun: Begun, facts: CheckFacts | undefined): void {
    const mode = facts?.policy.settings.mode ?? 'enforce';
    this.#count(verdict, begun, mode);
    if (verdict.value === 'allow' || !this.#budget.take(verdict.reason, this.#ports.clock.nowMs())) return;
    this.#ports.log.denied({ ...this.#denial(facts), route: logged(begun.route), decision: verdict.value, reason: verdict.reason, mode });
  }

  #count(verdict: Verdict, { route, startedMs }: Begun, mode: 'enforce' | 'shadow'): void {
    const durationMs = this.#ports.clock.monotonicMs() - startedMs;
    const reason = verdict.value === 'allow' ? 'ok' : verdict.reason;
    this.#ports.metrics.decided({ route, decision: verdict.value, reason, mode, durationMs });
  }

  #denial(facts: CheckFacts | undefined): Omit<DenialRecord, 'route' | 'decision' | 'reason' | 'mode'> {
    if (facts === undefined) {
      const [policy, version] = [this.#scan.text(FIELD.policy), this.#scan.text(FIELD.version)];
      const held = this.#table.current().versionsOf(policy).slice(-MOST_VERSIONS_LOGGED);
      return { gateway: '', policy: logged(policy), version: logged(version), ...(held.length === 0 ? {} : { held }) };
    }
    const { settings, subjectKey = this.#ports.subjectKey } = facts.policy;
    const { gateway, policy, version } = settings;
    const [identity] = facts.identities();
    const [credential] = facts.credentials();
    const who = identity === undefined ? undefined : subjectHash(identity, gateway, subjectKey);
    const { requestId } = this.#told(facts);
    return {
      gateway,
      policy,
      version,
      ...(who === undefined ? {} : { subjectHash: who }),
      ...(credential === undefined || credential.refusal !== undefined
        ? {}
        : { tokenHash: hash('sha256', credential.bytes.subarray(credential.start, credential.end), 'hex').slice(0, 8) }),
      ...(requestId === '' ? {} : { requestId: logged(requestId) }),
    };
  }

  #current(): KnownPolicies {
    const known = this.#table.current();
    if (known !== this.#known) {
      this.#known = known;
      const ids = [...known.policies.values()].flatMap(providerIds);
      this.standings.keepProviders(new Set(ids));
    }
    return known;
  }
}

function providerIds({ jwt, introspection }: CompiledPolicy): readonly string[] {
  return [...jwt, ...introspection].map(({ id }) => id);
}

/** Text of a request as it may stand in a log (S4). */
function logged(text: string): string {
  return text.slice(0, MOST_LOGGED).replace(/[^\x20-\x7e]/g, '?');
}
