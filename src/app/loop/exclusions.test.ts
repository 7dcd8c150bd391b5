import { describe, expect, it } from 'vitest';
import { events, kpi, records } from '../../../test/fakes/loop.ts';
import { at, bench, eventsAt, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { formatInstant, HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

const exclusion = (from: number, to: number) => ({
  start: formatInstant(at(from)),
  end: formatInstant(at(to)),
  reason: 'new database',
  approver: 'ciso',
});
const window = { calendar: 'day', timeZone: 'UTC' };
const failed = { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' };
const all = { dataset: 'logons', aggregate: 'count' };
const ratio = (...exclusions: readonly object[]) =>
  kpi({ id: 'ratio', measures: { failed, all }, formula: '100 * failed / all', window, exclusions });

const logons = (definitions: Parameters<typeof bench>[0]['definitions'], rows: readonly Row[], more = {}) =>
  bench({ definitions, datasets: [events('logons', more)], rows: { logons: rows } });
const NIGHT = [
  ...hourly(0, 24, { outcome: 'success' }),
  ...eventsAt([2.1, 2.2, 3.1], { outcome: 'failure' }),
];

/** The nodes of a derivation, each as `label: value`. */
const flat = (tree: Derivation): string[] => [`${tree.label}: ${tree.value}`, ...tree.children.flatMap(flat)];

describe('exclusions', () => {
  it('leave their slices out of the value, and say how many and what it would be with them', async () => {
    const { restart, results, store } = await logons([ratio(exclusion(2, 4))], NIGHT);
    await restart().pass(at(24));
    const [result] = await results('ratio');
    expect(result).toMatchObject({
      value: 0,
      sample: 22,
      measures: { failed: { value: 0, excluded: 2, withExcluded: 3 }, all: { value: 22, withExcluded: 27 } },
    });
    if (result === undefined) throw new Error('no result');
    const { sentence, tree } = await explainResult(store, result);
    expect(sentence).toContain('Planned exceptions are left out of it.');
    const told = flat(tree);
    expect(told).toContain('excluded: 2 slices');
    expect(told).toContain('2026-03-02T02:00:00Z to 2026-03-02T04:00:00Z: new database, approved by ciso');
    expect(told).toContain('value without exclusions: 11.1111');
  });

  it('may begin and end within an hour, and overlap', async () => {
    const { restart, results } = await logons([ratio(exclusion(2.15, 2.5), exclusion(2.4, 3.05))], NIGHT);
    await restart().pass(at(24));
    expect((await results('ratio'))[0]).toMatchObject({
      measures: { failed: { value: 2, excluded: 54, withExcluded: 3 }, all: { value: 25 } },
    });
  });

  it('also leave out that nothing came in, or that the source could not be asked', async () => {
    const all = [...hourly(-1, 0, { outcome: 'failure' }), ...hourly(0, 24, { outcome: 'success' })];
    const day = all.filter(({ at: time }) => Number(time) < at(2) || Number(time) > at(4));
    const hourlyAtLeast = { expectEvents: { atLeast: 1, everyMs: HOUR, during: null } };
    const value = async (definition: ReturnType<typeof ratio>) => {
      const { restart, results, source } = await bench({
        definitions: [definition],
        datasets: [events('logons', hourlyAtLeast)],
        rows: { logons: day },
        config: { maxBuckets: 3 },
      });
      source.onCall = (call) => {
        if (call.kind === 'slices' && call.request.range.start === at(3)) throw unreachable();
      };
      await restart().pass(at(24));
      return lines(await results('ratio'));
    };
    expect(await value(ratio(exclusion(2, 4)))).toEqual(['03-03T00:00 0 unknown: no-target']);
    expect(await value(ratio(exclusion(2, 3)))).toEqual(['03-03T00:00 null unknown: missing']);
    expect(await value(ratio(exclusion(3, 4)))).toEqual(['03-03T00:00 null unknown: silent']);
  });

  it('of a whole window leave nothing to speak about', async () => {
    const { restart, results } = await logons([ratio(exclusion(-5, 40))], NIGHT);
    const { pass } = restart();
    for (const hour of [24, 48]) await pass(at(hour));
    expect(lines(await results('ratio'))).toEqual([
      '03-03T00:00 null unknown: excluded',
      '03-04T00:00 null unknown: silent',
    ]);
  });

  it('become final like any other window', async () => {
    const { restart, results } = await logons([ratio(exclusion(2, 4))], NIGHT);
    const { pass } = restart();
    for (const hour of [24, 24 * 9]) await pass(at(hour));
    expect((await results('ratio', { to: at(24) }))[0]).toMatchObject({ final: true });
  });

  it('leave out records that were opened in them, of every cohort', async () => {
    const version = (id: string, opened: number, kept: boolean): Row => ({
      id,
      v: 1,
      in: at(10),
      opened: at(opened),
      closed: at(10),
      kept,
    });
    const share = kpi({
      id: 'kept',
      measures: { x: { dataset: 'cases', cohort: 'closed', aggregate: { share: { kept: true } } } },
      window,
      exclusions: [exclusion(2, 4)],
    });
    const { restart, results, store } = await bench({
      definitions: [share],
      datasets: [records('cases', { due: null })],
      rows: {
        cases: [
          version('a', 1, true),
          version('b', 2, false),
          version('c', 3.9, false),
          version('d', 4, false),
        ],
      },
    });
    await restart().pass(at(24));
    const [result] = await results('kept');
    expect(result?.measures).toMatchObject({ x: { value: 0.5, n: 2, excluded: 2, withExcluded: 0.25 } });
    if (result === undefined) throw new Error('no result');
    expect(flat((await explainResult(store, result)).tree)).toContain('excluded: 2 records');
  });
});
