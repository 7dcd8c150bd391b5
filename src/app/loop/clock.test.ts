import { describe, expect, it } from 'vitest';
import { configOf, kpi, records } from '../../../test/fakes/loop.ts';
import { at, bench } from '../../../test/fakes/loop-bench.ts';
import type { RecordsDataset } from '../../config/model.ts';
import type { Filter, Row } from '../../core/filter/model.ts';
import { parseFilter } from '../../core/filter/parse.ts';
import { DAY, HOUR } from '../../core/time/interval.ts';

const DAILY = { calendar: 'day', timeZone: 'UTC' };
const detect = (written: object): Filter => {
  const parsed = parseFilter(written);
  if ('filter' in parsed) return parsed.filter;
  throw new Error('no filter');
};
const WAITING = { businessHours: null, pausedWhile: detect({ state: 'Waiting' }) };
const EVER = { atLeast: 0, everyMs: DAY, during: null };

/** A version known from the hour `known` on: times in hours after Monday. */
const version = (id: string, v: number, known: number, more: Row = {}): Row => {
  const time = (hour: Row[string]) => (typeof hour === 'number' ? at(hour) : null);
  const { opened = 1, closed = null, ...rest } = more;
  return {
    id,
    v,
    in: at(known),
    state: 'New',
    priority: 'High',
    ...rest,
    opened: time(opened),
    closed: time(closed),
  };
};

const measured = (id: string, measure: object) =>
  kpi({ id, measures: { x: { dataset: 'cases', ...measure } }, window: DAILY });
const duration = measured('time', { cohort: 'closed', aggregate: { duration: 'median', unit: 'hours' } });

const cases = (
  definitions: Parameters<typeof bench>[0]['definitions'],
  rows: readonly Row[],
  more: Partial<RecordsDataset> = {},
) =>
  bench({
    definitions,
    datasets: [records('cases', { due: null, expectEvents: EVER, ...more })],
    rows: { cases: rows },
  });

describe('a clock that pauses', () => {
  const rows = [
    version('a', 1, 2),
    version('a', 2, 4, { state: 'Waiting' }),
    version('a', 3, 9),
    version('a', 4, 12, { closed: 12 }),
  ];

  it('counts the time between versions, however many a read brings', async () => {
    const { restart, results } = await cases([duration], rows, { clock: WAITING });
    await restart().pass(at(24));
    expect(await results('time')).toMatchObject([{ value: 6 }]);
  });

  it('counts anew when a version of the past arrives late', async () => {
    const later = [...rows.slice(0, 3), version('a', 4, 30, { closed: 30 })];
    const { restart, results, source } = await cases([duration], later, { clock: WAITING });
    const { pass } = restart();
    for (const hour of [24, 48]) await pass(at(hour));
    expect(await results('time', { from: at(24) })).toMatchObject([{ value: 29 - 5 }]);
    source.append('cases', [version('a', 2.5, 5)]);
    await pass(at(49));
    expect(await results('time', { from: at(24) })).toMatchObject([{ value: 29 - 1 }]);
  });

  it('tells the derivation which time counted', async () => {
    const { restart, results } = await cases([duration], rows, { clock: WAITING });
    await restart().pass(at(24));
    expect((await results('time'))[0]?.inputs).toMatchObject({
      x: { clock: 'paused while state = Waiting' },
    });
  });
});

describe('another clock', () => {
  it('gives all windows anew from the versions that are there', async () => {
    const rows = [version('a', 1, 2), version('a', 2, 12, { closed: 12 })];
    const { restart, results, calls } = await cases([duration], rows);
    await restart().pass(at(24));
    const hours = { timeZone: 'UTC', days: ['mon'] as const, from: '10:00', to: '12:00', holidays: [] };
    const clock = { businessHours: hours, pausedWhile: null };
    const config = configOf([records('cases', { due: null, expectEvents: EVER, clock })]);
    await restart({ config }).pass(at(25));
    expect((await results('time')).map(({ value }) => value)).toEqual([2]);
    expect(calls('records').map((call) => call.kind === 'records' && call.request.cursor !== null)).toEqual([
      false,
      true,
    ]);
  });
});

describe('a due time from a table', () => {
  const dueBy = { by: 'priority', limits: { High: 4 * HOUR, Low: 30 * HOUR } };
  const due = measured('due', { cohort: 'due', aggregate: 'count' });
  const kept = measured('kept', { cohort: 'due', aggregate: 'within-due' });

  it('counts records on the day they are due, long after they were closed', async () => {
    const rows = [
      version('a', 1, 2, { closed: 2 }),
      version('b', 1, 2, { priority: 'Low', closed: 2 }),
      version('c', 1, 2, { priority: 'Low' }),
      version('d', 1, 2, { priority: 'None' }),
    ];
    const { restart, results } = await cases([due, kept], rows, { dueBy });
    const { pass } = restart();
    for (const hour of [24, 48]) await pass(at(hour));
    expect((await results('due')).map(({ value }) => value)).toEqual([1, 2]);
    expect((await results('kept')).map(({ value }) => value)).toEqual([1, 0.5]);
  });

  it('moves them to another day when the field changes', async () => {
    const { restart, results, source } = await cases([due], [version('a', 1, 2, { closed: 2 })], { dueBy });
    const { pass } = restart();
    for (const hour of [24, 48]) await pass(at(hour));
    source.append('cases', [version('a', 2, 49, { priority: 'Low', closed: 2 })]);
    await pass(at(50));
    expect((await results('due')).map(({ value }) => value)).toEqual([0, 1]);
  });
});
