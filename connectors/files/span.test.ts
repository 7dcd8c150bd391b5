import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/core/time/interval.ts';
import {
  DAY_RANGE,
  events,
  type Folder,
  line,
  MIDNIGHT,
  NEVER,
  openFolder,
  readDay,
} from '../../test/fakes/files.ts';

let folder: Folder;
afterEach(() => folder.close());

const DATASET = events({ files: '*.ndjson' });

/** Hours of the day before and after lie outside the range. */
const anyFiles = fc.array(fc.array(fc.integer({ min: -30, max: 50 }), { maxLength: 6 }), {
  minLength: 2,
  maxLength: 6,
});

describe('an archive of several files', () => {
  it('gives all rows of a range, however they lie in the files, also when their times are known', async () => {
    await fc.assert(
      fc.asyncProperty(anyFiles, async (files) => {
        folder = await openFolder(
          Object.fromEntries(
            files.map((hours, i) => [`${i}.ndjson`, hours.map((hour) => line(hour)).join('')]),
          ),
        );
        const expected: Record<number, number> = {};
        for (const hour of files.flat())
          if (hour >= 0 && hour < 24) expected[hour] = (expected[hour] ?? 0) + 1;
        const dataset = events({ files: '*.ndjson', types: { time: 'time' } });
        expect((await readDay(folder, dataset)).hours).toEqual(expected);
        expect((await readDay(folder, dataset)).hours).toEqual(expected);
        await folder.close();
      }),
      { numRuns: 12 },
    );
  });

  it('is read only where it has rows of the range', async () => {
    folder = await openFolder({
      'a.ndjson': line(-48),
      'b.ndjson': line(1),
      'c.ndjson': line(48),
      'd.ndjson': line(2),
    });
    await utimes(join(folder.path, 'd.ndjson'), new Date(), new Date(Date.now() + 5_000));
    const { hours, evidence } = await readDay(folder, DATASET);
    expect(hours).toEqual({ 1: 1, 2: 1 });
    expect(JSON.stringify(evidence.parameters)).toContain('["b.ndjson","d.ndjson"]');
  });

  it('still tells of an unreadable line in a file that it need not read', async () => {
    folder = await openFolder({
      'a.ndjson': `${line(-48)}{oops\n${line(5)}`,
      'b.ndjson': line(-24),
      'c.ndjson': line(2),
    });
    for (let i = 0; i < 2; i += 1) {
      const read = await readDay(folder, DATASET);
      expect(read.evidence.warnings).toEqual(['a.ndjson line 2: is no JSON object']);
      expect(read.partial).toEqual([0, 1, 2, 3, 4, 5]);
    }
  });

  it('shows rows that had not come in yet, in whichever file they are', async () => {
    const dataset = events({ files: '*.ndjson' }, { ingested: 'arrived' });
    const arrived = (hour: number) => new Date(MIDNIGHT + hour * HOUR).toISOString();
    folder = await openFolder({
      'a.ndjson': line(1, { arrived: arrived(20) }),
      'b.ndjson': line(2, { arrived: arrived(2) }),
      'c.ndjson': line(3, { arrived: arrived(3) }),
    });
    const early = MIDNIGHT + 10 * HOUR;
    const before = await readDay(folder, dataset, [], early);
    expect(before.hours).toEqual({ 2: 1, 3: 1 });
    const known = new Map(before.readings.map((reading) => [reading.start, reading]));
    const request = { dataset, types: {}, grain: HOUR, range: DAY_RANGE, known } as const;
    const first = await folder.connector.findRevised({ ...request, asOf: early, cursor: null }, NEVER);
    const second = await folder.connector.findRevised(
      { ...request, asOf: DAY_RANGE.end, cursor: first.cursor },
      NEVER,
    );
    expect([first.starts, second.starts]).toEqual([[], [MIDNIGHT + HOUR]]);
  });
});
