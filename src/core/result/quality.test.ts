import { describe, expect, it } from 'vitest';
import { type DatasetFacts, isStale, windowQuality, withSample, worstQuality } from './quality.ts';

const NOTHING = { missing: 0, partial: 0, silent: 0 };

function facts(more: Partial<DatasetFacts> = {}): DatasetFacts {
  return {
    dataset: 'logons',
    wanted: 100,
    missing: 0,
    partial: 0,
    events: 5000,
    silence: null,
    stale: false,
    ...more,
  };
}

describe('The quality of a window', () => {
  it.each<[string, Partial<DatasetFacts>, string]>([
    ['is complete where all was read', {}, 'complete'],
    ['is missing where a slice was not', { missing: 1 }, 'missing'],
    ['is partial where the source left something out', { partial: 1 }, 'partial'],
    ['is silent without any event', { events: 0 }, 'silent'],
    ['is not silent where none was expected', { events: 0, silence: { periods: 0, silent: 0 } }, 'complete'],
    ['is silent where a period was', { silence: { periods: 24, silent: 1 } }, 'silent'],
    ['is stale where the newest slice is too old', { stale: true }, 'stale'],
    ['is the worst of all', { missing: 1, partial: 1, stale: true, events: 0 }, 'missing'],
  ])('%s', (_, more, quality) => {
    const reason = quality === 'complete' ? null : quality;
    expect(windowQuality([facts(more)], NOTHING)).toEqual({ quality, reason, dataset: reason && 'logons' });
  });

  it('is that of the worst dataset, and names it', () => {
    const datasets = [
      facts({ stale: true }),
      facts({ dataset: 'hosts', partial: 1 }),
      facts({ dataset: 'vpn' }),
    ];
    expect(windowQuality(datasets, NOTHING)).toEqual({
      quality: 'partial',
      reason: 'partial',
      dataset: 'hosts',
    });
    expect(windowQuality([...datasets].reverse(), NOTHING).dataset).toBe('hosts');
  });

  it('says what is tolerated, but is not spoiled by it', () => {
    const onePercent = { ...NOTHING, missing: 0.01 };
    expect(windowQuality([facts({ missing: 1 })], onePercent)).toEqual({
      quality: 'missing',
      reason: null,
      dataset: null,
    });
    expect(windowQuality([facts({ missing: 2 })], onePercent).reason).toBe('missing');
    expect(windowQuality([facts({ missing: 1, stale: true })], onePercent)).toMatchObject({
      quality: 'missing',
      reason: 'stale',
    });
  });
});

describe('A sample', () => {
  const complete = windowQuality([facts()], NOTHING);
  it('is small below the minimum', () => {
    expect(withSample(complete, 49, 50)).toEqual({
      quality: 'small-sample',
      reason: 'small-sample',
      dataset: null,
    });
    expect(withSample(complete, 50, 50)).toBe(complete);
  });

  it('changes nothing where something is worse', () => {
    const stale = windowQuality([facts({ stale: true })], NOTHING);
    expect(withSample(stale, 1, 50)).toEqual(stale);
  });
});

describe('The worst quality', () => {
  it.each([
    [[], 'complete'],
    [['complete', 'small-sample'], 'small-sample'],
    [['stale', 'silent', 'partial'], 'partial'],
  ] as const)('of %j is %s', (qualities, worst) => {
    expect(worstQuality(qualities)).toBe(worst);
  });
});

describe('A dataset is stale', () => {
  it.each([
    [300, false],
    [301, true],
  ])('%i after its newest slice with settle 100 and every 100: %s', (now, expected) => {
    expect(isStale(0, now, 100, 100)).toBe(expected);
  });
});
