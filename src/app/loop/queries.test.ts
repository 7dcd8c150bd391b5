import { describe, expect, it } from 'vitest';
import { configOf, events, kpi } from '../../../test/fakes/loop.ts';
import { at, bench, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { Row } from '../../core/filter/model.ts';
import { DAY, HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

const DAILY = { calendar: 'day', timeZone: 'UTC' };
const SQL = { sql: 'SELECT quantile(ms, 0.95) AS p95, count(*) AS n FROM events' };
const asked = (id: string, value: string, more: object = {}) =>
  kpi({ id, measures: { x: { dataset: 'web', query: SQL, value } }, window: DAILY, ...more });

const web = async (
  definitions: Parameters<typeof bench>[0]['definitions'],
  rows: readonly Row[] = hourly(0, 48, { ms: 7 }),
) => {
  const made = await bench({
    definitions,
    datasets: [events('web', { reviseForMs: 2 * DAY })],
    rows: { web: rows },
  });
  made.source.query = (_, seen) => ({
    p95: Math.max(0, ...seen.map(({ ms }) => Number(ms))),
    n: seen.length,
    nothing: null,
  });
  return made;
};
const flat = (tree: Derivation): string[] => [`${tree.label}: ${tree.value}`, ...tree.children.flatMap(flat)];

describe('a query in a source’s own language', () => {
  it('is asked once a window, for all measures that ask the same', async () => {
    const both = asked('both', 'n', {
      measures: {
        n: { dataset: 'web', query: SQL, value: 'n' },
        all: { dataset: 'web', aggregate: 'count' },
      },
      formula: 'n / all',
    });
    const { restart, results, calls } = await web([asked('p95', 'p95'), both]);
    const { pass } = restart();
    for (const hour of [24, 25, 48, 49]) await pass(at(hour));
    expect(calls('query').map((call) => call.kind === 'query' && call.request)).toMatchObject([
      { language: 'sql', text: SQL.sql, range: { start: at(0), end: at(24) }, asOf: at(24) },
      { range: { start: at(24), end: at(48) } },
    ]);
    expect((await results('p95')).map(({ value, sample }) => [value, sample])).toEqual([
      [7, 24],
      [7, 24],
    ]);
    expect((await results('both')).map(({ value }) => value)).toEqual([1, 1]);
  });

  it('is asked again when late data came, and only then, until that is over', async () => {
    const { restart, results, source, calls } = await web([asked('p95', 'p95')]);
    const { pass } = restart();
    await pass(at(24));
    expect(await results('p95')).toMatchObject([{ value: 7, final: false }]);
    source.append('web', [{ at: at(3), in: at(30), ms: 99 }]);
    await pass(at(31));
    expect(await results('p95', { to: at(24) })).toMatchObject([{ value: 99, asOf: at(31), final: false }]);
    expect(await results('p95', { to: at(24), asOf: at(30) })).toMatchObject([{ value: 7 }]);
    await pass(at(32));
    await pass(at(24 * 3));
    expect(await results('p95', { to: at(24) })).toMatchObject([{ value: 99, final: true }]);
    const first = calls('query').filter((call) => call.kind === 'query' && call.request.range.end === at(24));
    expect(first).toHaveLength(2);
  });

  it.each([
    ['another', 99],
    ['the same', 7],
  ])('has no value while it can not be asked again for late data, then %s', async (_, ms) => {
    const { restart, results, source } = await web([asked('p95', 'p95')]);
    source.query = (_, seen) => ({ p95: Math.max(...seen.map((row) => Number(row.ms))) });
    const { pass } = restart();
    await pass(at(24));
    source.append('web', [{ at: at(3), in: at(30), ms }]);
    source.onCall = ({ kind }) => {
      if (kind === 'query') throw unreachable();
    };
    await pass(at(31));
    expect(lines(await results('p95'))).toEqual(['03-03T00:00 null unknown: missing']);
    source.onCall = () => {};
    await pass(at(31.5));
    expect(await results('p95')).toMatchObject([{ value: ms, sample: 25 }]);
  });

  it('is asked again for late data that the source was not asked for in time', async () => {
    const { restart, results, source } = await web([asked('p95', 'p95')]);
    const { pass } = restart();
    await pass(at(24));
    source.append('web', [{ at: at(3), in: at(30), ms: 99 }]);
    source.onCall = ({ kind }) => {
      if (kind === 'revised') throw unreachable();
    };
    await pass(at(24 * 3 + 1));
    expect(await results('p95', { to: at(24) })).toMatchObject([{ value: 7, final: false }]);
    source.onCall = () => {};
    await pass(at(24 * 3 + 2));
    expect(await results('p95', { to: at(24) })).toMatchObject([{ value: 99, sample: 25, final: true }]);
  });

  it('that fails leaves its windows missing, and they heal', async () => {
    const { restart, results, source } = await web([asked('p95', 'p95')]);
    source.onCall = ({ kind }) => {
      if (kind === 'query') throw unreachable();
    };
    const { pass, warnings } = restart();
    await pass(at(24));
    expect(lines(await results('p95'))).toEqual(['03-03T00:00 null unknown: missing']);
    expect(warnings.join()).toContain('the source is away');
    source.onCall = () => {};
    await pass(at(24.5));
    expect(lines(await results('p95'))).toEqual(['03-03T00:00 7 unknown: no-target']);
  });

  it('is partial where the source says that it left something out', async () => {
    const { restart, results, source } = await web([asked('p95', 'p95')]);
    source.partial = (_, start) => (start === at(3) ? 'shard 2 did not answer' : null);
    await restart().pass(at(24));
    const [result] = await results('p95');
    expect(result).toMatchObject({ value: 7, reason: 'partial' });
  });

  it('whose answer lacks the number is refused, by saying what it has', async () => {
    const { restart, results } = await web([asked('p95', 'P95')]);
    const { pass, warnings } = restart();
    await pass(at(24));
    expect(lines(await results('p95'))).toEqual(['03-03T00:00 null unknown: missing']);
    expect(warnings[0]).toContain('has no P95. It has p95, n, nothing: name one of them as `value`.');
  });

  it('that gives no number has no value', async () => {
    const { restart, results } = await web([asked('nothing', 'nothing')]);
    await restart().pass(at(24));
    expect(lines(await results('nothing'))).toEqual(['03-03T00:00 null unknown: no-value']);
  });

  it('is silent where no event came in', async () => {
    const { restart, results } = await web([asked('p95', 'p95')], []);
    await restart().pass(at(24));
    expect(lines(await results('p95'))).toEqual(['03-03T00:00 null unknown: silent']);
  });

  it('keeps to the budget of searches, newest windows first', async () => {
    const { restart, results, calls } = await web([
      asked('p95', 'p95', { window: { rolling: '4h', every: '4h' } }),
    ]);
    const datasets = [events('web', { reviseForMs: 2 * DAY })];
    const memory = {
      name: 'memory',
      type: 'memory',
      maxConcurrentSearches: 2,
      options: {},
      maxSearchesPerCycle: 4,
    };
    const { pass, warnings } = restart({ config: configOf(datasets, { sources: { memory } }) });
    await pass(at(4));
    await pass(at(24));
    expect(warnings.join()).toContain(
      'queries are put off to the next cycle: maxSearchesPerCycle is reached.',
    );
    for (const hour of [24.2, 24.4]) await pass(at(hour));
    const ends = calls('query').map(
      (call) => call.kind === 'query' && (call.request.range.end - at(0)) / HOUR,
    );
    expect(ends).toEqual([4, 24, 20, 16, 12, 8]);
    expect((await results('p95', { from: at(0) })).map(({ value }) => value)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('stands in the derivation with its answer and evidence', async () => {
    const { restart, results, store } = await web([asked('p95', 'p95')]);
    await restart().pass(at(24));
    const [result] = await results('p95');
    if (result === undefined) throw new Error('no result');
    const told = flat((await explainResult(store, result)).tree);
    expect(told).toContain(`query in sql: ${SQL.sql}`);
    expect(told).toContain('answer: revision 1, complete');
    expect(told).toContain('p95: 7');
    expect(told).toContain(`query: ${SQL.sql}`);
  });
});
