import { describe, expect, it } from 'vitest';
import { events, kpi } from '../../../test/fakes/loop.ts';
import { at, type Bench, bench, between, hourly, line } from '../../../test/fakes/loop-bench.ts';
import type { Config } from '../../config/model.ts';
import { DAY, HOUR } from '../../core/time/interval.ts';
import { explainResult } from '../explain/explain.ts';
import type { Derivation } from '../read-model.ts';

const RETENTION = { slicesMs: 2 * DAY, hoursMs: 4 * DAY, evidenceMs: 5 * DAY };
const count = (dataset = 'logons') => ({ n: { dataset, aggregate: 'count' } });
const targets = (limit: number) => [{ from: '2026-01-01', onTarget: `<= ${limit}` }];

/** Two hours, moving by a quarter of an hour. */
const short = kpi({
  id: 'short',
  measures: count(),
  window: { rolling: '2h', every: '15m' },
  targets: targets(5),
});

const started = (more: Partial<Config> = {}, reviseForMs = 6 * HOUR) =>
  bench({
    definitions: [short],
    datasets: [events('logons', { reviseForMs })],
    rows: { logons: hourly(-99, 999, { outcome: 'failure' }) },
    config: { retention: RETENTION, ...more },
  });

/** A pass a day until all is merged that may be. */
async function settle({ restart }: Bench, from: number, to: number, first = 0): Promise<void> {
  const { pass } = restart();
  await pass(at(from), { from: at(first) });
  for (let hour = from + 24; hour <= to; hour += 24) await pass(at(hour));
  for (let more = 1; more <= 6; more++) await pass(at(to + 2 * more));
}

const only = async ({ store }: Bench, fingerprintIsControl: boolean): Promise<number> => {
  const ids = await store.allSeries('logons', 15 * 60_000);
  const looks = await Promise.all(ids.map((id) => store.cursor(`revised ${id}`)));
  return ids[looks.findIndex((look) => (look !== null) === fingerprintIsControl)] ?? -1;
};

/** Which intervals are slices, hours and days, as hours. */
async function kept(made: Bench, series: number, to: number): Promise<string[]> {
  const range = between(0, to);
  const slices = await made.store.slices(series, range);
  const rolled = await made.store.rolled(series, range);
  const first = slices[0]?.start;
  const days = rolled
    .filter(({ start, end }) => end - start === DAY)
    .map(({ start }) => `day ${(start - at(0)) / HOUR}`);
  const hours = rolled
    .filter(({ start, end }) => end - start === HOUR)
    .map(({ start }) => (start - at(0)) / HOUR);
  return [
    ...days,
    ...(hours.length === 0 ? [] : [`hours ${Math.min(...hours)} to ${Math.max(...hours)}`]),
    ...(first === undefined ? [] : [`slices from ${(first - at(0)) / HOUR}`]),
  ];
}

const labels = (tree: Derivation): string[] => [
  `${tree.label}: ${tree.value}`,
  ...tree.children.flatMap(labels),
];

describe('retention', () => {
  it('merges old slices to hours, and hours to days', async () => {
    const made = await started();
    await settle(made, 24, 24 * 7);
    for (const isControl of [true, false]) {
      expect(await kept(made, await only(made, isControl), 180)).toEqual([
        'day 0',
        'day 24',
        'day 48',
        'hours 72 to 131',
        'slices from 132',
      ]);
    }
  });

  it('leaves results alone, and reads nothing again', async () => {
    const made = await started();
    const { pass } = made.restart();
    await pass(at(24), { from: at(0) });
    const before = (await made.results('short', { to: at(20) })).map(line);
    await settle(made, 48, 24 * 7);
    const reads = made.sliceReads();
    expect(new Set(reads).size).toBe(reads.length);
    const after = await made.results('short', { to: at(20) });
    expect(after.map(line)).toEqual(before.map((text) => (text.endsWith('final') ? text : `${text} final`)));
  });

  it('keeps slices that a window or a rule may still need', async () => {
    const rule = { raise: { offTarget: 2, of: 3 }, clear: { onTarget: 1 }, grade: 'minor' };
    const long = kpi({
      id: 'long',
      measures: count(),
      window: { rolling: '30h', every: '15m' },
      nonconformity: rule,
    });
    const made = await started();
    await settle(
      { ...made, restart: (change) => made.restart({ definitions: [short, long], ...change }) },
      24,
      24 * 7,
    );
    const control = await only(made, true);
    // At 180 its three windows begin at 90.
    const [first] = await made.store.slices(control, between(0, 180));
    expect(first?.start).toBeLessThanOrEqual(at(90));
    expect(first?.start).toBeGreaterThan(at(72));
  });

  it('does a piece a pass, so that none gets long', async () => {
    const made = await started();
    const { pass } = made.restart();
    await pass(at(24 * 40), { from: at(0) });
    await pass(at(24 * 40 + 2));
    const control = await only(made, true);
    const merged = async () => (await made.store.rolled(control, between(0, 24 * 40))).length;
    const first = await merged();
    await pass(at(24 * 40 + 2) + 60_000);
    const second = await merged();
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThan(201);
    expect(second).toBeGreaterThan(first);
  });

  it('gives a verdict by new targets for windows that can not be computed any more', async () => {
    const made = await started();
    await settle(made, 24, 24 * 7);
    const window = { from: at(10), to: at(10.25) };
    expect((await made.results('short', window)).map(line)).toEqual(['03-02T10:15 2 on-target final']);
    const stricter = {
      ...short,
      evaluationHash: 'other',
      targets: kpi({
        id: 'x',
        measures: count(),
        window: { rolling: '2h', every: '15m' },
        targets: targets(1),
      }).targets,
    };
    await made.restart({ definitions: [stricter] }).pass(at(24 * 7 + 20));
    const [now] = await made.results('short', window);
    expect(now).toMatchObject({ value: 2, sample: 2, verdict: 'off-target', final: true });
    expect(await made.store.revisions('short', between(8.25, 10.25), null)).toHaveLength(2);
  });

  it('says so where a window of a new KPI can not be computed any more', async () => {
    const made = await started();
    await settle(made, 24, 24 * 7);
    const [again, day] = [
      kpi({ id: 'again', measures: count(), window: { rolling: '2h', every: '15m' } }),
      kpi({ id: 'day', measures: count(), window: { rolling: '24h', every: '24h' } }),
    ];
    const { pass } = made.restart({ definitions: [short, again, day] });
    const reads = made.sliceReads().length;
    await pass(at(24 * 7 + 20), { from: at(0) });
    expect((await made.results('again', { from: at(10), to: at(10.25) })).map(line)).toEqual([
      '03-02T10:15 null unknown: rolled-up final',
    ]);
    // Of whole days nothing is lost; of hours where all of them are inside.
    expect((await made.results('day', { to: at(24) })).map(line)).toEqual([
      '03-03T00:00 24 unknown: no-target final',
    ]);
    expect((await made.results('again', { from: at(99), to: at(100) })).map(({ value }) => value)).toEqual([
      null,
      null,
      null,
      2,
    ]);
    expect(
      made
        .sliceReads()
        .slice(reads)
        .every((read) => read.startsWith('18')),
    ).toBe(true);
  });

  it('is told by the derivation', async () => {
    const made = await started();
    await settle(made, 24, 24 * 7);
    const told = async (to: number) => {
      const [result] = await made.results('short', { from: at(to) - 1, to: at(to) });
      if (result === undefined) throw new Error('there is no such result');
      return labels((await explainResult(made.store, result)).tree);
    };
    expect(await told(10)).toContain('rolled up: to 1 day (retention)');
    expect(await told(100)).toContain('rolled up: to 2 hours (retention)');
    expect((await told(100)).filter((text) => text.startsWith('read '))).not.toEqual([]);
    expect((await told(140)).filter((text) => text.startsWith('rolled up'))).toEqual([]);
  });

  it('does not touch what late data may still change', async () => {
    const made = await started({}, 4 * DAY);
    await settle(made, 24, 24 * 7);
    // At 180, late data from 84 on may come; a window's length and a day more are kept.
    expect(await kept(made, await only(made, false), 180)).toEqual([
      'day 0',
      'day 24',
      'hours 48 to 55',
      'slices from 56',
    ]);
    made.source.append('logons', [{ at: at(100.5), in: at(181) }]);
    await made.restart().pass(at(182));
    await made.restart().pass(at(24 * 9));
    const late = await made.results('short', { from: at(100.5), to: at(102.5) });
    expect(late.map(({ value }) => value)).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  });

  it('puts a merged series together with a new one only after both were read again', async () => {
    const made = await started();
    await settle(made, 24, 24 * 7);
    const failures = { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' };
    const both = kpi({
      id: 'both',
      measures: { ...count(), failures },
      formula: 'n + failures',
      window: { rolling: '2h', every: '15m' },
    });
    const { pass } = made.restart({ definitions: [short, both] });
    await pass(at(24 * 7 + 20), { from: at(0) });
    expect(made.sliceReads().slice(-2)).toEqual(['180-188 ×2', '0-180 ×2']);
    expect((await made.results('both', { from: at(10), to: at(10.25) })).map(line)).toEqual([
      '03-02T10:15 4 unknown: no-target final',
    ]);
    expect((await made.results('short', { from: at(10), to: at(10.25) })).map(line)).toEqual([
      '03-02T10:15 2 on-target final',
    ]);
  });

  it('goes on where a crash stopped it', async () => {
    const made = await started();
    await made.restart().pass(at(24), { from: at(0) });
    let left = 3;
    const failing = {
      ...made.store,
      rollUp: (input: Parameters<typeof made.store.rollUp>[0]) =>
        left-- > 0 ? made.store.rollUp(input) : Promise.reject(new Error('killed')),
    };
    const crash = made.restart({ store: failing });
    await crash.pass(at(24 * 7));
    await expect(crash.pass(at(24 * 7 + 2))).rejects.toThrow('killed');
    await settle(made, 24 * 7 + 3, 24 * 7 + 3);
    expect((await kept(made, await only(made, false), 180)).slice(0, 3)).toEqual([
      'day 0',
      'day 24',
      'day 48',
    ]);
  });
});
