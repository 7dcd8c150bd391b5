import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHolidays } from './holidays.ts';

const folder = mkdtempSync(join(tmpdir(), 'clause9-holidays-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(...lines: readonly string[]) {
  const path = join(folder, 'holidays.ics');
  writeFileSync(path, lines.join('\r\n'));
  return readHolidays(path);
}

const event = (...lines: readonly string[]) =>
  read(
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'BEGIN:VEVENT',
    'UID:1',
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  );

describe('Holidays of a calendar file are', () => {
  it('the whole days of its events, the end left out', () => {
    expect(event('DTSTART;VALUE=DATE:20260517').days).toEqual(['2026-05-17']);
    expect(event('DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227').days).toEqual([
      '2026-12-24',
      '2026-12-25',
      '2026-12-26',
    ]);
    expect(event('DTSTART;VALUE=DATE:20240229', 'DURATION:P2D').days).toEqual(['2024-02-29', '2024-03-01']);
  });

  it('repeated as their rule says, without the days that it leaves out', () => {
    const yearly = event(
      'DTSTART;VALUE=DATE:20251225',
      'RRULE:FREQ=YEARLY',
      'EXDATE;VALUE=DATE:20271225',
    ).days;
    expect(yearly.slice(0, 3)).toEqual(['2025-12-25', '2026-12-25', '2028-12-25']);
    expect(yearly.at(-1)).toBe('2099-12-25');
    const thanksgiving = event(
      'DTSTART;VALUE=DATE:20251127',
      'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3',
    );
    expect(thanksgiving.days).toEqual(['2025-11-27', '2026-11-26', '2027-11-25']);
    expect(event('DTSTART;VALUE=DATE:20260101', 'RDATE;VALUE=DATE:20260106').days).toHaveLength(2);
  });

  it('not those of events that were cancelled', () => {
    expect(event('DTSTART;VALUE=DATE:20260517', 'STATUS:CANCELLED')).toEqual({ days: [], problems: [] });
  });

  it('read through folded lines, and from several calendars', () => {
    const one = [
      'BEGIN:VCALENDAR',
      'BEGIN:VEVENT',
      'SUMMARY:A very',
      '  long name',
      'DTSTART;VALUE=DATE:20260101',
    ];
    const two = [
      'BEGIN:VCALENDAR',
      'BEGIN:VEVENT',
      'DTSTART;VALUE=DATE:20260102',
      'END:VEVENT',
      'END:VCALENDAR',
    ];
    expect(read(...one, 'END:VEVENT', 'END:VCALENDAR', ...two).days).toEqual(['2026-01-01', '2026-01-02']);
  });
});

describe('What is no holiday is said with its line', () => {
  it.each([
    ['an hour of a day', ['SUMMARY:Party', 'DTSTART:20260517T120000Z'], 3, '“Party” is no whole day'],
    ['no day at all', ['SUMMARY:Some day'], 3, '“Some day” has no DTSTART'],
    ['a day every day', ['DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=DAILY'], 3, 'has more than 10000 days'],
    [
      'a change of one occurrence',
      ['DTSTART;VALUE=DATE:20260101', 'RECURRENCE-ID;VALUE=DATE:20260101'],
      3,
      'changes one day',
    ],
    [
      'a rule that is none',
      ['DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=SOMETIMES'],
      null,
      'this is no calendar',
    ],
    ['a line that is none', ['DTSTART;VALUE=DATE:20260101', 'nonsense'], 6, 'this is no calendar'],
  ])('%s', (_, lines, line, message) => {
    expect(event(...lines).problems).toMatchObject([{ line, message: expect.stringContaining(message) }]);
  });

  it('an empty calendar, another file, no file', () => {
    expect(read('BEGIN:VCALENDAR', 'END:VCALENDAR').problems).toMatchObject([
      { message: 'the calendar has no event' },
    ]);
    expect(read('hello: world').problems[0]?.message).toContain('this is no calendar');
    expect(readHolidays(join(folder, 'none.ics')).problems[0]?.message).toContain('there is no such file');
  });
});
