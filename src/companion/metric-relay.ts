// Metrics of a worker on their way to its supervisor, which owns the program's registry: added up here, taken now and then, so that a worker that
// dies takes back no more than what it had not told.
import type { Metrics } from '../telemetry/metrics.ts';

export type MetricSink = Pick<Metrics, 'increment' | 'set' | 'observe' | 'beforeRead'>;

/** What happened since the last one; plain data. */
export interface MetricParcel {
  readonly counters: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly by: number }[];
  readonly gauges: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    /** Which of several in one worker tells it: their values stand beside each other. */
    readonly source?: string;
  }[];
  /** Equal observations together. */
  readonly observations: readonly { readonly name: string; readonly value: number; readonly times: number }[];
}

interface Counted {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  by: number;
}

export class MetricRelay implements MetricSink {
  readonly #counters = new Map<string, Counted>();
  readonly #gauges = new Map<string, MetricParcel['gauges'][number]>();
  /** Last gauges by source. */
  readonly #told = new Map<string, Map<string, MetricParcel['gauges'][number]>>();
  readonly #observations = new Map<string, Map<number, number>>();
  readonly #refreshes: (() => void)[] = [];

  readonly increment: MetricSink['increment'] = (name, labels, by = 1) => {
    const texts = Object.entries(labels).map(([label, value]): [string, string] => [label, String(value)]);
    const key = texts.length === 0 ? name : JSON.stringify([name, ...texts]);
    const known = this.#counters.get(key);
    if (known === undefined) this.#counters.set(key, { name, labels: Object.fromEntries(texts), by });
    else known.by += by;
  };

  readonly set: MetricSink['set'] = (name, labels, value) => {
    this.#set({ name, labels: textsOf(labels), value });
  };

  readonly observe: MetricSink['observe'] = (name, _labels, value) => {
    const times = this.#observations.get(name) ?? new Map<number, number>();
    times.set(value, (times.get(value) ?? 0) + 1);
    this.#observations.set(name, times);
  };

  readonly beforeRead: MetricSink['beforeRead'] = (refresh) => {
    this.#refreshes.push(refresh);
  };

  /** The same for one of several that tell the same gauges, such as the stores of two gateways. */
  of(source: string): Pick<MetricSink, 'increment' | 'set' | 'observe'> {
    const told = this.#told.get(source) ?? new Map<string, MetricParcel['gauges'][number]>();
    this.#told.set(source, told);
    return {
      increment: this.increment,
      observe: this.observe,
      set: (name, labels, value) => {
        const gauge = { name, labels: textsOf(labels), value, source };
        told.set(keyOf(gauge), gauge);
        this.#set(gauge);
      },
    };
  }

  /** It is gone: its gauges are 0. */
  forget(source: string): void {
    for (const gauge of this.#told.get(source)?.values() ?? []) this.#set({ ...gauge, value: 0 });
    this.#told.delete(source);
  }

  #set(gauge: MetricParcel['gauges'][number]): void {
    this.#gauges.set(keyOf(gauge), gauge);
  }

  /** Undefined where nothing happened. */
  take(): MetricParcel | undefined {
    for (const refresh of this.#refreshes) refresh();
    const parcel: MetricParcel = {
      counters: [...this.#counters.values()].filter(({ by }) => by !== 0),
      gauges: [...this.#gauges.values()],
      observations: [...this.#observations].flatMap(([name, all]) => [...all].map(([value, times]) => ({ name, value, times }))),
    };
    this.#counters.clear();
    this.#gauges.clear();
    this.#observations.clear();
    const isEmpty = parcel.counters.length + parcel.gauges.length + parcel.observations.length === 0;
    return isEmpty ? undefined : parcel;
  }
}

function textsOf(labels: Readonly<Record<string, string | number>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).map(([label, text]): [string, string] => [label, String(text)]));
}

function keyOf({ name, labels, source }: Pick<MetricParcel['gauges'][number], 'name' | 'labels' | 'source'>): string {
  return JSON.stringify([name, labels, source]);
}
