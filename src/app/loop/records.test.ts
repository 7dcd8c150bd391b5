import { describe, expect, it } from 'vitest';
import { kpi, records, snapshot } from '../../../test/fakes/loop.ts';
import { at, type Bench, bench, lines } from '../../../test/fakes/loop-bench.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import { ConnectorError } from '../../core/errors.ts';
import type { Row } from '../../core/filter/model.ts';
import { DAY, HOUR } from '../../core/time/interval.ts';

const DAILY = { calendar: 'day', timeZone: 'UTC' };

/** A version of a case, known from the hour `known` on: times in hours after Monday. */
function version(id: string, v: number, known: number, fields: Row & { opened?: number | null } = {}): Row {
  const { opened = null, closed = null, due = null, ...rest } = fields;
  const time = (hour: unknown) => (typeof hour === 'number' ? at(hour) : null);
  return {
    id,
    v,
    in: at(known),
    state: 'New',
    kept: true,
    team: 'blue',
    ...rest,
    opened: time(opened),
    closed: time(closed),
    due: time(due),
  };
}

const sla = kpi({
  id: 'sla',
  measures: {
    kept: {
      dataset: 'cases',
      cohort: 'closed',
      aggregate: { share: { kept: true } },
      decidedWhen: { state: 'Closed' },
    },
  },
  formula: '100.0 * kept',
  window: DAILY,
  targets: [{ from: '2026-01-01', onTarget: '>= 75' }],
});

const count = (id: string, cohort: string, more: object = {}) =>
  kpi({
    id,
    measures: { n: { dataset: 'cases', cohort, aggregate: 'count' } },
    window: DAILY,
    ...more,
  });

const cases = (definitions: Parameters<typeof bench>[0]['definitions'], rows: readonly Row[], more = {}) =>
  bench({ definitions, datasets: [records('cases', more)], rows: { cases: rows } });

describe('records', () => {
  const four = [1, 2, 3, 4].map((n) =>
    version(`case ${n}`, 1, 10 + n, { opened: 1, closed: 10 + n, state: 'Resolved' }),
  );

  it('that are not decided count either way, until they are', async () => {
    const { restart, results, source, calls } = await cases([sla], four);
    const { pass } = restart();
    await pass(at(24));
    expect(lines(await results('sla'))).toEqual(['03-03T00:00 100 unknown: undecided (0..100)']);
    source.append('cases', [
      version('case 1', 2, 30, { opened: 1, closed: 11, state: 'Closed' }),
      version('case 2', 2, 31, { opened: 1, closed: 12, state: 'Closed', kept: false }),
    ]);
    await pass(at(48));
    source.append('cases', [
      version('case 3', 2, 50, { opened: 1, closed: 13, state: 'Closed' }),
      version('case 4', 2, 51, { opened: 1, closed: 14, state: 'Closed' }),
    ]);
    await pass(at(72));
    await pass(at(24 * 8));
    const all = await results('sla', { to: at(24), asOf: at(24 * 7) });
    expect(lines(all)).toEqual(['03-03T00:00 75 on-target']);
    expect(lines(await results('sla', { to: at(24), asOf: at(48) }))).toEqual([
      '03-03T00:00 75 unknown: undecided (25..75)',
    ]);
    expect(lines(await results('sla', { to: at(24) }))).toEqual(['03-03T00:00 75 on-target final']);
    expect(calls('records')).toHaveLength(4);
  });

  it('that are undecided keep a window from being final, however old it is', async () => {
    const { restart, results } = await cases([sla], four, { reviseForMs: DAY });
    const { pass } = restart();
    await pass(at(24));
    await pass(at(24 * 9));
    expect(await results('sla', { to: at(24) })).toMatchObject([{ final: false, undecided: 4 }]);
  });

  it('that are reopened move from one window to another', async () => {
    const first = version('case', 1, 12, { opened: 1, closed: 12 });
    const { restart, results, source } = await cases([count('closed', 'closed')], [first]);
    const { pass } = restart();
    await pass(at(24));
    source.append('cases', [version('case', 2, 30, { opened: 1 })]);
    await pass(at(48));
    source.append('cases', [version('case', 3, 60, { opened: 1, closed: 60 })]);
    await pass(at(72));
    expect((await results('closed')).map(({ value }) => value)).toEqual([0, 0, 1]);
    expect((await results('closed', { asOf: at(24) })).map(({ value }) => value)).toEqual([1]);
  });

  it('of every cohort are counted in the windows of their times', async () => {
    const definitions = ['opened', 'closed', 'due', 'open-at-end'].map((cohort) => count(cohort, cohort));
    const { restart, results } = await cases(definitions, [
      version('a', 1, 20, { opened: 2, closed: 20, due: 30 }),
      version('b', 1, 20, { opened: 20, due: 50 }),
      version('b', 2, 60, { opened: 20, due: 50, closed: 60 }),
      version('c', 1, 40, { opened: 40 }),
    ]);
    const { pass } = restart();
    for (const hour of [24, 48, 72]) await pass(at(hour));
    const values = async (id: string) => (await results(id)).map(({ value }) => value);
    expect(await values('opened')).toEqual([2, 1, 0]);
    expect(await values('closed')).toEqual([1, 0, 1]);
    expect(await values('due')).toEqual([0, 1, 1]);
    expect(await values('open-at-end')).toEqual([1, 2, 1]);
  });

  it('whose closing was still to come when they were read count once it has passed', async () => {
    const row = version('case', 1, 2, { opened: 1, closed: 30, due: 90 });
    const beat = [26, 50].map((hour) => version(`beat ${hour}`, 1, hour, { opened: hour }));
    const ended = kpi({
      id: 'ended',
      measures: {
        n: { dataset: 'cases', cohort: 'opened', aggregate: { count: { 'closed|exists': true } } },
      },
      window: DAILY,
    });
    for (const ingested of ['in', null]) {
      const { restart, results } = await cases([ended], [row, ...beat], { ingested });
      const { pass } = restart();
      await pass(at(24));
      expect(await results('ended')).toMatchObject([{ value: 0 }]);
      await pass(at(31));
      expect(await results('ended')).toMatchObject([{ value: 1 }]);
    }
  });

  const within = kpi({
    id: 'within',
    measures: {
      share: { dataset: 'cases', cohort: 'opened', aggregate: { within: '48h' }, followUp: '48h' },
    },
    window: DAILY,
  });

  it('are followed beyond the window where it says so, and judged when that is over', async () => {
    const { restart, results } = await cases(
      [within],
      [
        version('quick', 1, 10, { opened: 8, closed: 10 }),
        version('slow', 1, 9, { opened: 9 }),
        version('slow', 2, 80, { opened: 9, closed: 80 }),
      ],
      { reviseForMs: 0 },
    );
    const { pass } = restart();
    await pass(at(24));
    expect(await results('within')).toMatchObject([{ lower: 0.5, upper: 1, undecided: 1, final: false }]);
    await pass(at(73));
    expect(await results('within', { to: at(24) })).toMatchObject([
      { value: 0.5, lower: 0.5, upper: 0.5, undecided: 0, final: true, asOf: at(73) },
    ]);
  });

  it('that can not be read leave their windows missing, and they heal, also where nothing happened', async () => {
    const quiet = version('case', 1, 1, { opened: -5 });
    const { restart, results, source } = await cases([count('open', 'open-at-end')], [quiet], {
      expectEvents: { atLeast: 0, everyMs: DAY, during: null },
    });
    const { pass } = restart();
    await pass(at(24));
    source.onCall = ({ kind }) => {
      if (kind === 'records') throw unreachable();
    };
    await pass(at(48));
    await pass(at(72));
    expect((await results('open')).map(({ value, reason }) => value ?? reason)).toEqual([
      1,
      'missing',
      'missing',
    ]);
    source.onCall = () => {};
    await pass(at(72.5));
    expect((await results('open')).map(({ value, reason }) => value ?? reason)).toEqual([1, 1, 1]);
  });

  it('that could not be read in part leave windows partial, and they heal', async () => {
    const { restart, results, source } = await cases([count('closed', 'closed')], four);
    source.partial = () => 'line 7 of cases.ndjson can not be read';
    const { pass } = restart();
    await pass(at(24));
    expect(await results('closed')).toMatchObject([{ value: 4, reason: 'partial', quality: 'partial' }]);
    source.partial = () => null;
    await pass(at(25));
    expect(await results('closed')).toMatchObject([{ value: 4, quality: 'complete' }]);
  });

  it('read in many batches, of which one fails, are read on from the last whole reading', async () => {
    const { restart, results, source } = await cases([count('closed', 'closed')], four);
    source.batchSize = 1;
    source.onCall = ({ kind }, batch) => {
      if (kind === 'records' && batch === 2) throw unreachable();
    };
    const { pass } = restart();
    await pass(at(24));
    expect(await results('closed')).toMatchObject([{ value: null, reason: 'missing' }]);
    source.onCall = () => {};
    await restart().pass(at(24.5));
    expect(await results('closed')).toMatchObject([{ value: 4, supersedes: 1 }]);
  });

  it('are silent where no version came in a window, if the source tells when they come', async () => {
    const rows = [version('case', 1, 5, { opened: 5 })];
    for (const [ingested, said] of [
      ['in', ['03-03T00:00 1', '03-04T00:00 null unknown: silent']],
      [null, ['03-03T00:00 1', '03-04T00:00 1']],
    ] as const) {
      const { restart, results } = await cases([count('open', 'open-at-end')], rows, { ingested });
      const { pass } = restart();
      await pass(at(24));
      await pass(at(48));
      const all = lines(await results('open'));
      expect(all.map((line) => line.replace(' unknown: no-target', ''))).toEqual(said);
    }
  });

  it('change only the windows that look at what changed', async () => {
    const byTeam = count('by-team', 'opened', { groupBy: ['team'] });
    const { restart, results, source } = await cases(
      [count('opened', 'opened'), byTeam],
      [version('case', 1, 5, { opened: 5 })],
    );
    const { pass } = restart();
    await pass(at(24));
    source.append('cases', [version('case', 2, 30, { opened: 5, team: 'red' })]);
    await pass(at(31));
    expect(await results('opened')).toMatchObject([{ value: 1, asOf: at(24) }]);
    expect(lines(await results('by-team'))).toEqual([
      '03-03T00:00 1 unknown: no-target',
      '03-03T00:00 blue: null unknown: no-value',
      '03-03T00:00 red: 1 unknown: no-target',
    ]);
  });

  it('of a source that keeps only the newest state are sampled, and what each was stays known', async () => {
    const alert = (state: string, closed: number | null = null): Row => ({
      id: 'alert',
      state,
      opened: at(1),
      closed: closed === null ? null : at(closed),
    });
    const fresh = kpi({
      id: 'new',
      measures: {
        n: { dataset: 'cases', cohort: 'open-at-end', aggregate: 'count', where: { state: 'New' } },
      },
      window: { rolling: '1h', every: '1h' },
    });
    const { restart, results, source, store } = await cases([fresh], [alert('New')], {
      ingested: null,
      version: [],
      due: null,
    });
    const { pass } = restart();
    for (const [hour, row] of [
      [2, alert('New')],
      [3, alert('New')],
      [4, alert('Acknowledged')],
      [5, alert('New')],
      [6, alert('Closed', 5.5)],
    ] as const) {
      source.replace('cases', [row]);
      await pass(at(hour));
    }
    const known = async (asOf: number) =>
      (await results('new', { asOf: at(asOf) }))
        .filter(({ end }) => end === at(asOf))
        .map(({ value }) => value);
    expect([await known(3), await known(4), await known(5), await known(6)]).toEqual([[1], [0], [1], [0]]);
    const histories = await store.histories(1, { start: 0, end: at(100) });
    const states = (histories.get('alert') ?? [])
      .map(({ ingested, fields }) => [ingested, fields.state] as const)
      .sort(([a], [b]) => a - b);
    expect(states).toEqual([
      [at(2), 'New'],
      [at(4), 'Acknowledged'],
      [at(5), 'New'],
      [at(6), 'Closed'],
    ]);
  });

  it('that hold no field of one KPI are read for the others', async () => {
    const of = (id: string, where: object) =>
      kpi({
        id,
        measures: { n: { dataset: 'cases', where, cohort: 'opened', aggregate: 'count' } },
        window: DAILY,
      });
    const definitions = [of('blue', { team: 'blue' }), of('other', { nowhere: 'x', team: 'blue' })];
    const { restart, results, source } = await cases(definitions, four);
    source.onCall = (call) => {
      if (call.kind === 'records' && call.request.fields.includes('nowhere'))
        throw new ConnectorError('no record has a field "nowhere"', { retryable: false });
    };
    await restart().pass(at(24));
    expect(lines(await results('blue'))).toEqual(['03-03T00:00 4 unknown: no-target']);
    expect(lines(await results('other'))).toEqual(['03-03T00:00 null unknown: missing']);
  });

  it('are one set for all measures of a dataset, read once a pass', async () => {
    const { restart, calls } = await cases([sla, count('a', 'opened'), count('b', 'closed')], four);
    const { pass } = restart();
    await pass(at(24));
    await pass(at(25));
    expect(calls('records')).toHaveLength(2);
  });
});

describe('a list', () => {
  const assets = (id: string, more: object = {}) =>
    kpi({ id, measures: { n: { dataset: 'assets', aggregate: 'count' } }, window: DAILY, ...more });
  const covered = assets('covered', {
    measures: {
      agent: { dataset: 'assets', where: { agent: true }, aggregate: 'count' },
      all: { dataset: 'assets', aggregate: 'count' },
    },
    formula: '100.0 * agent / all',
  });
  const host = (name: string, agent: boolean, site: string | null = 'oslo'): Row => ({ name, agent, site });
  const started = (definitions = [covered]): Promise<Bench> =>
    bench({
      definitions,
      datasets: [snapshot('assets', { everyMs: 12 * HOUR })],
      rows: { assets: [host('a', true), host('b', false)] },
    });

  it('counts as it was at the end of the window', async () => {
    const { restart, results, source, calls } = await started();
    const { pass } = restart();
    await pass(at(20));
    expect(await results('covered')).toMatchObject([{ value: null, reason: 'missing' }]);
    await pass(at(24));
    source.append('assets', [host('c', true), host('d', true)]);
    await pass(at(25));
    await pass(at(36));
    await pass(at(48));
    expect((await results('covered')).map(({ value }) => value)).toEqual([null, 50, 75]);
    expect(calls('snapshot').length).toBe(3);
  });

  it('that can not be read is used as it was, until it is too old', async () => {
    const { restart, results, source } = await started();
    const { pass } = restart();
    await pass(at(20));
    source.onCall = ({ kind }) => {
      if (kind === 'snapshot') throw unreachable();
    };
    for (const hour of [24, 48, 72]) await pass(at(hour));
    expect((await results('covered')).slice(1)).toMatchObject([
      { value: 50, reason: 'no-target', quality: 'complete' },
      { value: 50, reason: 'stale', quality: 'stale' },
      { value: 50, reason: 'stale' },
    ]);
  });

  it('that holds no field of one KPI is read for the others', async () => {
    const where = { nowhere: 'x' };
    const other = assets('other', { measures: { n: { dataset: 'assets', where, aggregate: 'count' } } });
    const { restart, results, source } = await started([covered, other]);
    source.onCall = (call) => {
      if (call.kind === 'snapshot' && call.request.fields.includes('nowhere'))
        throw new ConnectorError('the list has no field "nowhere"', { retryable: false });
    };
    await restart().pass(at(24));
    await restart().pass(at(48));
    expect(await results('covered')).toMatchObject([{ value: 50 }, { value: 50 }]);
    expect(await results('other')).toMatchObject([{ reason: 'missing' }, { reason: 'missing' }]);
  });

  it('is grouped like events', async () => {
    const bySite = assets('by-site', { groupBy: ['site'], rollup: 'total' });
    const { restart, results, source } = await started([bySite]);
    source.append('assets', [host('c', true, null)]);
    const { pass } = restart();
    await pass(at(20));
    await pass(at(24));
    expect((await results('by-site', { from: at(0) })).map(({ group, value }) => [group, value])).toEqual([
      [null, 3],
      [{ site: '(none)' }, 1],
      [{ site: 'oslo' }, 2],
    ]);
  });
});
