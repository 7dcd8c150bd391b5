/** Instants, windows and ages as people read them: `1 Apr 2016`, `March 2016`, `6 hours`. */
import type { WindowSpec } from '../../core/definition/model.ts';
import { type CivilDate, civilDate } from '../../core/time/civil.ts';
import { DAY, HOUR, type Instant, type Interval, MINUTE, SECOND } from '../../core/time/interval.ts';
import { dayAt, weekdayAndMinute } from '../../core/time/zone.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

type CalendarSpec = Extract<WindowSpec, { kind: 'calendar' }>;

const NO_BREAK = '\u00a0';
const monthName = (date: CivilDate): string => MONTHS[date.month - 1] ?? '';
const two = (value: number): string => String(value).padStart(2, '0');
const dateIn = (instant: Instant, timeZone: string): CivilDate => civilDate(dayAt(instant, timeZone));
const written = (date: CivilDate): string =>
  [date.day, monthName(date).slice(0, 3), date.year].join(NO_BREAK);

/** `1 Apr 2016`, in the zone. */
export const dateText = (instant: Instant, timeZone: string): string => written(dateIn(instant, timeZone));

/** `2016-04-01` as `1 Apr 2016`. */
export const dayText = (day: string): string => dateText(Date.parse(`${day}T00:00:00Z`), 'UTC');

/** `06:00`, in the zone. */
export function timeText(instant: Instant, timeZone: string): string {
  const { minute } = weekdayAndMinute(instant, timeZone);
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** `1 Apr 2016, 06:00 UTC`. */
export const instantText = (instant: Instant, timeZone: string): string =>
  `${dateText(instant, timeZone)}, ${timeText(instant, timeZone)}${NO_BREAK}${timeZone}`;

/** A window by its name: `March 2016`, `24 hours to 2 Jun 2016, 06:00 UTC`. */
export function windowText(spec: WindowSpec, window: Interval): string {
  if (spec.kind === 'rolling')
    return `${durationText(window.end - window.start)} to ${instantText(window.end, 'UTC')}`;
  const date = dateIn(window.start, spec.timeZone);
  switch (spec.unit) {
    case 'year':
      return String(date.year);
    case 'quarter':
      return `Q${Math.ceil(date.month / 3)}${NO_BREAK}${date.year}`;
    case 'month':
      return `${monthName(date)}${NO_BREAK}${date.year}`;
    case 'week':
      return `week of ${written(date)}`;
    case 'day':
      return written(date);
  }
}

/** The window within a sentence: `in March 2016`, `on 1 Apr 2016`, `in the 24 hours to …`. */
export function windowPhrase(spec: WindowSpec, window: Interval): string {
  const text = windowText(spec, window);
  if (spec.kind === 'calendar' && spec.unit === 'day') return `on ${text}`;
  return spec.kind === 'rolling' || spec.unit === 'week' ? `in the ${text}` : `in ${text}`;
}

/** What the window is in general: `calendar month (Europe/Oslo)`, `24 hours, moving every hour`. */
export const windowSpecText = (spec: WindowSpec): string =>
  spec.kind === 'calendar'
    ? `calendar ${spec.unit} (${spec.timeZone})`
    : `${durationText(spec.lengthMs)}, moving every ${durationText(spec.everyMs).replace(/^1\s/, '')}`;

const UNITS = [
  [DAY, 'day'],
  [HOUR, 'hour'],
  [MINUTE, 'minute'],
  [SECOND, 'second'],
] as const;

/** A duration in its largest whole unit, though up to two days in hours: `24 hours`, `30 days`, `90 minutes`. */
export function durationText(ms: number): string {
  const [size, name] = UNITS.find(([unit]) => ms % unit === 0 && (unit < DAY || ms > 2 * DAY)) ?? [1, 'ms'];
  return name === 'ms' ? `${ms}${NO_BREAK}ms` : counted(ms / size, name);
}

const counted = (count: number, name: string): string =>
  `${count}${NO_BREAK}${name}${count === 1 ? '' : 's'}`;

/** How long ago, roughly: in the largest unit of which there are two or more; `just now` within two minutes. */
export function agoText(ms: number): string {
  if (ms < 2 * MINUTE) return 'just now';
  const [size, name] = UNITS.find(([unit]) => ms >= 2 * unit) ?? [MINUTE, 'minute'];
  return `${counted(Math.floor(ms / size), name)} ago`;
}

/** The stretch of a chart's axis that a window owns: itself, or of a rolling one the newest step. */
export const slotOf = (spec: WindowSpec, window: Interval): Interval =>
  spec.kind === 'calendar' ? window : { start: window.end - spec.everyMs, end: window.end };

/** A calendar window's name on an axis: `Mar`, `Q1`, `4 Apr`; with its year where no neighbour says it. */
export function axisText(spec: CalendarSpec, window: Interval, withYear: boolean): string {
  const date = dateIn(window.start, spec.timeZone);
  if (spec.unit === 'year') return String(date.year);
  const month = monthName(date).slice(0, 3);
  const name = {
    quarter: `Q${Math.ceil(date.month / 3)}`,
    month,
    week: `${date.day} ${month}`,
    day: `${date.day} ${month}`,
  };
  return withYear || (date.month === 1 && date.day === 1)
    ? `${name[spec.unit]} ${date.year}`
    : name[spec.unit];
}

/** An instant on an axis, in UTC: the day at its beginning, else the time. */
export const tickText = (instant: Instant): string =>
  instant % DAY === 0 ? dateText(instant, 'UTC').replace(/.\d{4}$/, '') : timeText(instant, 'UTC');
