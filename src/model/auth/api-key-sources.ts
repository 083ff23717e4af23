// `apiKeys:` → sources with their consumers: digests of the kind that the pepper asks for, none twice, at most four each (authz K1-K5).
import { createHash, createHmac } from 'node:crypto';
import type { ApiKeysConfig, ConsumerConfig } from '../../config/schema/api-keys.ts';
import type { ConfigPath } from '../../lib/issue.ts';
import type { Secret } from '../../lib/secret.ts';
import { errorAt, type Report, warningAt } from '../issue.ts';
import { credentialSources } from './credential-sources.ts';
import * as defaults from './defaults.ts';
import { forwardedHeaders } from './forwarded-headers.ts';
import { sortedOnce } from './token-settings.ts';
import type { ApiKeySource, Consumer } from './types.ts';

/** K5: two while one replaces the other, and room for mistakes. */
const MAX_KEYS = 4;

/** Sorted by name. `nowMs` tells which keys are over. */
export function resolveApiKeys(config: Readonly<Record<string, ApiKeysConfig>>, nowMs: number, report: Report): readonly ApiKeySource[] {
  const sources = Object.entries(config).map(([name, entry]): ApiKeySource => {
    const path: ConfigPath = ['apiKeys', name];
    const { pepper } = entry;
    const consumers = Object.entries(entry.consumers)
      .map(([owner, each]) => resolveConsumer({ name: owner, entry: each, pepper, path: [...path, 'consumers', owner], nowMs }, report))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    reportRepeated(consumers, report);
    return {
      name,
      path,
      from: credentialSources(entry.from, defaults.KEY_SOURCES),
      ...(pepper === undefined ? {} : { pepper }),
      consumerHeaders: forwardedHeaders(entry.forward, [...path, 'forward'], report).map(({ header }) => header),
      keepCredential: entry.credential === 'keep',
      consumers,
    };
  });
  return sources.sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface ConsumerPlace {
  readonly name: string;
  readonly entry: ConsumerConfig;
  readonly pepper: Secret | undefined;
  readonly path: ConfigPath;
  readonly nowMs: number;
}

function resolveConsumer({ name, entry, pepper, path, nowMs }: ConsumerPlace, report: Report): Consumer {
  const { keys = [], plain = [], scopes, notAfter, metadata = {} } = entry;
  const kind = pepper === undefined ? 'sha256:' : 'hmac:';
  for (const [index, digest] of keys.entries()) {
    if (!digest.startsWith(kind)) reportWrongKind([...path, 'keys', index], pepper !== undefined, report);
  }
  if (keys.length + plain.length > MAX_KEYS) reportTooMany(path, keys.length + plain.length, report);
  if (notAfter !== undefined && notAfter < nowMs) reportOver([...path, 'notAfter'], name, report);
  const digests = [...keys, ...plain.map((key) => digestOf(key, pepper))];
  return {
    name,
    path,
    digests: digests.toSorted(),
    plain,
    scopes: sortedOnce(scopes),
    ...(notAfter === undefined ? {} : { notAfterMs: notAfter }),
    metadata: Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** What the companion compares a key by. */
function digestOf(key: Secret, pepper: Secret | undefined): string {
  return pepper === undefined
    ? `sha256:${createHash('sha256').update(key.reveal()).digest('hex')}`
    : `hmac:${createHmac('sha256', pepper.reveal()).update(key.reveal()).digest('hex')}`;
}

function reportWrongKind(path: ConfigPath, hasPepper: boolean, report: Report): void {
  report(
    errorAt(path, 'CH2821', {
      message: hasPepper
        ? 'this digest is without the pepper, so no key would ever fit it'
        : 'this digest is with a pepper, and the set has none',
      help: hasPepper ? 'chancery key create makes hmac: digests where there is a pepper' : 'add the pepper, or take a sha256: digest',
    }),
  );
}

function reportTooMany(path: ConfigPath, count: number, report: Report): void {
  report(
    errorAt([...path, 'keys'], 'CH2820', {
      message: `a consumer has at most ${MAX_KEYS} live keys, this one ${count}`,
      help: 'remove those that nobody uses, or make several consumers',
    }),
  );
}

function reportOver(path: ConfigPath, name: string, report: Report): void {
  report(
    warningAt(path, 'CH2822', {
      message: `the keys of "${name}" are over: all are refused`,
      help: 'remove the consumer, or give it new keys',
    }),
  );
}

/** A digest with two owners would be whose? */
function reportRepeated(consumers: readonly Consumer[], report: Report): void {
  const owners = new Map<string, Consumer>();
  for (const consumer of consumers) {
    for (const digest of consumer.digests) {
      const other = owners.get(digest);
      owners.set(digest, consumer);
      if (other === undefined) continue;
      report(
        errorAt([...consumer.path, 'keys'], 'CH2820', {
          message: other === consumer ? 'a key is there twice' : `"${other.name}" and "${consumer.name}" have the same key`,
          help: 'every key has one owner',
          related: other === consumer ? [] : [{ message: `"${other.name}" is here`, path: other.path, at: 'key' }],
        }),
      );
      break;
    }
  }
}
