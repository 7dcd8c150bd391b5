import { describe, expect, it } from 'vitest';
import { DAY } from '../time/interval.ts';
import { type DayPresence, presenceChange } from './presence.ts';

const MONDAY = Date.UTC(2026, 2, 2);

/** Days from Monday on, each as `[events, with the field]`. */
const days = (...counts: readonly (readonly [number, number])[]): DayPresence[] =>
  counts.map(([events, present], index) => ({ start: MONDAY + index * DAY, events, present }));

const changeOnLast = (all: readonly DayPresence[]) => {
  const last = all.at(-1);
  return last === undefined ? null : (presenceChange(last, all.slice(0, -1))?.kind ?? null);
};

const week = (events: number, present: number) => Array<[number, number]>(7).fill([events, present]);

describe('A field of the events', () => {
  it.each<[string, readonly (readonly [number, number])[], 'gone' | 'fewer' | null]>([
    ['is gone where a day has events and none has it', [...week(100, 50), [100, 0]], 'gone'],
    ['is gone also where there are fewer events', [...week(1000, 500), [41, 0]], 'gone'],
    ['is there in fewer where less than half as many have it', [...week(200, 100), [200, 40]], 'fewer'],
    ['is as usual where the share is', [...week(200, 100), [100, 50]], null],
    ['is as usual where other events came in beside them', [...week(200, 100), [2000, 100]], null],
    ['is not gone by chance: 19.9 were to be expected', [...week(200, 1), [3980, 0]], null],
    ['is not gone where there is no event at all', [...week(100, 50), [0, 0]], null],
    [
      'can not be judged after two days',
      [
        [100, 50],
        [100, 50],
        [100, 0],
      ],
      null,
    ],
    [
      'can not be judged on a day of the week that is not known yet',
      [...week(100, 50).slice(1), [100, 0]],
      null,
    ],
    ['can not be judged by events that are too few', [...week(1, 1), [500, 0]], null],
    [
      'is not gone on Saturday where it is there on workdays only',
      [...week(100, 50).slice(2), [100, 0], [100, 0], ...week(100, 50).slice(2), [100, 0]],
      null,
    ],
    [
      'is gone by the rest of the days where one day before was odd',
      [...week(100, 50), [100, 1], [100, 0]],
      'gone',
    ],
  ])('%s', (_, counts, expected) => {
    expect(changeOnLast(days(...counts))).toBe(expected);
  });

  it('is judged by the 14 days before only', () => {
    const old = days(...week(100, 50), ...week(100, 50), ...week(100, 50));
    const last = { start: MONDAY + 35 * DAY, events: 100, present: 0 };
    expect(presenceChange(last, old)).toBeNull();
  });
});
