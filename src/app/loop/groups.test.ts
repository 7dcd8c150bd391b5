import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, eventsAt, lines } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, ratioAsWritten, target } from '../../../test/fakes/loop-kpis.ts';
import { HOUR } from '../../core/time/interval.ts';

describe('groups', () => {
  const grouped = {
    ...ratioAsWritten,
    id: 'by-team',
    groupBy: ['team'],
    window: HOURLY,
    targets: [...target, { from: '2026-01-01', onTarget: '<= 60', for: { team: 'blue' } }],
  };
  const logons = [
    ...eventsAt([9.1, 9.2], { outcome: 'failure', team: 'blue' }),
    ...eventsAt([9.3, 9.4], { outcome: 'success', team: 'blue' }),
    ...eventsAt([9.5], { outcome: 'success', team: ['red', 'green'] }),
    ...eventsAt([9.6], { outcome: 'failure', team: null }),
    ...eventsAt([10.5], { outcome: 'success', team: 'red' }),
  ];
  const started = (more: object = {}) =>
    bench({
      definitions: [kpi({ ...grouped, ...more })],
      datasets: [events('logons')],
      rows: { logons },
    });

  it('have results of their own, beside the total; one that is gone from the window has none', async () => {
    const { restart, results } = await started();
    const { pass } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(lines(await results('by-team'))).toEqual([
      '03-02T10:00 50 off-target',
      '03-02T10:00 (none): 100 off-target',
      '03-02T10:00 blue: 50 on-target',
      '03-02T10:00 green: 0 on-target',
      '03-02T10:00 red: 0 on-target',
      '03-02T11:00 0 on-target',
      '03-02T11:00 red: 0 on-target',
    ]);
  });

  it('give the KPI the worst of theirs where it asks for it', async () => {
    const { restart, results } = await started({ rollup: 'worst' });
    await restart().pass(at(10));
    expect(lines(await results('by-team', { group: null }))).toEqual(['03-02T10:00 100 off-target']);
  });

  it('are not cut where there are too many: the KPI is unknown, until it allows more', async () => {
    const { restart, results } = await started({ maxGroups: 2 });
    await restart().pass(at(10));
    expect(lines(await results('by-team'))).toEqual(['03-02T10:00 null unknown: too-many-groups']);
    await restart({ definitions: [kpi({ ...grouped, maxGroups: 4 })] }).pass(at(10.5));
    expect(await results('by-team')).toMatchObject([{ value: 50 }, {}, {}, {}, {}]);
  });

  it('are as many as the most generous of the KPIs that share them allows', async () => {
    for (const order of [1, -1]) {
      const definitions = [
        kpi({ ...grouped, id: 'many', maxGroups: 10 }),
        kpi({ ...grouped, id: 'few', maxGroups: 2 }),
      ];
      const { restart, results } = await bench({
        definitions: order === 1 ? definitions : definitions.reverse(),
        datasets: [events('logons')],
        rows: { logons },
      });
      await restart().pass(at(10));
      expect(await results('many')).toHaveLength(5);
      expect(await results('few')).toMatchObject([{ reason: 'too-many-groups' }]);
    }
  });

  it('that late data takes away are superseded by nothing, as final as their window', async () => {
    const { restart, results, source } = await bench({
      definitions: [kpi(grouped)],
      datasets: [events('logons', { ingested: null, reviseForMs: 2 * HOUR })],
      rows: { logons },
    });
    const { pass } = restart();
    await pass(at(10));
    source.replace(
      'logons',
      logons.filter(({ team }) => team === 'blue'),
    );
    await pass(at(10.5));
    await pass(at(12));
    expect(lines(await results('by-team', { to: at(10) }))).toEqual([
      '03-02T10:00 50 off-target final',
      '03-02T10:00 (none): null unknown: no-value final',
      '03-02T10:00 blue: 50 on-target final',
      '03-02T10:00 green: null unknown: no-value final',
      '03-02T10:00 red: null unknown: no-value final',
    ]);
  });

  it('speak the standard values', async () => {
    const dataset = events('logons', {
      fields: { team: 'Team' },
      values: { team: { blue: ['BLUE-1', 'BLUE-2'] } },
    });
    const { restart, results } = await bench({
      definitions: [kpi(grouped)],
      datasets: [dataset],
      rows: {
        logons: ['BLUE-1', 'BLUE-2', 'Red'].flatMap((Team) => eventsAt([9.5], { outcome: 'failure', Team })),
      },
    });
    await restart().pass(at(10));
    const groups = (await results('by-team')).map(({ group, sample }) => [group?.team, sample]);
    expect(groups).toEqual([
      [undefined, 3],
      ['Red', 1],
      ['blue', 2],
    ]);
  });
});
