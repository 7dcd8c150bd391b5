/** Results as the commands print them; of `clause9 try` a line a window, then the groups of the newest one. */
import type { KpiDefinition } from '../core/definition/model.ts';
import type { Result } from '../core/result/model.ts';
import { reasonSentence } from '../core/result/reasons.ts';
import { formatInstant } from '../core/time/interval.ts';
import { aligned, isSpoken, knownText, valueText } from './text.ts';

export function draftText(definition: KpiDefinition, results: readonly Result[]): string {
  const own = results.filter(({ group }) => group === null);
  const end = own.at(-1)?.end;
  const groups = results.filter((one) => one.group !== null && one.end === end && one.reason !== 'no-value');
  const parts = [table('window', own, windowOf, definition)];
  if (groups.length > 0) parts.push(table(definition.groupBy.join(', '), groups, groupOf, definition));
  return [headOf(definition), ...parts].join('\n\n');
}

/** What `clause9 results` prints: a line a window and group. */
export function resultsText(definition: KpiDefinition, results: readonly Result[]): string {
  const nameOf = (one: Result) => `${windowOf(one)} ${groupOf(one)}`.trimEnd();
  return `${headOf(definition)}\n\n${table('window', results, nameOf, definition)}`;
}

const headOf = ({ title, id, unit }: KpiDefinition): string =>
  `${title} (${id})${isSpoken(unit) ? `, in ${unit}` : ''}`;
const windowOf = ({ start, end }: Result): string => `${formatInstant(start)} – ${formatInstant(end)}`;
const groupOf = ({ group }: Result): string => Object.values(group ?? {}).join(', ');

function table(
  name: string,
  results: readonly Result[],
  nameOf: (result: Result) => string,
  definition: KpiDefinition,
): string {
  const head = [name, 'value', 'sample', 'known', 'verdict', ''];
  return aligned([head, ...results.map((one) => [nameOf(one), ...cells(one, definition)])], [1, 2]);
}

function cells(result: Result, definition: KpiDefinition): string[] {
  const { value, sample, verdict } = result;
  const shown = value === null ? 'unknown' : valueText(result);
  const why = whyUnknown(result, definition) ?? '';
  return [shown, sample.toLocaleString('en'), knownText(result), verdict, why];
}

/** The reason in words; null where the verdict is known. */
export function whyUnknown(result: Result, { minimumSample }: KpiDefinition): string | null {
  const { reason, sample, undecided } = result;
  if (reason === null) return null;
  const atLeast = minimumSample?.atLeast;
  return reasonSentence(reason, { sample, undecided, ...(atLeast === undefined ? {} : { atLeast }) });
}
