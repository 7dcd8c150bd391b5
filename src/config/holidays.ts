/**
 * Holidays from an iCalendar file (RFC 5545): the days of its whole-day events, repeated ones unfolded. What can't
 * be a holiday is reported by file and line, never passed over.
 */
import ICAL from 'ical.js';
import { parseDay } from '../core/time/civil.ts';
import { readTextFile } from './files.ts';

export interface CalendarProblem {
  /** Null: the file as a whole. */
  readonly line: number | null;
  readonly message: string;
  readonly help: string;
}

export interface Holidays {
  /** `YYYY-MM-DD`, sorted, each once. */
  readonly days: readonly string[];
  readonly problems: readonly CalendarProblem[];
}

/** Rules without an end are unfolded until then. */
const LAST_YEAR = 2099;
const MAX_DAYS = 10_000;

export function readHolidays(path: string): Holidays {
  const file = readTextFile(path);
  if ('problem' in file) return failed(null, file.problem.message, file.problem.help);
  const days = new Set<string>();
  const problems: CalendarProblem[] = [];
  const lines = file.text.split(/\r\n|\n|\r/);
  const begins = lines.flatMap((line, index) => (/^BEGIN:VEVENT\s*$/i.test(line) ? [index + 1] : []));
  const events = parseEvents(file.text, lines);
  if ('problem' in events) return { days: [], problems: [events.problem] };
  if (events.list.length === 0) {
    return failed(
      null,
      'the calendar has no event',
      'Is this the right file? It should hold a VEVENT for each holiday.',
    );
  }
  events.list.forEach((event, index) => {
    const problem = addEvent(event, days);
    if (problem !== null) problems.push({ line: begins[index] ?? null, ...problem });
  });
  return { days: [...days].sort(), problems };
}

const failed = (line: number | null, message: string, help: string): Holidays => ({
  days: [],
  problems: [{ line, message, help }],
});

type Events = { readonly list: readonly ICAL.Component[] } | { readonly problem: CalendarProblem };

function parseEvents(text: string, lines: readonly string[]): Events {
  try {
    const parsed: unknown = ICAL.parse(text);
    const calendars = Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed];
    return { list: calendars.flatMap((one) => new ICAL.Component(one).getAllSubcomponents('vevent')) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The parser quotes the line that it stopped at.
    const quoted = lines.findIndex((line) => line.trim() !== '' && message.includes(`"${line}"`));
    const help = 'The file must be an iCalendar file (RFC 5545), as calendar programs export it.';
    return {
      problem: { line: quoted < 0 ? null : quoted + 1, message: `this is no calendar: ${message}`, help },
    };
  }
}

type Fault = Omit<CalendarProblem, 'line'> | null;

function addEvent(component: ICAL.Component, days: Set<string>): Fault {
  const event = new ICAL.Event(component);
  if (String(component.getFirstPropertyValue('status')).toUpperCase() === 'CANCELLED') return null;
  const name = event.summary === null || event.summary === undefined ? 'an event' : `“${event.summary}”`;
  const refuse = (why: string, help: string): Fault => ({ message: `${name} ${why}`, help });
  if (component.getFirstProperty('dtstart') === null) return refuse('has no DTSTART', 'Give it a day.');
  if (component.getFirstProperty('recurrence-id') !== null)
    return refuse('changes one day of a repeated event', 'Write that day as an event of its own.');
  try {
    const { startDate, endDate } = event;
    if (!startDate.isDate || !endDate.isDate)
      return refuse('is no whole day', 'A holiday is a whole day: write DTSTART;VALUE=DATE:20260517.');
    const length = Math.max(1, (dayOf(endDate) ?? 0) - (dayOf(startDate) ?? 0));
    return addOccurrences(event, length, days)
      ? null
      : refuse(`has more than ${MAX_DAYS} days`, 'Give its rule an end.');
  } catch (error) {
    return refuse(
      `can't be read: ${error instanceof Error ? error.message : String(error)}`,
      'Check its dates and its rule.',
    );
  }
}

const dayOf = ({ year, month, day }: ICAL.Time): number | null =>
  parseDay(
    `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`,
  );

/** False where there are too many. */
function addOccurrences(event: ICAL.Event, length: number, days: Set<string>): boolean {
  const add = (start: ICAL.Time) => {
    for (let ahead = 0; ahead < length; ahead++) {
      const day = start.clone();
      day.adjust(ahead, 0, 0, 0);
      days.add(day.toString());
    }
  };
  // Beside dates alone (RDATE) the library forgets the first one.
  if (event.component.getFirstProperty('rrule') === null) add(event.startDate);
  const occurrences = event.iterator();
  for (let count = 0; count <= MAX_DAYS && days.size <= MAX_DAYS; count++) {
    const start = occurrences.next();
    if (start === null || start === undefined || start.year > LAST_YEAR) return true;
    add(start);
  }
  return false;
}
