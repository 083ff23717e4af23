// The Lua scripts of src/ratelimit/scripts/, and the names under which Redis keeps them (R407).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface RedisScript {
  readonly text: string;
  /** SHA-1 of the text, as EVALSHA wants it. */
  readonly sha: string;
}

export interface RedisScripts {
  readonly take: RedisScript;
  readonly give: RedisScript;
  readonly admin: RedisScript;
  readonly ledger: RedisScript;
  readonly heartbeat: RedisScript;
}

/** Read once, at start; they are packed beside the program. */
export function loadScripts(): RedisScripts {
  const counters = sourceOf('counters');
  const counting = (name: string): RedisScript => script(counters + sourceOf(name));
  return {
    take: counting('take'),
    give: counting('give'),
    admin: counting('admin'),
    ledger: script(sourceOf('ledger')),
    heartbeat: script(sourceOf('heartbeat')),
  };
}

function sourceOf(name: string): string {
  return readFileSync(new URL(`../scripts/${name}.lua`, import.meta.url), 'utf8');
}

function script(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
