import { describe, expect, it } from 'vitest';
import { events, kpi, records, snapshot } from '../../../test/fakes/loop.ts';
import { at, bench, eventsAt, lines } from '../../../test/fakes/loop-bench.ts';
import { HOUR } from '../../core/time/interval.ts';

const values = { outcome: { failure: ['Failure', '0xC000006D'], success: ['Success'] } };
const window = { calendar: 'day', timeZone: 'UTC' };
const of = (dataset: string, more: object = {}) =>
  kpi({
    id: dataset,
    measures: { n: { dataset, aggregate: 'count', ...more } },
    window,
    groupBy: ['outcome'],
  });

describe('groups speak standard values', () => {
  it('of events, records and lists', async () => {
    const made = await bench({
      definitions: [of('logons'), of('cases', { cohort: 'opened' }), of('hosts')],
      datasets: [
        events('logons', { values }),
        records('cases', { values, due: null }),
        snapshot('hosts', { values, everyMs: HOUR }),
      ],
      rows: {
        logons: [
          ...eventsAt([1], { outcome: 'Failure' }),
          ...eventsAt([2], { outcome: '0xC000006D' }),
          ...eventsAt([3], { outcome: 'odd' }),
        ],
        cases: ['Failure', 'Success'].map((outcome, id) => ({
          id,
          v: 1,
          in: at(2),
          opened: at(1),
          closed: null,
          outcome,
        })),
        hosts: [{ outcome: ['Failure', '0xC000006D'] }],
      },
    });
    const { pass } = made.restart();
    for (const hour of [0, 24]) await pass(at(hour));
    const groups = async (id: string) =>
      (await made.results(id, { from: at(0) })).map(
        ({ group, value }) => `${group?.outcome ?? 'all'} ${value}`,
      );
    expect(await groups('logons')).toEqual(['all 3', 'failure 2', 'odd 1']);
    expect(await groups('cases')).toEqual(['all 2', 'failure 1', 'success 1']);
    expect(await groups('hosts')).toEqual(['all 1', 'failure 1']);
  });

  it('and never count an event twice: one with two values of the same meaning makes its slice partial', async () => {
    const both = eventsAt([1], { outcome: ['Failure', '0xC000006D'] });
    const { restart, results, store } = await bench({
      definitions: [of('logons')],
      datasets: [events('logons', { values })],
      rows: { logons: [...both, ...eventsAt([30], { outcome: ['Failure', 'Success'] })] },
    });
    const { pass } = restart();
    for (const hour of [24, 48]) await pass(at(hour));
    expect(lines(await results('logons'))).toEqual([
      '03-03T00:00 1 unknown: partial',
      '03-03T00:00 failure: 2 unknown: partial',
      '03-04T00:00 1 unknown: no-target',
      '03-04T00:00 failure: 1 unknown: no-target',
      '03-04T00:00 success: 1 unknown: no-target',
    ]);
    const [result] = await results('logons');
    const input = result?.inputs.n;
    const ids = await store.allSeries('logons', HOUR);
    const notes = (await Promise.all(ids.map((id) => store.slices(id, { start: at(1), end: at(2) })))).flat();
    expect(input?.kind).toBe('series');
    expect(notes.flatMap((slice) => slice.notes).join()).toContain('events may count twice in a group');
  });
});
