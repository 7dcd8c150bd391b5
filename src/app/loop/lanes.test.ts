import { describe, expect, it, vi } from 'vitest';
import { events, kpi, sourceOf } from '../../../test/fakes/loop.ts';
import { at, bench, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { failed, HOURLY, ratio } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import type { SourceConfig } from '../../config/model.ts';
import { ConnectorError } from '../../core/errors.ts';
import { DAY, HOUR } from '../../core/time/interval.ts';
import type { Connector } from '../../ports/connector.ts';

const other = kpi({
  id: 'other',
  measures: { n: { dataset: 'mails', aggregate: 'count' } },
  window: HOURLY,
});
const both = kpi({
  id: 'both',
  measures: { n: { dataset: 'mails', aggregate: 'count' }, m: { dataset: 'logons', aggregate: 'count' } },
  formula: 'n + m',
  window: HOURLY,
});

/** Logons in a source that can be made to hang, mails in another. */
async function started(hanging: Partial<SourceConfig> = {}) {
  const made = await bench({
    definitions: [failed, other, both],
    datasets: [events('logons', { source: 'dead' }), events('mails')],
    rows: { logons: hourly(0, 20, { outcome: 'failure' }), mails: hourly(0, 20) },
    config: { sources: { memory: sourceOf('memory'), dead: sourceOf('dead', hanging) } },
  });
  const { connector } = made.source;
  const cancelled: string[] = [];
  const fault: { of: 'probe' | 'slices' | null } = { of: null };
  const hang = (what: string, signal: AbortSignal) =>
    new Promise<never>(() => signal.addEventListener('abort', () => cancelled.push(what)));
  const dead: Connector = {
    ...connector,
    probe: (dataset, signal) =>
      fault.of === 'probe' ? hang('probe', signal) : connector.probe(dataset, signal),
    async *readSlices(request, signal) {
      if (fault.of === 'slices') await hang('slices', signal);
      yield* connector.readSlices(request, signal);
    },
  };
  const of = (source: string) => (source === 'dead' ? dead : connector);
  return { ...made, fault, cancelled, restart: (pace = {}) => made.restart({ connector: of, pace }) };
}

describe('a source that hangs', () => {
  it.each(['probe', 'slices'] as const)('(%s) holds up nobody but who needs it', async (of) => {
    const { restart, results, fault } = await started();
    fault.of = of;
    const { pass } = restart({ probePatienceMs: 100 });
    const stop = new AbortController();
    const done = pass(at(10), { signal: stop.signal });
    await vi.waitFor(
      async () => expect(lines(await results('other'))).toEqual(['03-02T10:00 1 unknown: no-target']),
      10_000,
    );
    expect(await results('failed')).toEqual([]);
    expect(await results('both')).toEqual([]);
    stop.abort(new Error('enough'));
    await expect(done).rejects.toThrow('enough');
    fault.of = null;
    await pass(at(10));
    expect(await results('both')).toMatchObject([{ value: 2 }]);
  });

  it('is cancelled at its deadline, and its windows are missing until it answers again', async () => {
    const { restart, results, fault, cancelled } = await started({ deadlineMs: 50 });
    fault.of = 'slices';
    const { pass, warnings, meter } = restart();
    expect(await pass(at(10))).toMatchObject({ missingSlices: 3 });
    expect(cancelled).toEqual(['slices']);
    expect(warnings.join('\n')).toContain('dead: gave no answer within 50ms');
    expect(meter.get('dead')?.breaker).toBe('open');
    expect(await results('other')).toMatchObject([{ value: 1 }]);
    expect(await results('failed')).toMatchObject([{ value: null, reason: 'missing' }]);
    fault.of = null;
    expect(await pass(at(10))).toMatchObject({ missingSlices: 0 });
    expect(meter.get('dead')?.breaker).toBe('closed');
    expect(await results('failed')).toMatchObject([{ value: 1 }]);
  });

  it('is asked for half the range the next time', async () => {
    const { restart, fault, source } = await started({ deadlineMs: 50 });
    fault.of = 'slices';
    const { pass } = restart();
    await pass(at(10), { from: at(2), only: new Set(['failed']) });
    fault.of = null;
    source.calls.length = 0;
    expect(await pass(at(10), { only: new Set(['failed']) })).toMatchObject({ missingSlices: 0 });
    expect(source.calls.filter(({ kind }) => kind === 'slices')).toHaveLength(2);
  });
});

describe('a source that fails again and again', () => {
  const failing = (more: Partial<SourceConfig> = {}) =>
    bench({
      definitions: [failed],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
      config: { sources: { memory: sourceOf('memory', { maxRangeMs: HOUR, ...more }) } },
    });

  it('is left alone for a while, and says so once', async () => {
    const { restart, source, results } = await failing({ maxConcurrentSearches: 1 });
    const { pass, warnings, meter } = restart({ pace: { retries: 1, reopenAfterMs: DAY } });
    await pass(at(1));
    source.onCall = ({ kind }) => {
      if (kind === 'slices') throw unreachable(true);
    };
    source.calls.length = 0;
    expect(await pass(at(40))).toMatchObject({ missingSlices: 78 });
    expect(source.calls.filter(({ kind }) => kind === 'slices')).toHaveLength(5 * 2);
    expect(warnings.filter((one) => one.includes('left alone for a while'))).toHaveLength(1);
    expect(meter.get('memory')).toMatchObject({
      breaker: 'open',
      lastError: expect.stringContaining('away'),
    });
    source.calls.length = 0;
    await pass(at(41));
    expect(source.calls).toEqual([]);
    expect((await results('failed')).at(-1)).toMatchObject({ value: null, reason: 'missing' });
  });

  it('is tried by one call when the while is over', async () => {
    const { restart, source } = await failing();
    const { pass, meter } = restart({ pace: { retries: 0, reopenAfterMs: 1 } });
    await pass(at(1));
    source.onCall = ({ kind }) => {
      if (kind !== 'probe') throw unreachable(true);
    };
    await pass(at(30));
    expect(meter.get('memory')?.breaker).toBe('open');
    source.onCall = () => {};
    await vi.waitFor(async () => expect(await pass(at(30))).toMatchObject({ missingSlices: 0 }));
    expect(meter.get('memory')?.breaker).toBe('closed');
  });

  it('is not left alone for one dataset that can not be read: the others are tried, too', async () => {
    const made = await bench({
      definitions: [failed, other],
      datasets: [events('logons'), events('mails')],
      rows: { logons: hourly(0, 99, { outcome: 'failure' }), mails: hourly(0, 99) },
      config: { sources: { memory: sourceOf('memory', { maxRangeMs: HOUR }) } },
    });
    const { pass, meter } = made.restart({ pace: { retries: 0, reopenAfterMs: 200 } });
    await pass(at(1));
    await pass(at(29), { only: new Set(['other']) });
    made.source.onCall = (call) => {
      if (call.kind !== 'discover' && call.dataset.name === 'logons') throw unreachable(true);
    };
    for (const hour of [30, 31, 32]) {
      await pass(at(hour));
      expect((await made.results('other')).at(-1)).toMatchObject({ end: at(hour), value: 1 });
      expect(meter.get('memory')?.breaker).toBe('open');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect((await made.results('failed')).at(-1)).toMatchObject({ reason: 'missing' });
    expect(meter.get('memory')?.failures).toBeGreaterThan(5);
  });

  it('is not left alone for what it refuses', async () => {
    const { restart, source, sliceReads } = await failing();
    const { pass, meter } = restart({ pace: { reopenAfterMs: DAY } });
    source.onCall = ({ kind }) => {
      if (kind === 'slices') throw unreachable(false);
    };
    await pass(at(1));
    await pass(at(9));
    expect(meter.get('memory')?.breaker).toBe('closed');
    expect(sliceReads()).toHaveLength(1 + 9);
  });
});

describe('catching up', () => {
  const away = (more: Partial<SourceConfig>, config = {}) =>
    bench({
      definitions: [failed, ratio],
      datasets: [events('logons')],
      rows: { logons: hourly(0, 999, { outcome: 'failure' }) },
      config: { sources: { memory: sourceOf('memory', { maxConcurrentSearches: 1, ...more }) }, ...config },
    });

  it('goes back in ranges, the newest first, each kept as it comes', async () => {
    const { restart, source, sliceReads, results } = await away({ maxRangeMs: 12 * HOUR });
    const { pass } = restart({ pace: { retries: 0 } });
    await pass(at(1));
    source.onCall = (call) => {
      if (call.kind === 'slices' && call.request.range.start === at(4)) throw unreachable(true);
    };
    const report = await pass(at(40));
    expect(sliceReads()).toEqual(['0-1 ×2', '28-40 ×2', '16-28 ×2', '4-16 ×2', '1-4 ×2']);
    expect(report.standings).toMatchObject([{ completeSince: at(16), until: at(40), missing: 12 }]);
    const known = (await results('failed')).filter(({ reason }) => reason === null);
    expect(known.map(({ end }) => (end - at(0)) / HOUR)).toEqual([
      1,
      2,
      3,
      4,
      ...Array.from({ length: 24 }, (_, i) => 17 + i),
    ]);
  });

  it('asks by default for 72 slices at a time', async () => {
    const { restart, sliceReads } = await bench({
      definitions: [failed],
      datasets: [events('logons')],
      config: {
        sources: { memory: { name: 'memory', type: 'memory', maxConcurrentSearches: 1, options: {} } },
      },
    });
    await restart().pass(at(100), { from: at(0) });
    expect(sliceReads()).toEqual(['28-100 ×1', '0-28 ×1']);
  });

  it('keeps within the searches of a cycle, and says what it puts off', async () => {
    const { restart, sliceReads, results } = await away({ maxRangeMs: 10 * HOUR, maxSearchesPerCycle: 4 });
    const { pass, warnings, meter } = restart();
    await pass(at(1));
    const report = await pass(at(41));
    // Two of them go into what the source says of itself, and into the question for late data.
    expect(sliceReads().slice(1)).toEqual(['31-41 ×2', '21-31 ×2']);
    expect(report).toMatchObject({ putOff: 2, goesOn: false, missingSlices: 60 });
    expect(report.standings).toMatchObject([{ completeSince: at(21), until: at(41), missing: 20 }]);
    expect(warnings.at(-1)).toMatch(
      /^2 reads, of .*21:00.* and before, are put off .* maxSearchesPerCycle is 4/,
    );
    expect(meter.get('memory')?.putOff).toBe(2);
    expect((await results('failed')).filter(({ reason }) => reason === 'missing')).toHaveLength(20);
    await pass(at(41));
    expect(meter.get('memory')?.putOff).toBe(0);
    expect((await results('failed')).map(({ value }) => value)).toEqual(Array(41).fill(1));
  });

  it('gives way to the next pass when its time is over', async () => {
    const { restart, source, sliceReads } = await away({ maxRangeMs: 10 * HOUR });
    const { pass, clock } = restart({ pace: { cycleMs: 1000 } });
    await pass(at(1));
    source.onCall = ({ kind }) => {
      if (kind === 'slices') clock.set(at(41) + 2_000);
    };
    expect(await pass(at(41))).toMatchObject({ putOff: 3, goesOn: true });
    expect(sliceReads().slice(1)).toEqual(['31-41 ×2']);
  });

  it('refuses what is too large for one request, by a sentence', async () => {
    const { restart, results, sliceReads } = await away({}, { maxBuckets: 2 });
    const { pass, warnings, meter } = restart();
    await pass(at(1));
    expect(sliceReads()).toEqual([]);
    expect(warnings.join()).toMatch(/is not read: 3 measures in one slice are more than maxBuckets \(2\)/);
    expect(meter.get('memory')?.refused).toBe(1);
    expect(await results('failed')).toMatchObject([{ reason: 'missing' }]);
  });
});

it('what a connector says of a stop does not hide who stopped it', async () => {
  const { restart, source, results } = await bench({
    definitions: [failed],
    datasets: [events('logons')],
    rows: { logons: hourly(0, 9) },
  });
  const stop = new AbortController();
  source.onCall = ({ kind }) => {
    if (kind !== 'slices') return;
    stop.abort(new Error('stopping'));
    throw new ConnectorError('the request was aborted', { retryable: true });
  };
  await expect(restart().pass(at(5), { signal: stop.signal })).rejects.toThrow('stopping');
  expect(await results('failed')).toEqual([]);
});
