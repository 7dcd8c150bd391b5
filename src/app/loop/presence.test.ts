import { describe, expect, it } from 'vitest';
import { configOf, events, kpi, snapshot, sourceOf } from '../../../test/fakes/loop.ts';
import { at, bench, between, eventsAt } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, target } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { formatInstant, HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';
import { createReadModel } from '../views.ts';

const D = 24;
/** Five events in each hour. */
const fivePerHour = (from: number, to: number, fields: Row): Row[] =>
  eventsAt(
    Array.from({ length: (to - from) * 5 }, (_, index) => from + (index + 0.5) / 5),
    fields,
  );

const named = { outcome: 'failure', host: 'h' };
/** An update names the field otherwise. */
const renamed = { result: 'failure', host: 'h' };
/** Ten days as ever, then it is renamed at 18:00. */
const GONE = 9 * D + 18;
const rows = [...fivePerHour(0, GONE, named), ...fivePerHour(GONE, 30 * D, renamed)];

const counting = (where: object, more: object = {}) =>
  kpi({
    id: 'count',
    measures: { n: { dataset: 'logons', where, aggregate: 'count', ...more } },
    window: HOURLY,
    targets: target,
  });

const started = (where: object = { outcome: 'failure' }, more: object = {}, logons: readonly Row[] = rows) =>
  bench({ definitions: [counting(where, more)], datasets: [events('logons')], rows: { logons } });

const reasonsOf = async (
  results: Awaited<ReturnType<typeof started>>['results'],
  from: number,
  to: number,
): Promise<string[]> =>
  (await results('count', { from: at(from), to: at(to) })).map(
    ({ end, value, reason }) => `${formatInstant(end).slice(5, 13)} ${reason ?? value}`,
  );

const texts = ({ label, value, children }: Derivation): string[] => [
  `${label}: ${value}`,
  ...children.flatMap(texts),
];

const ABSENT = 'No event of “logons” has outcome since 2026-03-11T18:00:00Z, where 100 of 100 had it before.';

describe('a field that no event has any more', () => {
  it('makes what needs it unknown from the last time it was there, and is told with its name', async () => {
    const { restart, results, store } = await started();
    const { pass, warnings, clock } = restart();
    await pass(at(10 * D), { from: at(0) });
    expect(await reasonsOf(results, 9 * D + 16, 9 * D + 20)).toEqual([
      '03-11T17 5',
      '03-11T18 5',
      '03-11T19 0',
      '03-11T20 0',
    ]);
    await pass(at(11 * D));
    expect(warnings).toEqual([`${ABSENT} What needs it is unknown until it is back.`]);
    expect(await reasonsOf(results, 9 * D + 16, 9 * D + 20)).toEqual([
      '03-11T17 5',
      '03-11T18 5',
      '03-11T19 field-vanished',
      '03-11T20 field-vanished',
    ]);
    const [newest] = (await results('count')).slice(-1);
    if (newest === undefined) throw new Error('no result');
    expect(newest).toMatchObject({ value: null, verdict: 'unknown', reason: 'field-vanished' });
    expect(texts((await explainResult(store, newest)).tree)).toContain(`field vanished: ${ABSENT}`);
    const set = { config: configOf([events('logons')]), definitions: [counting({ outcome: 'failure' })] };
    const read = createReadModel(store, () => set, clock);
    expect((await read.kpi('count'))?.status.sentence).toMatch(
      /^A field that is measured is in no event.* has outcome since/,
    );
  });

  it('is found at once where the days before are read at once, and looked for once a day', async () => {
    const { restart, results, calls } = await started();
    const { pass } = restart();
    await pass(at(12 * D), { from: at(0) });
    const looks = () =>
      calls('slices').flatMap((call) =>
        call.kind === 'slices' && call.request.measures[0]?.id === 'outcome' ? [call.request.range] : [],
      );
    expect(looks()).toEqual([between(0, 12 * D)]);
    expect(await reasonsOf(results, 12 * D - 1, 12 * D)).toEqual(['03-14T00 field-vanished']);
    await pass(at(12 * D + 6));
    await restart().pass(at(12 * D + 7));
    // The hours of the running day, for it may be back.
    expect(looks().slice(1)).toEqual([between(12 * D, 12 * D + 6), between(12 * D + 6, 12 * D + 7)]);
    await pass(at(13 * D + 1));
    expect(looks().slice(3)).toEqual([between(12 * D, 13 * D), between(13 * D, 13 * D + 1)]);
  });

  it('heals within the hour when it is back; what was without it stays unknown', async () => {
    const BACK = 12 * D + 5;
    const mended = [
      ...rows.filter(({ at: time }) => Number(time) < at(BACK)),
      ...fivePerHour(BACK, 30 * D, named),
    ];
    const { restart, results } = await started({ outcome: 'failure' }, {}, mended);
    const { pass, warnings } = restart();
    await pass(at(12 * D), { from: at(0) });
    await pass(at(12 * D + 4));
    await pass(at(12 * D + 7));
    expect(await reasonsOf(results, 12 * D + 3, 12 * D + 7)).toEqual([
      '03-14T04 field-vanished',
      '03-14T05 field-vanished',
      '03-14T06 5',
      '03-14T07 5',
    ]);
    await pass(at(14 * D));
    await pass(at(20 * D));
    expect(new Set((await reasonsOf(results, 12 * D + 5, 20 * D)).map((one) => one.slice(9)))).toEqual(
      new Set(['5']),
    );
    expect(warnings).toHaveLength(1);
  });

  it('spoils no window of which little enough is without it, or that leaves that time out', async () => {
    const mended = [
      ...fivePerHour(0, GONE, named),
      ...fivePerHour(GONE, 11 * D, renamed),
      ...fivePerHour(11 * D, 20 * D, named),
    ];
    const over = async (more: object) => {
      const definition = kpi({
        id: 'count',
        measures: { n: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
        window: { rolling: '10d', every: '1d' },
        ...more,
      });
      const { restart, results } = await bench({
        definitions: [definition],
        datasets: [events('logons')],
        rows: { logons: mended },
      });
      const { pass } = restart();
      await pass(at(11 * D), { from: at(0) });
      await pass(at(13 * D));
      const newest = (await results('count')).at(-1);
      return newest?.reason === 'field-vanished' ? newest.reason : newest?.value;
    };
    expect(await over({})).toBe('field-vanished');
    // 30 of 240 hours.
    expect(await over({ tolerate: { partial: '12%' } })).toBe('field-vanished');
    expect(await over({ tolerate: { partial: '13%' } })).toBe(210 * 5);
    const exclusions = [
      { start: '2026-03-11T18:00:00Z', end: '2026-03-13T00:00:00Z', reason: 'update', approver: 'a' },
    ];
    expect(await over({ exclusions })).toBe(210 * 5);
  });

  it('stays gone, however long', async () => {
    const { restart, results } = await started();
    const { pass } = restart();
    for (let day = 10; day < 28; day++) await pass(at(day * D), { from: at(0) });
    expect(new Set((await reasonsOf(results, 10 * D, 28 * D)).map((one) => one.slice(9)))).toEqual(
      new Set(['field-vanished']),
    );
  });

  it.each<[string, object, object, string | number]>([
    ['an aggregate that needs it', { host: 'h' }, { aggregate: { distinct: 'outcome' } }, 'field-vanished'],
    ['a filter that negates it', { 'outcome|neq': 'success' }, {}, 'field-vanished'],
    ['one of several alternatives', [{ outcome: 'failure' }, { host: 'h' }], {}, 'field-vanished'],
    ['a measure of another field', { host: 'h' }, {}, 5],
    ['a filter that asks for its absence', { outcome: null }, {}, 5],
    ['another one that does', { 'outcome|exists': false }, {}, 5],
    ['what may be absent', { outcome: 'failure' }, { mayBeAbsent: true }, 0],
  ])('%s: is it unknown?', async (_, where, more, expected) => {
    const { restart, results } = await started(where, more);
    await restart().pass(at(12 * D), { from: at(0) });
    expect((await results('count')).at(-1)).toMatchObject(
      typeof expected === 'number' ? { reason: null, value: expected } : { reason: expected, value: null },
    );
  });

  it('makes what looks values up in it unknown, too', async () => {
    const silent = kpi({
      id: 'count',
      measures: {
        n: {
          dataset: 'hosts',
          where: { a: { 'name|in': { dataset: 'logons', field: 'outcome' } }, condition: 'not a' },
          aggregate: 'count',
        },
      },
      window: HOURLY,
    });
    const { restart, results } = await bench({
      definitions: [silent],
      datasets: [events('logons'), snapshot('hosts')],
      rows: { logons: rows, hosts: [{ name: 'failure' }] },
    });
    await restart().pass(at(12 * D), { from: at(0) });
    expect((await results('count')).at(-1)).toMatchObject({ reason: 'field-vanished', value: null });
  });

  it('is no finding where it is rare, was never common, or is there on workdays only', async () => {
    const host = fivePerHour(0, 30 * D, { host: 'h' });
    const rare = eventsAt(
      Array.from({ length: 9 }, (_, day) => day * D + 3),
      named,
    );
    const weekly = Array.from({ length: 26 }, (_, day) => day)
      .filter((day) => day % 7 < 5)
      .flatMap((day) => fivePerHour(day * D, day * D + D, named));
    for (const some of [rare, weekly]) {
      const { restart, results } = await started({ outcome: 'failure' }, {}, [...host, ...some]);
      const { pass, warnings } = restart();
      for (let day = 1; day < 22; day++) await pass(at(day * D), { from: at(0) });
      expect((await results('count')).filter(({ reason }) => reason !== null)).toEqual([]);
      expect(warnings).toEqual([]);
    }
  });

  it('is not judged by hours that the source could not tell whole', async () => {
    const { restart, results, source } = await started();
    source.partial = (_, start) => ((start ?? 0) >= at(GONE) ? 'a shard was away' : null);
    await restart().pass(at(12 * D), { from: at(0) });
    expect((await results('count')).at(-1)).toMatchObject({ reason: 'partial' });
  });

  it('is looked for in as few searches as the source allows, and goes on in the next cycle', async () => {
    const { restart, results, source, calls } = await bench({
      definitions: [counting({ outcome: 'failure' })],
      datasets: [events('logons')],
      rows: { logons: rows },
      config: { sources: { memory: sourceOf('memory', { maxRangeMs: 96 * HOUR, maxSearchesPerCycle: 6 }) } },
    });
    const { pass } = restart();
    const looks = () =>
      calls('slices').filter((call) => call.kind === 'slices' && call.request.measures[0]?.id === 'outcome')
        .length;
    await pass(at(12 * D), { from: at(0) });
    expect((await results('count')).at(-1)).toMatchObject({ value: 0, reason: null });
    for (let minute = 1; minute < 4; minute++) await pass(at(12 * D) + minute * 60_000);
    expect((await results('count')).at(-1)).toMatchObject({ reason: 'field-vanished' });
    expect(looks()).toBe(3);
    source.onCall = (call) => {
      if (call.kind === 'slices' && call.request.measures[0]?.id === 'outcome') throw unreachable(true);
    };
    await restart({ pace: { retries: 0 } }).pass(at(13 * D));
    expect((await results('count')).at(-1)).toMatchObject({ reason: 'field-vanished' });
  });
});

describe('a field that fewer events have than before', () => {
  it('is told in the log, beside the evidence of what is then read, and in explain; the number stands', async () => {
    const half = [
      ...fivePerHour(0, 10 * D, named),
      ...eventsAt(
        Array.from({ length: 10 * D }, (_, hour) => 10 * D + hour + 0.5),
        named,
      ),
      ...fivePerHour(10 * D, 20 * D, renamed).filter((_, index) => index % 5 !== 0),
    ];
    const { restart, results, store } = await started({ outcome: 'failure' }, {}, half);
    const { pass, warnings } = restart();
    await pass(at(10 * D), { from: at(0) });
    await pass(at(11 * D));
    await pass(at(11 * D + 1));
    const told =
      'only 24 of 120 events of 2026-03-12 have outcome, where 100 of 100 had it on the days before: was it renamed? What needs it counts less.';
    expect(warnings).toEqual([told]);
    expect((await store.reads('logons', at(99 * D), 1))[0]?.evidence.warnings).toEqual([told]);
    const newest = (await results('count')).at(-1);
    if (newest === undefined) throw new Error('no result');
    expect(newest).toMatchObject({ value: 1, reason: null });
    expect(texts((await explainResult(store, newest)).tree)).toContain(`field: ${told}`);
  });
});
