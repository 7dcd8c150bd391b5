/** From one slice as a source gave it to the slices that are stored: standard values, pseudonyms, and what has to be said. */
import { standardTallies } from '../../core/measure/standard.ts';
import { NO_GROUP, OVERFLOW, type Tallies } from '../../core/measure/tally.ts';
import { pseudonymousTallies } from '../../core/pseudonym.ts';
import type { SliceReading } from '../../ports/connector.ts';
import type { NewSlice } from '../../ports/store.ts';
import type { SeriesBinding } from '../bind/bind.ts';
import { hiddenNatives } from '../bind/pseudonyms.ts';
import type { LoopContext } from '../context.ts';
import type { WantedSeries } from '../series.ts';

/** One slice of each series that was read, and of the control series. */
export function newSlices(
  reading: SliceReading,
  wanted: readonly WantedSeries[],
  control: WantedSeries,
  context: Pick<LoopContext, 'pseudonyms'>,
): NewSlice[] {
  const { start, quality, events, maxIngested, digest } = reading;
  const slices = wanted.map((one): NewSlice => {
    const own = ownTallies(reading, one);
    const tallies = standardTallies(own, one.binding.groupBy, one.binding.dataset.values);
    const problems = [
      ...skippedNote(tallies, one.binding),
      ...doubleNote(reading, one, wanted, own, tallies),
    ];
    return {
      seriesId: one.id,
      start,
      quality: problems.length === 0 ? quality : 'partial',
      notes: [...reading.notes, ...problems],
      tallies: hidden(tallies, one.binding, context),
      known: null,
    };
  });
  const counted: NewSlice = {
    seriesId: control.id,
    start,
    quality,
    notes: reading.notes,
    tallies: { [NO_GROUP]: { n: events } },
    known: { events, maxIngested, digest },
  };
  return [...slices, counted];
}

function ownTallies({ tallies, overflow }: SliceReading, { id, binding }: WantedSeries): Tallies {
  const read = tallies[String(id)] ?? {};
  // The request allows as many groups as any of its measures.
  const isWide = overflow.includes(String(id)) || Object.keys(read).length > binding.maxGroups;
  return isWide ? { [OVERFLOW]: { n: 0 } } : read;
}

function skippedNote(tallies: Tallies, { request: { aggregate } }: SeriesBinding): string[] {
  const skipped = Object.values(tallies).reduce((sum, tally) => sum + (tally.skipped ?? 0), 0);
  if (skipped === 0) return [];
  const field = aggregate.type === 'count' ? '' : aggregate.field;
  return [`${skipped} events left out: their ${field} is no number, or several values`];
}

/**
 * An event with two of the source's own values that mean one standard value counts in the groups of both, and so twice
 * in what they become. Whether there is one is told by the groups holding more events than there are.
 */
function doubleNote(
  { tallies: all }: SliceReading,
  { binding }: WantedSeries,
  wanted: readonly WantedSeries[],
  own: Tallies,
  standard: Tallies,
): string[] {
  if (Object.keys(standard).length === Object.keys(own).length) return [];
  const sum = Object.values(own).reduce((total, { n }) => total + n, 0);
  const total = wanted.find(({ binding: other }) => isTotalOf(other, binding));
  const events = total === undefined ? null : (all[String(total.id)]?.[NO_GROUP]?.n ?? null);
  if (events === sum) return [];
  const fields = binding.groupBy.join(', ');
  return [
    `events may count twice in a group: some have several values of ${fields} that mean the same standard value`,
  ];
}

const isTotalOf = ({ request }: SeriesBinding, { request: grouped }: SeriesBinding): boolean =>
  request.groupBy.length === 0 &&
  JSON.stringify([request.where, request.aggregate]) === JSON.stringify([grouped.where, grouped.aggregate]);

function hidden(
  tallies: Tallies,
  { groupBy, dataset, request: { aggregate } }: SeriesBinding,
  { pseudonyms }: Pick<LoopContext, 'pseudonyms'>,
): Tallies {
  const { pseudonymise = [] } = dataset;
  if (pseudonyms === undefined || pseudonymise.length === 0) return tallies;
  const distinct = aggregate.type === 'distinct' && hiddenNatives(dataset).has(aggregate.field);
  return pseudonymousTallies(tallies, groupBy, { groups: new Set(pseudonymise), distinct }, pseudonyms);
}
