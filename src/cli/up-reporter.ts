// Tells in one line each what became of an edit while `chancery up` runs: what changed and when it was live, or what is wrong.
import type { App } from '../app/app.ts';
import type { Live } from '../app/convergence.ts';
import type { GatewayEvent } from '../app/gateway-event.ts';
import type { LiveGateway } from '../app/live-gateway.ts';
import { changesText } from '../events/changes-text.ts';
import type { Terminal } from './terminal.ts';

export interface UpReporter {
  readonly onEvent: (event: GatewayEvent, gateway: LiveGateway) => void;
  readonly onLive: (live: Live) => void;
  /** From now on edits are told; what the start itself does is not. */
  begin(app: App): void;
}

export interface UpReporterOptions {
  readonly terminal: Pick<Terminal, 'out' | 'err' | 'colorErr' | 'cwd'>;
  readonly nowMs: () => number;
}

/** After this a change that is not live yet is worth a word. */
const SLOW_MS = 5_000;

/** Envoy refused what passed our checks. */
const REFUSED_BY_ENVOY = 'CH3006';

export function createUpReporter({ terminal, nowMs }: UpReporterOptions): UpReporter {
  const broken = new Set<string>();
  let app: App | undefined;
  const say = (text: string): void => terminal.out(`${new Date(nowMs()).toTimeString().slice(0, 8)}  ${text}\n`);
  const pending = new PendingChanges((gateway, text) => say(`${text} · not live yet: ${whyNotLive(app, gateway)}`));

  return {
    begin: (started) => {
      app = started;
    },
    onEvent: (event, gateway) => {
      if (app === undefined) return;
      if ('build' in event) {
        const { text } = event.build;
        if (event.kind !== 'unchanged') terminal.err(terminal.colorErr ? text.colored : text.plain);
      }
      if (event.kind === 'accepted') pending.begin(event.good.gateway, textOf(event));
      if (event.kind === 'refused') say('refused · Envoy keeps what it has; mend the file and save again');
      if (event.kind === 'refused' && isRefusedByEnvoy(event)) pending.end(gateway.name ?? '');
      if (event.kind === 'unchanged' && broken.has(gateway.file)) say('mended · the same as Envoy has already');
      if (event.kind === 'refused') broken.add(gateway.file);
      else broken.delete(gateway.file);
    },
    onLive: ({ gateway, durationMs, nodes }) => {
      const text = pending.end(gateway);
      if (text !== undefined) say(`${text} · live in ${durationMs} ms${nodes === 1 ? '' : ` on ${nodes} Envoys`}`);
    },
  };
}

/** Changes on their way, by gateway. */
class PendingChanges {
  readonly #changes = new Map<string, { readonly text: string; readonly timer: NodeJS.Timeout }>();
  readonly #onSlow: (gateway: string, text: string) => void;

  constructor(onSlow: (gateway: string, text: string) => void) {
    this.#onSlow = onSlow;
  }

  begin(gateway: string, text: string): void {
    clearTimeout(this.#changes.get(gateway)?.timer);
    this.#changes.set(gateway, { text, timer: setTimeout(() => this.#onSlow(gateway, text), SLOW_MS).unref() });
  }

  /** What was on its way. */
  end(gateway: string): string | undefined {
    const change = this.#changes.get(gateway);
    clearTimeout(change?.timer);
    this.#changes.delete(gateway);
    return change?.text;
  }
}

function textOf({ good: { changes } }: Extract<GatewayEvent, { kind: 'accepted' }>): string {
  return changes === undefined ? 'changed' : changesText(changes);
}

function isRefusedByEnvoy({ build }: Extract<GatewayEvent, { kind: 'refused' }>): boolean {
  return build.problems.some(({ view }) => view.code === REFUSED_BY_ENVOY);
}

function whyNotLive(app: App | undefined, gateway: string): string {
  const nodes = app?.nodes().filter(({ cluster }) => cluster === gateway) ?? [];
  if (nodes.length === 0) return 'no Envoy is connected';
  const refusals = nodes.flatMap(({ streams }) =>
    streams.flatMap(({ types }) => Object.values(types).flatMap(({ rejected }) => rejected?.message ?? [])),
  );
  return refusals[0] === undefined
    ? 'Envoy has not answered; `npx chancery status` shows what it waits for'
    : `Envoy refuses it: ${refusals[0]}`;
}
