import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inline } from '../../../connectors/inline/index.ts';
import { configOf, events, kpi, runLoop, snapshot, sourceOf } from '../../../test/fakes/loop.ts';
import { at, bench, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { HOURLY, target } from '../../../test/fakes/loop-kpis.ts';
import { memorySource } from '../../../test/fakes/memory-connector.ts';
import { HOUR } from '../../core/time/interval.ts';
import { openSqlite } from '../../store/sqlite.ts';
import { draftText, resultsText } from '../results-text.ts';
import { loadDraft, neverMatched, requireDatasets, tryDraft, withListsOfNow } from './draft.ts';

let folder = '';
const path = (name: string) => join(folder, name);
const put = (name: string, text: string) => writeFileSync(path(name), text);
const load = (name: string) => loadDraft(path(name), path('clause9.yaml'), [inline]);

const WHOLE = `id: logons
title: Logons
unit: count
measures:
  n: {dataset: logons, aggregate: count}
window: {rolling: 1h, every: 1h}
targets:
  - {from: 2026-01-01, onTarget: "<= 5"}
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clause9-draft-'));
  put(
    'clause9.yaml',
    'definitions: ./kpis.yaml\nsources: {memory: {type: inline}}\ndatasets:\n  logons: {kind: events, source: memory}\n',
  );
  put('kpis.yaml', WHOLE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a draft', () => {
  it('takes the place of the definition with its id', async () => {
    put('draft.yaml', WHOLE.replace('Logons', 'Logons, again'));
    const { definition, problems } = await load('draft.yaml');
    expect(definition?.title).toBe('Logons, again');
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('may extend a definition of the configuration', async () => {
    put('overlay.yaml', 'extends: logons\nid: few-logons\ntitle: Few logons\n');
    const { definition, problems } = await load('overlay.yaml');
    expect(definition).toMatchObject({ id: 'few-logons', title: 'Few logons' });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('has its errors told by file, line and column', async () => {
    put('wrong.yaml', WHOLE.replace('unit: count', 'untit: count'));
    const { definition, problems } = await load('wrong.yaml');
    expect(definition).toBeNull();
    expect(problems).toContainEqual(
      expect.objectContaining({
        file: path('wrong.yaml'),
        line: 3,
        column: 1,
        message: 'unknown key `untit`',
      }),
    );
  });

  it('is not measured where the configuration lacks its data', async () => {
    put('elsewhere.yaml', WHOLE.replace('dataset: logons', 'dataset: elsewhere'));
    const { definition, config } = await load('elsewhere.yaml');
    if (definition === null || config === null) throw new Error('not loaded');
    expect(() => requireDatasets(definition, config)).toThrow('the configuration has no dataset "elsewhere"');
  });
});

describe('trying a draft', () => {
  const counting = kpi({
    id: 'count',
    unit: 'count',
    measures: { n: { dataset: 'logons', aggregate: 'count' } },
    window: HOURLY,
    targets: target,
  });

  it('gives the windows that ended within the time, with the loop’s own words', async () => {
    const { restart, store } = await bench({
      definitions: [counting],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 10) },
    });
    const { loop, clock } = restart();
    clock.set(at(10));
    const times = { now: at(10), lastMs: 3 * HOUR, settleMs: 0 };
    const { results } = await tryDraft(loop, store, counting, times, new AbortController().signal);
    expect(lines(results).map((line) => line.slice(0, 13))).toEqual([
      '03-02T08:00 1',
      '03-02T09:00 1',
      '03-02T10:00 1',
    ]);
    expect(draftText(counting, results)).toContain('2026-03-02T09:00:00Z – 2026-03-02T10:00:00Z      1');
    const [last] = results.slice(-1);
    if (last === undefined) throw new Error('there is no result');
    const grouped = { ...last, group: { team: 'blue' }, value: 2.5, lower: 2, upper: 3, final: true };
    expect(resultsText(counting, [last, grouped]).split('\n').slice(-2)).toEqual([
      '2026-03-02T09:00:00Z – 2026-03-02T10:00:00Z                1       1  provisional  on-target',
      '2026-03-02T09:00:00Z – 2026-03-02T10:00:00Z blue  2.50 (2–3)       1  final        on-target',
    ]);
  });

  it('goes on until the budgets of the sources are no hindrance', async () => {
    const { restart, store } = await bench({
      definitions: [counting],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 30) },
      config: { sources: { memory: sourceOf('memory', { maxSearchesPerCycle: 3, maxRangeMs: 5 * HOUR }) } },
    });
    const { loop, clock } = restart();
    clock.set(at(30));
    const times = { now: at(30), lastMs: 30 * HOUR, settleMs: 0 };
    const { results, report } = await tryDraft(loop, store, counting, times, new AbortController().signal);
    expect([results.length, report.missingSlices]).toEqual([30, 0]);
  });

  it('shows what the data holds where the filter looks for something else', async () => {
    const misnamed = kpi({
      id: 'misnamed',
      measures: { n: { dataset: 'logons', where: { action: 'logon' }, aggregate: 'count' } },
      window: HOURLY,
      targets: target,
    });
    const { restart, store } = await bench({
      definitions: [misnamed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 3, { action: 'logged-in' }) },
    });
    const { loop, clock } = restart();
    clock.set(at(3));
    const times = { now: at(3), lastMs: HOUR, settleMs: 0 };
    const { results } = await tryDraft(loop, store, misnamed, times, new AbortController().signal);
    expect(await neverMatched(store, results)).toEqual([
      'action = logon: no event of all that the source holds, as of 2026-03-02T03:00:00Z; most frequent values of action: logged-in (3)',
    ]);
  });

  it('judges past windows by the lists of now', async () => {
    const listed = kpi({
      id: 'listed',
      measures: { n: { dataset: 'hosts', aggregate: 'count' } },
      window: HOURLY,
      targets: target,
    });
    const store = await openSqlite(':memory:');
    onTestFinished(() => store.close());
    const { connector } = memorySource({ hosts: [{ name: 'a' }, { name: 'b' }] });
    const ofNow = withListsOfNow(store);
    const config = configOf([snapshot('hosts')]);
    const { loop, clock } = runLoop({ config, definitions: [listed], store: ofNow, connector });
    clock.set(at(10));
    const times = { now: at(10), lastMs: 2 * HOUR, settleMs: 0 };
    const { results } = await tryDraft(loop, ofNow, listed, times, new AbortController().signal);
    expect(results.map(({ value }) => value)).toEqual([2, 2]);
  });
});
