/** What a derivation says of a measure beside its data: literals that never occurred, rights that changed meanwhile. */
import type { Measure } from '../../core/definition/model.ts';
import type { MeasureInput, MeasureValue, Result } from '../../core/result/model.ts';
import { formatInstant } from '../../core/time/interval.ts';
import type { Store } from '../../ports/store.ts';
import { failureBehind } from '../ask/failures.ts';
import { absenceSentences } from '../checks/absences.ts';
import type { LiteralFinding } from '../checks/literal-findings.ts';
import { literalFindings } from '../checks/literals.ts';
import { recordLiteralFindings } from '../checks/record-literals.ts';
import { accessChanges, accessSentence } from '../collect/access.ts';
import { noticesOf } from '../collect/notices.ts';
import type { Derivation } from '../read-model.ts';

export type Leaf = string | number | boolean | null;

export const node = (label: string, value: Leaf, ...children: readonly Derivation[]): Derivation => ({
  label,
  value,
  children,
});

/** What the filter of a measure without a value, or of 0, looks for, and the data never held. */
export async function literalNodes(
  store: Store,
  { reason }: Result,
  { n }: MeasureValue,
  measure: Measure | null,
  input: MeasureInput | null,
): Promise<Derivation[]> {
  if (input?.kind === 'series' && n === 0)
    return literalTexts(await literalFindings(store, input.control, input.series));
  if (input?.kind !== 'records' || measure?.kind !== 'records' || reason !== 'filter-never-matched')
    return [];
  return literalTexts(await recordLiteralFindings(store, measure));
}

const literalTexts = (findings: Awaited<ReturnType<typeof literalFindings>>): Derivation[] =>
  findings.map(({ literal, finding }) =>
    finding === null
      ? node('never matched', `${literal}: the source has not been asked yet whether it ever occurred`)
      : node(
          'never matched',
          `${literal}: no event of all that the source holds, as of ${formatInstant(finding.asOf)}`,
          node(`most frequent values of ${finding.field}`, valuesText(finding.top)),
        ),
  );

function valuesText(top: LiteralFinding['top']): string {
  if (top === null) return 'not kept, as the dataset hides them';
  return top.length === 0 ? 'none at all' : top.map(({ text, events }) => `${text} (${events})`).join(', ');
}

/** What the account may see changed between the window's start and the result: it may mix what was seen before and after. */
export async function accessNodes(
  store: Store,
  { start, asOf }: Result,
  dataset: string,
): Promise<Derivation[]> {
  const changes = await accessChanges(store, dataset);
  return changes
    .filter(({ at }) => at > start && at <= asOf)
    .map((change) => node('access', accessSentence(change)));
}

/** Why something of the dataset is missing: what its source last answered instead. */
export async function failureNodes(store: Store, result: Result, dataset: string): Promise<Derivation[]> {
  if (result.quality !== 'missing') return [];
  const failure = await failureBehind(store, dataset, result.asOf);
  return failure === null ? [] : [node('last failure', failure.text, node('at', formatInstant(failure.at)))];
}

/** What a daily look at the data found around the window. */
export async function noticeNodes(store: Store, result: Result, dataset: string): Promise<Derivation[]> {
  const notices = await noticesOf(store, dataset, result);
  return notices.map(({ about, at, text }) => node(about, text, node('seen', formatInstant(at))));
}

/** Fields that the measure needs, and that no event of the window, or of a part of it, had. */
export async function absenceNodes(store: Store, result: Result, measure: Measure): Promise<Derivation[]> {
  return (await absenceSentences(store, measure, result)).map((text) => node('field vanished', text));
}
