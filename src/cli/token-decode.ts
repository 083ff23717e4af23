// `chancery token decode`: header, claims, times in words, what is odd, and with -c what each provider would say. Never prints a signature.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEVELOPMENT_KEY_VARIABLE, knownDevelopmentKey } from '../demo/development-key.ts';
import { ChanceryError } from '../lib/errors.ts';
import { decodeBase64url } from '../lib/jose/base64url.ts';
import { type JsonObject, parseStrictJson } from '../lib/jose/strict-json.ts';
import { isConfigNamed } from './config-option.ts';
import { EXIT } from './exit-codes.ts';
import { goodModels } from './good-models.ts';
import { checkFormat } from './output-format.ts';
import type { Terminal } from './terminal.ts';
import { lintsOf, timesOf } from './token-words.ts';
import { DEFAULT_STATE } from './up-plan.ts';

export interface DecodeFlags {
  readonly config?: readonly string[];
  readonly state?: string;
  readonly output: string;
}

const LIMITS = { depth: 16, members: 256 };
const MOST_BYTES = 65_536;

/** Exit code 1: it is no token, or none of the providers of `-c` accepts it. Messages hold no part of the token. */
export async function decodeToken(file: string | undefined, flags: DecodeFlags, terminal: Terminal): Promise<number> {
  checkFormat(flags.output, ['text', 'json']);
  const token = readToken(file, terminal.cwd);
  const parts = partsOf(token);
  if (parts === undefined) {
    terminal.err('error: this is no token: a JWT is three parts of base64url with dots between, JSON in the first two\n');
    return EXIT.invalid;
  }
  const nowMs = Date.now();
  const trusting = trustingDevelopment(flags, terminal);
  const isAsked = isConfigNamed(flags.config, terminal);
  const models = isAsked ? await goodModels(flags.config, trusting) : [];
  if (models === undefined) return EXIT.invalid;
  const { providerOpinion } = await import('./token-opinion.ts');
  const asked = models.flatMap(({ gateway, auth }) => (auth?.jwt ?? []).map((provider) => ({ gateway, provider })));
  const opinions = await Promise.all(asked.map(({ gateway, provider }) => providerOpinion(token, { gateway, provider, nowMs })));
  const lints = lintsOf(parts);
  const times = timesOf(parts.claims, nowMs);
  if (flags.output === 'json') {
    const providers = isAsked ? { providers: opinions } : {};
    terminal.out(`${JSON.stringify({ ...parts, times, lints, ...providers }, undefined, 2)}\n`);
  } else {
    terminal.out(`header ${pretty(parts.header)}\nclaims ${pretty(parts.claims)}\n`);
    for (const [name, words] of Object.entries(times)) terminal.out(`${name.padEnd(7)}${words}\n`);
    for (const { gateway, provider, says } of opinions) terminal.out(`\n${gateway}: jwt ${provider}: ${says}\n`);
    if (!isAsked) terminal.err('The signature was not checked; -c FILE asks the providers of a gateway.\n');
    if (isAsked && parts.claims['iss'] === DEVELOPMENT_ISSUER && !isDevelopmentKnown(trusting)) terminal.err(HOW_TO_KNOW);
    for (const lint of lints) terminal.err(`warning: ${lint}\n`);
  }
  return !isAsked || opinions.some(({ accepted }) => accepted) ? EXIT.ok : EXIT.invalid;
}

const DEVELOPMENT_ISSUER = 'urn:chancery:development';
const HOW_TO_KNOW = 'help: the key of the development issuer is where `chancery up --demo` runs: name its state directory with --state\n';

function isDevelopmentKnown({ env }: Terminal): boolean {
  return (env[DEVELOPMENT_KEY_VARIABLE] ?? '') !== '';
}

/** Files then say what they say to `up --demo`, which tells them the same key. What the environment says goes first. */
function trustingDevelopment({ state }: DecodeFlags, terminal: Terminal): Terminal {
  const { env, cwd } = terminal;
  if (isDevelopmentKnown(terminal)) return terminal;
  const x = knownDevelopmentKey(path.resolve(cwd, state ?? env['CHANCERY_STATE'] ?? DEFAULT_STATE));
  return x === undefined ? terminal : { ...terminal, env: { ...env, [DEVELOPMENT_KEY_VARIABLE]: x } };
}

function readToken(file: string | undefined, cwd: string): string {
  const isInput = file === undefined || file === '-';
  try {
    const bytes = readFileSync(isInput ? 0 : path.resolve(cwd, file));
    return bytes.length > MOST_BYTES
      ? ''
      : bytes
          .toString('utf8')
          .trim()
          .replace(/^Bearer\s+/i, '');
  } catch {
    // Who gives the token itself as the argument must not find it in a message.
    throw new ChanceryError('ERR_USAGE', 'the token cannot be read', {
      remedy: 'name a file that holds one token, or give it by standard input: chancery token decode < FILE',
    });
  }
}

function partsOf(token: string): { readonly header: JsonObject; readonly claims: JsonObject } | undefined {
  const [first, second, third, ...others] = token.split('.');
  if (first === undefined || second === undefined || third === undefined || others.length > 0) return undefined;
  const [header, claims] = [first, second].map((part) => {
    const bytes = decodeBase64url(part);
    return bytes === undefined ? undefined : parseStrictJson(bytes, LIMITS);
  });
  return header === undefined || claims === undefined || decodeBase64url(third) === undefined ? undefined : { header, claims };
}

/** Characters that a terminal would obey are shown as escapes: whoever made the token chose them. */
function pretty(value: JsonObject): string {
  return JSON.stringify(value, undefined, 2).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
