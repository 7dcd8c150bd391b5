import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, hourly } from '../../../test/fakes/loop-bench.ts';

describe('totals', () => {
  const measure = (where: object, aggregate: unknown = 'count') => ({ dataset: 'logons', where, aggregate });
  const window = { rolling: '24h', every: '1h' };

  /** Of how many series slices are loaded in a usual pass over these KPIs, each as often as it is, and by how many queries. */
  async function loads(
    definitions: readonly ReturnType<typeof kpi>[],
  ): Promise<{ series: number; queries: number }> {
    const rows = { logons: hourly(-48, 30, { user: 'ann', size: 3 }) };
    const { restart, store } = await bench({ definitions, datasets: [events('logons')], rows });
    const count = { series: 0, queries: 0 };
    const counting = {
      ...store,
      contents: (...asked: Parameters<typeof store.contents>) => {
        count.queries++;
        count.series += asked[0].length;
        return store.contents(...asked);
      },
    };
    const { pass } = restart({ store: counting });
    await pass(at(24));
    Object.assign(count, { series: 0, queries: 0 });
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
    // Twelve, the one that they share, and the control series by itself.
    expect(await loads(shares(12))).toEqual({ series: 14, queries: 2 });
  });

  it('are not loaded again for a percentile, which is loaded alone', async () => {
    const p90 = { p90: measure({ user: 'ann' }, { percentile: 90, of: 'size' }) };
    const percentile = kpi({ id: 'p90', measures: p90, window });
    expect(await loads([...shares(3), percentile])).toEqual({ series: 6, queries: 3 });
  });
});
