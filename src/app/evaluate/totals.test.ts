import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, hourly } from '../../../test/fakes/loop-bench.ts';

describe('totals', () => {
  const measure = (where: object, aggregate: unknown = 'count') => ({ dataset: 'logons', where, aggregate });
  const window = { rolling: '24h', every: '1h' };

  /** How often slices of totals are asked for in a usual pass over these KPIs. */
  async function loads(definitions: readonly ReturnType<typeof kpi>[]): Promise<number> {
    const rows = { logons: hourly(-48, 30, { user: 'ann', size: 3 }) };
    const { restart, store } = await bench({ definitions, datasets: [events('logons')], rows });
    let count = 0;
    const counting = {
      ...store,
      contents: (...asked: Parameters<typeof store.contents>) => {
        count++;
        return store.contents(...asked);
      },
    };
    const { pass } = restart({ store: counting });
    await pass(at(24));
    count = 0;
    await pass(at(25));
    return count;
  }

  const shares = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      kpi({
        id: `share-${index}`,
        measures: { some: measure({ user: `user-${index}` }), all: measure({ user: 'ann' }) },
        formula: '100.0 * some / all',
        window,
      }),
    );

  it('of KPIs with the same windows are loaded together, once, also where many share one', async () => {
    expect(await loads(shares(12))).toBe(await loads(shares(2)));
  });

  it('are not loaded again for a percentile, which is loaded alone', async () => {
    const p90 = { p90: measure({ user: 'ann' }, { percentile: 90, of: 'size' }) };
    const percentile = kpi({ id: 'p90', measures: p90, window });
    expect(await loads([...shares(3), percentile])).toBe((await loads(shares(3))) + 1);
  });
});
