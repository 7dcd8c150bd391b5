/** A gauge that prints exactly the samples it was given. */
import { Gauge, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** prom-client remembers the text of each object that it sees here: one for all. */
  readonly sharedLabels: Labels;
}

const NONE: Labels = {};

/**
 * prom-client's own `set` finds a series by joining label values with commas, so that two groups whose values hold
 * commas could become one; and it costs more than the rest of a scrape. Series here are distinct by construction.
 */
export class SampleList extends Gauge {
  private readonly samples: Sample[] = [];

  constructor(registry: Registry, name: string, help: string) {
    super({ name, help, registers: [registry] });
  }

  /** No number, no series. */
  add(labels: Labels, value: number | null): void {
    if (value !== null && Number.isFinite(value)) this.samples.push({ labels, value, sharedLabels: NONE });
  }

  override async get() {
    return { ...(await super.get()), values: this.samples };
  }
}
