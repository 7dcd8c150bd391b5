import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { records } from '../../../test/fakes/loop.ts';
import type { RecordVersion } from '../../core/measure/record.ts';
import { inCohort } from '../../core/measure/records.ts';
import { recordLoader } from './record-sets.ts';

const COHORTS = ['opened', 'closed', 'due', 'open-at-end'] as const;
const time = fc.option(fc.nat(40), { nil: null });
const version = fc
  .record({ opened: time, closed: fc.array(time, { minLength: 1, maxLength: 2 }), due: time })
  .map((times) => ({ ...times, version: [], ingested: 0, order: 0, fields: {} }));

describe('loading the records of a window', () => {
  it('leaves out none that any cohort has, whatever its times are and were known', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(version, { maxLength: 8 }),
        fc.nat(30),
        fc.integer({ min: 1, max: 10 }),
        fc.nat(20),
        async (list, start, length, later) => {
          const versions = list.map((one, index): RecordVersion => ({ ...one, key: String(index) }));
          const window = { start, end: start + length };
          const load = recordLoader({ records: async () => versions, histories: async () => new Map() });
          const { records: loaded } = await load(1, records('cases'), window, [window]);
          const asOf = window.end + later;
          for (const cohort of COHORTS) {
            const members = versions.filter((one) => inCohort(one, cohort, window, asOf));
            expect(members.filter((one) => !loaded.includes(one))).toEqual([]);
          }
        },
      ),
    );
  });
});
