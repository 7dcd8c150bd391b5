/** Reads a KPI's window and checks that slices can make it up. */

import { sliceGrain } from '../time/slice.ts';
import { isZone } from '../time/zone.ts';
import type { WindowSpec } from './model.ts';
import { error } from './problem.ts';
import type { WrittenKpi } from './schema.ts';
import { nearest } from './suggest.ts';
import { type Report, readDuration } from './words.ts';

export function readWindow(written: WrittenKpi['window'], report: Report): WindowSpec | null {
  if ('calendar' in written) return readCalendar(written.calendar, written.timeZone, report);
  const lengthMs = readDuration(written.rolling, ['window', 'rolling'], report);
  const everyMs = readDuration(written.every, ['window', 'every'], report);
  if (lengthMs === null || everyMs === null) return null;
  const spec: WindowSpec = { kind: 'rolling', lengthMs, everyMs };
  if (everyMs > lengthMs) {
    report(
      error(
        'window',
        ['window', 'every'],
        `a window of ${written.rolling} that moves by ${written.every} leaves out what lies between`,
        'Move it by its length at most.',
      ),
    );
  }
  if (sliceGrain(spec) === null) {
    report(
      error(
        'window',
        ['window'],
        `no slice divides a window of ${written.rolling} every ${written.every}`,
        'Both must be multiples of 1m; of 5m, 15m, 1h or 1d the KPI is cheaper.',
      ),
    );
  }
  return spec;
}

function readCalendar(
  unit: 'day' | 'week' | 'month' | 'quarter' | 'year',
  timeZone: string,
  report: Report,
): WindowSpec | null {
  if (isZone(timeZone)) return { kind: 'calendar', unit, timeZone };
  report(error('zone', ['window', 'timeZone'], `there is no time zone "${timeZone}"`, zoneHelp(timeZone)));
  return null;
}

export function zoneHelp(zone: string): string {
  const near = nearest(zone, [...Intl.supportedValuesOf('timeZone'), 'UTC']);
  return near === null ? 'Write an IANA name such as Europe/Oslo or UTC.' : `Did you mean \`${near}\`?`;
}
