/** Turns measures as written into measures: filters parsed, durations in milliseconds, percentiles as numbers. */
import { EVERYTHING, type Filter } from '../filter/model.ts';
import type { Aggregate } from '../measure/tally.ts';
import { formatDuration, HOUR } from '../time/interval.ts';
import {
  type Cohort,
  type Measure,
  QUERY_LANGUAGES,
  type QueryMeasure,
  type RecordAggregate,
} from './model.ts';
import { atKey, error, type Path } from './problem.ts';
import type {
  WrittenEventsMeasure,
  WrittenMeasure,
  WrittenQueryMeasure,
  WrittenRecordsMeasure,
} from './schema-measures.ts';
import { type Report, readDuration } from './words.ts';

/** Turns a `where` into a filter, reporting at the path; null where it can't be read. */
export type ReadFilter = (written: unknown, path: Path) => Filter | null;

/** The measures that could be read; those that could not are reported and left out. */
export function readMeasures(
  written: Readonly<Record<string, WrittenMeasure>>,
  readFilter: ReadFilter,
  report: Report,
): Record<string, Measure> {
  const measures: Record<string, Measure> = {};
  for (const [name, measure] of Object.entries(written)) {
    const path = ['measures', name];
    checkName(name, path, report);
    const read = readMeasure(measure, path, readFilter, report);
    if (read !== null) measures[name] = read;
  }
  return measures;
}

function readMeasure(
  written: WrittenMeasure,
  path: Path,
  readFilter: ReadFilter,
  report: Report,
): Measure | null {
  if (written.query !== undefined) return readQueryMeasure(written);
  return written.cohort === undefined
    ? readEventsMeasure(written, path, readFilter)
    : readRecordsMeasure(written, path, readFilter, report);
}

function readQueryMeasure({ dataset, query, value }: WrittenQueryMeasure): QueryMeasure {
  const asked: Readonly<Record<string, unknown>> = query;
  const language = QUERY_LANGUAGES.find((one) => asked[one] !== undefined) ?? 'sql';
  const text = asked[language];
  return {
    kind: 'query',
    dataset,
    language,
    text: typeof text === 'string' ? text : JSON.stringify(text),
    value,
  };
}

/** Words that CEL keeps for itself (language definition, "Syntax"). */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

function checkName(name: string, path: Path, report: Report): void {
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name)) return;
  const why = RESERVED.has(name) ? 'is a word of the formula language' : "can't be used in a formula";
  report(
    atKey(
      error(
        'measure-name',
        path,
        `the measure's name "${name}" ${why}`,
        'Use letters, digits and _, beginning with a letter: failed_logons.',
      ),
    ),
  );
}

function readEventsMeasure(
  written: WrittenEventsMeasure,
  path: Path,
  readFilter: ReadFilter,
): Measure | null {
  const where = written.where === undefined ? EVERYTHING : readFilter(written.where, [...path, 'where']);
  if (where === null) return null;
  const { dataset, mayBeAbsent } = written;
  const aggregate = eventsAggregate(written.aggregate);
  return { kind: 'events', dataset, where, aggregate, ...(mayBeAbsent === true && { mayBeAbsent }) };
}

function eventsAggregate(written: WrittenEventsMeasure['aggregate']): Aggregate {
  if (typeof written === 'string') return { type: 'count' };
  if ('percentile' in written)
    return { type: 'percentile', field: written.of, percentile: written.percentile };
  if ('sum' in written) return { type: 'sum', field: written.sum };
  if ('min' in written) return { type: 'min', field: written.min };
  if ('max' in written) return { type: 'max', field: written.max };
  if ('mean' in written) return { type: 'mean', field: written.mean };
  return { type: 'distinct', field: written.distinct };
}

function readRecordsMeasure(
  written: WrittenRecordsMeasure,
  path: Path,
  readFilter: ReadFilter,
  report: Report,
): Measure | null {
  const where = written.where === undefined ? EVERYTHING : readFilter(written.where, [...path, 'where']);
  const aggregate = recordAggregate(written.aggregate, [...path, 'aggregate'], readFilter, report);
  const decidedWhen =
    written.decidedWhen === undefined ? null : readFilter(written.decidedWhen, [...path, 'decidedWhen']);
  const followUpMs =
    written.followUp === undefined ? 0 : readDuration(written.followUp, [...path, 'followUp'], report, 0);
  if (aggregate !== null) checkCohort(aggregate, written.cohort, path, report);
  if (aggregate?.type === 'within' && written.cohort === 'opened' && followUpMs !== null) {
    checkFollowUp(aggregate.limitMs, followUpMs, path, report);
  }
  if (where === null || aggregate === null || followUpMs === null) return null;
  if (decidedWhen === null && written.decidedWhen !== undefined) return null;
  return {
    kind: 'records',
    dataset: written.dataset,
    where,
    cohort: written.cohort,
    aggregate,
    decidedWhen,
    followUpMs,
    ...(written.mayBeAbsent === true && { mayBeAbsent: true }),
  };
}

function checkFollowUp(limitMs: number, followUpMs: number, path: Path, report: Report): void {
  if (followUpMs >= limitMs) return;
  const limit = inHours(limitMs);
  const message = `records opened last could never be decided: within ${limit} needs a followUp of at least ${limit}, and it is ${inHours(followUpMs)}`;
  const help = `Add \`followUp: ${limit}\` to the measure, or take the cohort \`closed\` or \`due\`.`;
  report(error('follow-up', [...path, 'aggregate', 'within'], message, help));
}

/** As people write limits: 72h, not 3d. */
function inHours(ms: number): string {
  return ms % HOUR === 0 && ms > 0 ? `${ms / HOUR}h` : formatDuration(ms);
}

function recordAggregate(
  written: WrittenRecordsMeasure['aggregate'],
  path: Path,
  readFilter: ReadFilter,
  report: Report,
): RecordAggregate | null {
  if (typeof written === 'string') return { type: written };
  if ('within' in written) {
    const limitMs = readDuration(written.within, [...path, 'within'], report);
    return limitMs === null ? null : { type: 'within', limitMs };
  }
  if ('duration' in written)
    return { type: 'duration', percentile: percentileOf(written.duration), unit: written.unit };
  if ('age' in written) return { type: 'age', percentile: percentileOf(written.age), unit: written.unit };
  if ('share' in written) {
    const of = readFilter(written.share, [...path, 'share']);
    return of === null ? null : { type: 'share', of };
  }
  const of = readFilter(written.count, [...path, 'count']);
  return of === null ? null : { type: 'count', of };
}

function percentileOf(written: string | number): number {
  if (typeof written === 'number') return written;
  return written === 'median' ? 50 : Number(written.slice(1));
}

function checkCohort(aggregate: RecordAggregate, cohort: Cohort, path: Path, report: Report): void {
  const at = [...path, 'cohort'];
  if (aggregate.type === 'age' && cohort !== 'open-at-end') {
    report(
      error(
        'cohort',
        at,
        `an age is that of open records, but the cohort is "${cohort}"`,
        'Write `cohort: open-at-end`, or measure a duration.',
      ),
    );
  }
  const needsClosing =
    aggregate.type === 'within' || aggregate.type === 'within-due' || aggregate.type === 'duration';
  if (needsClosing && cohort === 'open-at-end') {
    report(
      error(
        'cohort',
        at,
        `"${aggregate.type}" asks when a record was closed, but none of the cohort "open-at-end" is closed`,
        'Take the cohort `opened`, `closed` or `due`, or the aggregate `age`, `count` or `share`.',
      ),
    );
  }
}
