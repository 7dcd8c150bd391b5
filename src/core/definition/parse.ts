/**
 * Turns a definition as written into the KpiDefinition that the rest of clause9 trusts, or names everything that is
 * wrong with it at once: a section with a wrong shape doesn't hide the problems of the others.
 */
import { hashOf } from '../hash.ts';
import { MINUTE } from '../time/interval.ts';
import { readControls } from './controls.ts';
import { type Context, readFilterWith } from './filters.ts';
import { checkFormula } from './formula.ts';
import { readMeasures } from './measures.ts';
import type { Exclusion, KpiDefinition, Measure } from './model.ts';
import { error, hasErrors, type Problem } from './problem.ts';
import { readCorrectiveAction, readNonconformity } from './rules.ts';
import { salvage } from './salvage.ts';
import type { WrittenSections } from './schema.ts';
import { readTargets } from './targets.ts';
import { readWindow } from './window.ts';
import { type Report, readDay, readDuration, readInstant, readShare } from './words.ts';

export interface ParsedDefinition {
  /** Null where there is an error (not: a warning) among the problems. */
  readonly definition: KpiDefinition | null;
  readonly problems: readonly Problem[];
}

/** A definition with its overlays merged in, as plain data (what YAML or JSON gives). Never throws for what was written. */
export function parseDefinition(value: unknown, context: Context = {}): ParsedDefinition {
  const problems: Problem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const written = salvage(value, context.source, report);
  const definition = assemble(written, measureNames(value), context, report);
  return { definition: hasErrors(problems) ? null : definition, problems };
}

/** Also of the measures with a wrong shape: a formula that names one of those is not wrong for it. */
function measureNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null || !('measures' in value)) return [];
  const { measures } = value;
  return typeof measures === 'object' && measures !== null && !Array.isArray(measures)
    ? Object.keys(measures)
    : [];
}

/** Null where a required section is missing, which is reported by then. */
function assemble(
  written: WrittenSections,
  names: readonly string[],
  context: Context,
  report: Report,
): KpiDefinition | null {
  if (written.measures !== undefined && names.length === 0) report(NO_MEASURE);
  const measures = readMeasures(written.measures ?? {}, readFilterWith(context, report), report);
  const formula = checkFormula(written, { measures, names }, report);
  const window = written.window === undefined ? null : readWindow(written.window, report);
  const groupBy = readGroupBy(written.groupBy ?? [], report);
  const { targets, direction } = readTargets(written, groupBy, report);
  const exclusions = readExclusions(written, report);
  checkMinimumSample(written, names, report);
  checkQueries(measures, groupBy, exclusions, report);
  const rest = {
    controls: readControls(written.controls ?? [], report),
    approved: readApproved(written, report),
    reviewEveryMs:
      written.review === undefined ? null : readDuration(written.review.every, ['review', 'every'], report),
    tolerate: readTolerate(written, report),
    activeFrom: readActiveFrom(written, report),
    nonconformity: readNonconformity(written.nonconformity, report),
    correctiveAction: readCorrectiveAction(written.correctiveAction, report),
  };
  const { id, title } = written;
  if (id === undefined || title === undefined || window === null || formula === null) return null;
  const minimumSample = written.minimumSample ?? null;
  const rollup = written.rollup ?? 'total';
  const maxGroups = written.maxGroups ?? 100;
  return {
    id,
    title,
    informationNeed: written.informationNeed ?? null,
    status: written.status ?? 'active',
    headline: written.headline ?? false,
    requirement: written.requirement ?? null,
    roles: withoutUndefined(written.roles ?? {}),
    labels: written.labels ?? {},
    runbook: written.runbook ?? null,
    unit: written.unit ?? defaultUnit(formula, measures),
    direction,
    measures,
    formula,
    groupBy,
    maxGroups,
    rollup,
    window,
    timeZone: window.kind === 'calendar' ? window.timeZone : 'UTC',
    minimumSample,
    targets,
    benchmarks: (written.benchmarks ?? []).map(readBenchmark),
    shownWith: written.shownWith ?? [],
    exclusions,
    continues: written.continues ?? null,
    ...rest,
    measurementHash: hashOf({ measures, formula, window, groupBy, minimumSample, exclusions }),
    evaluationHash: hashOf({ targets, rollup, maxGroups, tolerate: rest.tolerate, rule: rest.nonconformity }),
  };
}

const NO_MEASURE = error(
  'measures',
  ['measures'],
  'a KPI needs at least one measure',
  'Write `measures: {all: {dataset: …, aggregate: count}}`.',
);

function defaultUnit(formula: string, measures: Readonly<Record<string, Measure>>): string {
  const measure = Object.hasOwn(measures, formula) ? measures[formula] : undefined;
  if (measure?.kind === 'query') return '';
  if (measure?.aggregate.type === 'duration' || measure?.aggregate.type === 'age')
    return measure.aggregate.unit;
  const counts = measure?.aggregate.type === 'count' || measure?.aggregate.type === 'distinct';
  return counts ? 'count' : '';
}

function readGroupBy(written: readonly string[], report: Report): readonly string[] {
  for (const [index, field] of written.entries()) {
    if (written.indexOf(field) === index) continue;
    report(error('group', ['groupBy', index], `the field "${field}" stands here twice`, 'Leave one out.'));
  }
  return written;
}

function readApproved(written: WrittenSections, report: Report): KpiDefinition['approved'] {
  if (written.approved === undefined) return null;
  const on = readDay(written.approved.on, ['approved', 'on'], report);
  return on === null ? null : { by: written.approved.by, on };
}

function checkMinimumSample(written: WrittenSections, names: readonly string[], report: Report): void {
  const measure = written.minimumSample?.measure;
  if (measure === undefined || names.length === 0 || names.includes(measure)) return;
  report(
    error(
      'minimum-sample',
      ['minimumSample', 'measure'],
      `there is no measure "${measure}"`,
      `The measures are: ${names.join(', ')}.`,
    ),
  );
}

/** The answer to a query is one number for the window: it has no parts to group or to leave out. */
function checkQueries(
  measures: Readonly<Record<string, Measure>>,
  groupBy: readonly string[],
  exclusions: readonly Exclusion[],
  report: Report,
): void {
  const name = Object.keys(measures).find((one) => measures[one]?.kind === 'query');
  if (name === undefined) return;
  const cant = (key: string, what: string, help: string) =>
    report(error('query', [key], `\`${name}\` is a query, whose number for a window can't be ${what}`, help));
  if (groupBy.length > 0)
    cant(
      'groupBy',
      'split into groups',
      'Leave `groupBy` out, or write a measure with `where` and `aggregate`.',
    );
  if (exclusions.length > 0)
    cant(
      'exclusions',
      'had without a part of it',
      'Leave `exclusions` out, or write a measure with `where` and `aggregate`.',
    );
}

function readTolerate(written: WrittenSections, report: Report): KpiDefinition['tolerate'] {
  const share = (key: 'missing' | 'partial' | 'silent') => {
    const value = written.tolerate?.[key];
    return value === undefined ? 0 : readShare(value, ['tolerate', key], report);
  };
  return { missing: share('missing'), partial: share('partial'), silent: share('silent') };
}

function readActiveFrom(written: WrittenSections, report: Report): string | null {
  if (written.activeFrom === undefined) return null;
  return readInstant(written.activeFrom, ['activeFrom'], report) === null ? null : written.activeFrom;
}

function readExclusions(written: WrittenSections, report: Report): Exclusion[] {
  const exclusions: Exclusion[] = [];
  for (const [index, exclusion] of (written.exclusions ?? []).entries()) {
    if (exclusion === null) continue;
    const path = ['exclusions', index];
    const start = readInstant(exclusion.start, [...path, 'start'], report);
    const end = readInstant(exclusion.end, [...path, 'end'], report);
    if (start === null || end === null) continue;
    if (end <= start) {
      report(
        error(
          'exclusion',
          [...path, 'end'],
          'this exclusion ends before it begins',
          'Exchange start and end.',
        ),
      );
      continue;
    }
    if (start % MINUTE !== 0 || end % MINUTE !== 0) {
      const message = 'an exclusion begins and ends on whole minutes';
      report(
        error(
          'exclusion',
          [...path, start % MINUTE === 0 ? 'end' : 'start'],
          message,
          'Leave the seconds out.',
        ),
      );
    }
    exclusions.push({ start, end, reason: exclusion.reason, approver: exclusion.approver });
  }
  return exclusions;
}

function readBenchmark(
  written: NonNullable<WrittenSections['benchmarks']>[number],
): KpiDefinition['benchmarks'][number] {
  if ('industry' in written) {
    const { industry, ...rest } = written;
    return { kind: 'industry', value: industry, ...rest };
  }
  if (typeof written.historic === 'string') return { kind: 'historic', basis: written.historic };
  return { kind: 'historic', basis: 'mean-of-last', windows: written.historic.meanOfLast };
}

function withoutUndefined(map: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
