/** A plan as the command prints it: a paragraph a source, a line a read. */
import { formatDuration, formatInstant } from '../../core/time/interval.ts';
import type { CyclePlan, PlannedQuery, PlannedSearch, SourcePlan } from './plan.ts';

/** Reads of a dataset that are listed one by one; the others are summed up. */
const LISTED = 5;

export function planText({ sources, warnings }: CyclePlan): string {
  const parts = sources.map((source) => [headOf(source), ...linesOf(source)].join('\n'));
  const nothing = sources.length === 0 ? ['The next cycle would ask nothing.'] : [];
  const unsure = [...new Set(warnings)].map((warning) => `Not known: ${warning}`);
  return [...parts, ...nothing, ...unsure].join('\n\n');
}

function headOf({
  source,
  searches,
  maxSearchesPerCycle,
  probes,
  looks,
  others,
  checks,
  reads,
  queries,
}: SourcePlan): string {
  const nextCycle = (all: readonly { readonly state: string }[]): number =>
    all.filter(({ state }) => state === 'next cycle').length;
  const parts = [
    count(nextCycle(reads), 'read of slices', 'reads of slices'),
    count(looks, 'question for late data', 'questions for late data'),
    count(others, 'read of records or a list', 'reads of records and lists'),
    count(checks, 'look at the data', 'looks at the data'),
    count(nextCycle(queries), 'native query', 'native queries'),
    count(probes, 'description', 'descriptions'),
  ];
  const most = maxSearchesPerCycle === null ? 'no limit' : `at most ${maxSearchesPerCycle}`;
  return `${source}: ${count(searches, 'search', 'searches')} in the next cycle (${most}): ${parts.filter((part) => !part.startsWith('0 ')).join(', ')}`;
}

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

function linesOf({ reads, queries }: SourcePlan): string[] {
  const groups = Map.groupBy(reads, (one) => `${one.dataset} ${one.grainMs} ${one.state}`);
  const lines = [...groups.values()].flatMap((all) => [
    ...all.slice(0, LISTED).map(lineOf),
    ...(all.length <= LISTED ? [] : [restOf(all.slice(LISTED))]),
  ]);
  const asked = [...Map.groupBy(queries, (one) => `${one.dataset} ${one.values} ${one.state}`).values()];
  return [...lines, ...asked.flatMap(queryLines)];
}

function queryLines(all: readonly PlannedQuery[]): string[] {
  const more = all.length - LISTED;
  return [
    ...all.slice(0, LISTED).map(({ dataset, language, window, values, state }) => {
      const later = state === 'next cycle' ? '' : ` (${state})`;
      return `  ${dataset}  ${rangeOf(window.start, window.end)}  query in ${language}: ${values.join(', ')}${later}`;
    }),
    ...(more > 0 ? [`  ${all[0]?.dataset}  ${more} more ${more === 1 ? 'query' : 'queries'}`] : []),
  ];
}

const rangeOf = (start: number, end: number): string => `${formatInstant(start)} – ${formatInstant(end)}`;

function lineOf({ dataset, grainMs, range, measures, buckets, why, state }: PlannedSearch): string {
  const size = `${count(measures, 'measure', 'measures')}, ${buckets} buckets of ${formatDuration(grainMs)}`;
  const later = state === 'next cycle' ? '' : ` (${state})`;
  return `  ${dataset}  ${rangeOf(range.start, range.end)}  ${size}: ${why.join(', ')}${later}`;
}

function restOf(reads: readonly PlannedSearch[]): string {
  const [first, last] = [reads[0], reads.at(-1)];
  if (first === undefined || last === undefined) return '';
  const buckets = reads.reduce((sum, read) => sum + read.buckets, 0);
  const later = first.state === 'next cycle' ? '' : ` (${first.state})`;
  return `  ${first.dataset}  ${rangeOf(last.range.start, first.range.end)}  ${reads.length} more, ${buckets} buckets${later}`;
}
