import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, eventsAt } from '../../../test/fakes/loop-bench.ts';
import { allLogons, failed } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

/** So many events in each hour, each with an id of its own. */
const numbered = (from: number, to: number, perHour = 10): Row[] =>
  Array.from({ length: (to - from) * perHour }, (_, index) => ({
    ...eventsAt([from + (index + 0.5) / perHour], { outcome: 'failure' })[0],
    uid: `${from}-${index}`,
  }));

const dataset = events('logons', { id: 'event.id', fields: { 'event.id': 'uid' } });
const rows = numbered(0, 99);
/** A shipper sends this hour's first events again. */
const again = (hour: number, count: number): Row[] => rows.slice(hour * 10, hour * 10 + count);

const started = (logons: readonly Row[], definitions = [failed], used = dataset) =>
  bench({ definitions, datasets: [used], rows: { logons } });

const told = (tree: Derivation): readonly Derivation[] => [
  ...(tree.label === 'twice' ? [tree] : []),
  ...tree.children.flatMap(told),
];

const SENTENCE =
  '3 of 13 events between 2026-03-02T09:00:00Z and 2026-03-02T10:00:00Z are there twice: their event.id has only 10 values. Each counts as often as it is there; look at what sends them.';

describe('events that are there twice', () => {
  it('are told in the log, beside the evidence of what is then read, and in explain; the number stands', async () => {
    const { restart, results, store } = await started([...rows, ...again(9, 3)]);
    const { pass, warnings } = restart();
    await pass(at(10));
    await pass(at(11));
    expect(warnings).toEqual([SENTENCE]);
    const read = (await store.reads('logons', at(99), 9)).map(({ evidence }) => evidence.warnings);
    expect(read).toEqual([[SENTENCE], []]);
    const all = await results('failed');
    expect(all.map(({ value }) => value)).toEqual([13, 10]);
    const explained = await Promise.all(all.map(async (one) => told((await explainResult(store, one)).tree)));
    expect(explained.map((nodes) => nodes.map(({ value }) => value))).toEqual([[SENTENCE], [SENTENCE]]);
  });

  it('are looked for once a day, and no more told when they are gone', async () => {
    const { restart, results, store, calls } = await started([...rows, ...again(9, 3)]);
    const { pass, warnings } = restart();
    await pass(at(10));
    expect(calls('slices')).toHaveLength(2);
    await pass(at(11));
    await restart().pass(at(33));
    expect(calls('slices')).toHaveLength(4);
    await pass(at(34));
    expect(calls('slices')).toHaveLength(6);
    await pass(at(35));
    expect(warnings).toHaveLength(1);
    expect((await store.reads('logons', at(99), 1)).map(({ evidence }) => evidence.warnings)).toEqual([[]]);
    const newest = (await results('failed')).at(-1);
    if (newest === undefined) throw new Error('no result');
    expect(told((await explainResult(store, newest)).tree)).toEqual([]);
  });

  it('are seen in the newest hour with events, however long its slices are', async () => {
    const daily = kpi({ ...allLogons, window: { rolling: '1d', every: '1d' } });
    const quiet = numbered(0, 20);
    const { restart, calls } = await started([...quiet, ...quiet.slice(190, 192)], [daily]);
    const { pass, warnings } = restart();
    await pass(at(24));
    expect(warnings.join()).toMatch(/^2 of 12 events between 2026-03-02T19:00:00Z and 2026-03-02T20:00:00Z/);
    const asked = calls('slices').flatMap((call) => (call.kind === 'slices' ? [call.request] : []));
    expect(asked.map(({ range, measures }) => [(range.end - range.start) / HOUR, measures.length])).toEqual([
      [24, 1],
      [24, 0],
      [1, 1],
    ]);
  });

  it('are counted one by one also where there are many, and by an estimate only beyond its error', async () => {
    const warned = async (logons: readonly Row[]) => {
      const { pass, warnings } = (await started(logons)).restart();
      await pass(at(10) + 60_000);
      return warnings.join();
    };
    const even = numbered(9, 10, 30_000);
    expect(await warned([...even, ...even.slice(0, 5)])).toMatch(/^5 of 30,005 events .* only 30,000 values/);
    // More in one minute than are kept one by one.
    const crowded = even.map((row) => ({ ...row, at: at(9.5) }));
    expect(await warned([...crowded, ...crowded.slice(0, 5)])).toBe('');
    expect(await warned([...crowded, ...crowded])).toMatch(
      /^about [\d,]+ of 60,000 events .* about [\d,]+ values/,
    );
  });

  it('are not looked for where nobody says what names an event, and can not be where none has it', async () => {
    const without = await started([...rows, ...again(9, 3)], [failed], events('logons'));
    const { pass, warnings } = without.restart();
    await pass(at(10));
    expect([warnings, without.calls('slices').length]).toEqual([[], 1]);
    const misnamed = await started(rows, [failed], events('logons', { id: 'uuid' }));
    const other = misnamed.restart();
    await other.pass(at(10));
    await other.pass(at(11));
    expect(other.warnings.join()).toMatch(/^whether events are there twice can't be told: .*"uuid"/);
    expect(misnamed.calls('slices')).toHaveLength(3);
  });

  it('are looked for again when the source did not answer', async () => {
    const { restart, source, results } = await started([...rows, ...again(9, 3)]);
    source.onCall = (call) => {
      if (call.kind === 'slices' && call.request.measures[0]?.aggregate.type === 'distinct')
        throw unreachable(true);
    };
    const { pass, warnings } = restart({ pace: { retries: 0 } });
    await pass(at(10));
    expect(warnings.join()).toContain('the source is away');
    expect(await results('failed')).toMatchObject([{ value: 13 }]);
    source.onCall = () => {};
    await pass(at(10) + 60_000);
    expect(warnings.at(-1)).toBe(SENTENCE);
  });
});
