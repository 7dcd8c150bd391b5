/** A gauge that prints exactly the samples it was given. */
import { Gauge, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

/**
 * prom-client's own `set` finds a series by joining label values with commas, so that two groups whose values hold
 * commas could become one; and it costs more than the rest of a scrape. Series here are distinct by construction.
 */
export class SampleList extends Gauge {
  private readonly samples: { labels: Labels; value: number }[] = [];

  constructor(registry: Registry, name: string, help: string) {
    super({ name, help, registers: [registry] });
  }

  /** No number, no series. */
  add(labels: Labels, value: number | null): void {
    if (value !== null && Number.isFinite(value)) this.samples.push({ labels, value });
  }

  override async get() {
    return { ...(await super.get()), values: this.samples };
  }
}
