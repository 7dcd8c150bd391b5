/** What a derivation says of reads, and of data that retention has merged since. */
import type { Result } from '../../core/result/model.ts';
import { DAY, formatInstant } from '../../core/time/interval.ts';
import type { RolledSlice, Store, StoredRead } from '../../ports/store.ts';
import type { Derivation } from '../read-model.ts';
import { node } from './notes.ts';

/** Reads of what was merged that are shown: the newest ones. */
const READS_SHOWN = 5;

/** The hours and days that overlap the result's window, and the reads of that time that are still kept. */
export async function rolledNodes(
  store: Store,
  result: Result,
  series: number,
  dataset: string,
): Promise<Derivation[]> {
  const rolled = await store.rolled(series, result);
  const [first] = rolled;
  if (first === undefined) return [];
  const reads = await store.reads(dataset, result.asOf, READS_SHOWN, result);
  const notes = [...new Set(rolled.flatMap((one) => one.notes))];
  return [
    node(
      'rolled up',
      countsText(rolled),
      node('since', 'what was counted in each slice, its revisions and its read are not kept any more'),
      node('from', formatInstant(first.start)),
      node(
        'partial slices',
        rolled.reduce((sum, { partial }) => sum + partial, 0),
      ),
      ...notes.map((note) => node('note', note)),
      node('newest reads of that time', reads.length, ...reads.map(readNode)),
    ),
  ];
}

function countsText(rolled: readonly RolledSlice[]): string {
  const days = rolled.filter(({ start, end }) => end - start === DAY).length;
  const hours = rolled.length - days;
  const words = [
    ...(days === 0 ? [] : [`${days} ${days === 1 ? 'day' : 'days'}`]),
    ...(hours === 0 ? [] : [`${hours} ${hours === 1 ? 'hour' : 'hours'}`]),
  ];
  return `to ${words.join(' and ')} (retention)`;
}

/** A read with what it asked. */
export function readNode({ id, asOf, evidence }: StoredRead): Derivation {
  return node(
    `read ${id}`,
    `as of ${formatInstant(asOf)}`,
    node('query', evidence.query),
    ...(evidence.parameters.length === 0 ? [] : [node('parameters', JSON.stringify(evidence.parameters))]),
    node('took', `${Math.round(evidence.tookMs)} ms`),
    ...(evidence.job === null ? [] : [node('job', evidence.job)]),
    ...evidence.warnings.map((warning) => node('warning', warning)),
  );
}
