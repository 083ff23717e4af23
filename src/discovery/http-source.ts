// Endpoints from a URL that is asked again and again. What it sends is never logged: headers may hold credentials (C7).
import type { DiscoverySource } from '../model/discovery-source.ts';
import { type ListSource, reasonOf, type SourceListener } from './list-source.ts';
import type { DiscoveryPorts, HttpAnswer } from './ports.ts';

type HttpSettings = Extract<DiscoverySource, { kind: 'http' }>;
type HttpPorts = Pick<DiscoveryPorts, 'get' | 'parseEndpoints' | 'clock'>;

const JITTER = 0.1;
const MOST_REDIRECTS = 3;

export function startHttpSource(settings: HttpSettings, ports: HttpPorts, listener: SourceListener): ListSource {
  const source = new HttpSource(settings, ports, listener);
  void source.ask();
  return source;
}

class HttpSource implements ListSource {
  readonly #settings: HttpSettings;
  readonly #ports: HttpPorts;
  readonly #listener: SourceListener;
  readonly #closing = new AbortController();
  #cancel: (() => void) | undefined;
  #etag: string | undefined;

  constructor(settings: HttpSettings, ports: HttpPorts, listener: SourceListener) {
    this.#settings = settings;
    this.#ports = ports;
    this.#listener = listener;
  }

  async ask(): Promise<void> {
    const problem = await this.#askOnce().catch((error: unknown) => reasonOf(error));
    if (this.#closing.signal.aborted) return;
    if (problem !== undefined) this.#listener.failed(`${withoutQuery(this.#settings.url)}: ${problem}`);
    const { after, random } = this.#ports.clock;
    this.#cancel = after(this.#settings.intervalMs * (1 + JITTER * random()), () => void this.ask());
  }

  close(): void {
    this.#closing.abort();
    this.#cancel?.();
  }

  /** Gives what went wrong. */
  async #askOnce(): Promise<string | undefined> {
    const answer = await this.#get();
    if (answer.status === 304 && this.#etag !== undefined) {
      this.#listener.unchanged();
      return undefined;
    }
    if (answer.status !== 200) return `it answered ${answer.status}`;
    const parsed = this.#ports.parseEndpoints(await answer.text());
    if (this.#closing.signal.aborted) return undefined;
    if (!parsed.ok) return parsed.problem;
    // Only of an answer that could be used: else a wrong list would never be asked for again.
    this.#etag = answer.etag;
    this.#listener.answered(parsed.value);
    return undefined;
  }

  /** Follows redirects on the same host: credentials must not go to another one. */
  async #get(): Promise<HttpAnswer> {
    const { url, timeoutMs, headers } = this.#settings;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    const conditions = this.#etag === undefined ? {} : { 'if-none-match': this.#etag };
    let place = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const answer = await this.#ports.get(place, { headers: { accept: 'application/json', ...headers, ...conditions }, signal });
      if (answer.location === undefined || answer.status < 300 || answer.status === 304 || answer.status > 399) return answer;
      const next = new URL(answer.location, place);
      if (next.origin !== new URL(url).origin) throw new Error('it redirects to another host, which is not followed');
      place = next.href;
    }
    throw new Error(`it redirects more than ${MOST_REDIRECTS} times`);
  }
}

/** A query may hold a credential. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*$/s, '');
}
