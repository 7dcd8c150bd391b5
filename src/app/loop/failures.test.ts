import { describe, expect, it } from 'vitest';
import { configOf, events } from '../../../test/fakes/loop.ts';
import { at, bench, hourly, lines } from '../../../test/fakes/loop-bench.ts';
import { failed } from '../../../test/fakes/loop-kpis.ts';
import { unreachable } from '../../../test/fakes/memory-connector.ts';
import { steppedClock } from '../demo.ts';
import { createReadModel } from '../views.ts';

describe('why data is missing', () => {
  const started = async () => {
    const datasets = [events('logons')];
    const made = await bench({
      definitions: [failed],
      datasets,
      rows: { logons: hourly(0, 99, { outcome: 'failure' }) },
    });
    const clock = steppedClock(0);
    const set = { config: configOf(datasets), definitions: [failed] };
    const read = createReadModel(made.store, () => set, clock);
    const sentenceAt = async (hour: number) => {
      clock.set(at(hour));
      return (await read.kpi('failed'))?.status.sentence;
    };
    return { ...made, read, sentenceAt, ...made.restart() };
  };

  it('is said by the sentence and the derivation, until the data is there', async () => {
    const { pass, source, read, sentenceAt } = await started();
    await pass(at(10));
    expect(await sentenceAt(10)).toBeNull();
    source.onCall = ({ kind }) => {
      if (kind !== 'probe') throw unreachable();
    };
    await pass(at(11));
    const cause = /the source is away.* Wait until it is back/;
    expect(await sentenceAt(11)).toMatch(cause);
    expect(JSON.stringify(await read.explain('failed', {}))).toMatch(cause);
    source.onCall = () => {};
    await pass(at(12));
    expect(await sentenceAt(12)).toBeNull();
    expect(JSON.stringify(await read.explain('failed', {}))).not.toMatch(cause);
  });

  it('is said from the first cycle on, where the source never told what it holds', async () => {
    const { pass, source, read, results, sentenceAt } = await started();
    source.onCall = () => {
      throw unreachable();
    };
    await pass(at(10));
    await pass(at(12));
    expect(lines(await results('failed'))).toEqual([
      '03-02T10:00 null unknown: missing',
      '03-02T11:00 null unknown: missing',
      '03-02T12:00 null unknown: missing',
    ]);
    expect(await sentenceAt(12)).toMatch(/^Part of the data has not been read yet\. .*the source is away/);
    expect(JSON.stringify(await read.explain('failed', {}))).toMatch(/last failure.*the source is away/);
    source.onCall = () => {};
    await pass(at(13));
    expect(lines(await results('failed'))).toEqual([
      '03-02T10:00 1 on-target',
      '03-02T11:00 1 on-target',
      '03-02T12:00 1 on-target',
      '03-02T13:00 1 on-target',
    ]);
  });

  it('is not said of a failure of long ago', async () => {
    const { pass, source, sentenceAt } = await started();
    source.onCall = () => {
      throw unreachable();
    };
    await pass(at(10));
    expect(await sentenceAt(20)).toBe('The newest data is too old to speak about now.');
  });
});
