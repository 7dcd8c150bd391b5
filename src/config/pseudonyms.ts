/** Checks that what a dataset hides behind pseudonyms is nowhere needed in the clear. */
import { error, type Path } from '../core/definition/problem.ts';
import type { Report } from '../core/definition/words.ts';
import type { DatasetContext, WrittenDataset } from './datasets.ts';

export function checkPseudonyms(written: WrittenDataset, context: DatasetContext, report: Report): void {
  const { pseudonymise } = written;
  if (pseudonymise === undefined) return;
  if (context.hasPseudonymKey === false) {
    const help = 'Add `pseudonymKey: {env: CLAUSE9_PSEUDONYM_KEY}` to the configuration.';
    report(
      error('pseudonym', ['pseudonymise'], 'pseudonyms need a key, and there is no `pseudonymKey`', help),
    );
  }
  for (const { field, path, why } of clearFields(written)) {
    if (!pseudonymise.includes(field)) continue;
    const message = `\`${field}\` is hidden behind pseudonyms, but ${why}`;
    report(error('pseudonym', path, message, 'Take it out of `pseudonymise`, or use another field.'));
  }
}

/** Fields that a dataset needs as they are. */
function clearFields(written: WrittenDataset): { field: string; path: Path; why: string }[] {
  const mapped = Object.keys(written.values ?? {}).map((field) => ({
    field,
    path: ['values', field],
    why: 'its values are mapped to standard ones',
  }));
  if (written.kind !== 'records') return mapped;
  const { due, version = [], clock } = written;
  const table =
    typeof due === 'object' ? [{ field: due.by, path: ['due', 'by'], why: 'due times follow from it' }] : [];
  const versions = [version]
    .flat()
    .map((field) => ({ field, path: ['version'], why: 'versions are ordered by it' }));
  const paused = clock?.pausedWhile === undefined ? [] : namesIn(clock.pausedWhile);
  const pauses = paused.map((field) => ({
    field,
    path: ['clock', 'pausedWhile'],
    why: 'the clock pauses by it',
  }));
  return [...mapped, ...table, ...versions, ...pauses];
}

/** The keys of a detection at any depth, without their modifiers: fields, and names of selections. */
function namesIn(written: unknown): string[] {
  if (Array.isArray(written)) return written.flatMap(namesIn);
  if (typeof written !== 'object' || written === null) return [];
  return Object.entries(written).flatMap(([key, value]) => [key.split('|')[0] ?? key, ...namesIn(value)]);
}
