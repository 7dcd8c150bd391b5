/** What `clause9 try` prints: a line a window, then the groups of the newest one. */
import type { KpiDefinition } from '../core/definition/model.ts';
import type { Result } from '../core/result/model.ts';
import { reasonSentence } from '../core/result/reasons.ts';
import { formatInstant } from '../core/time/interval.ts';
import { figure } from './text.ts';

export function draftText(definition: KpiDefinition, results: readonly Result[]): string {
  const own = results.filter(({ group }) => group === null);
  const end = own.at(-1)?.end;
  const groups = results.filter((one) => one.group !== null && one.end === end && one.reason !== 'no-value');
  const head = `${definition.title} (${definition.id}), in ${definition.unit}`;
  const parts = [
    head,
    table(
      ['window', ...HEAD],
      own,
      ({ start, end }) => `${formatInstant(start)} – ${formatInstant(end)}`,
      definition,
    ),
  ];
  if (groups.length > 0) {
    const name = ({ group }: Result) => Object.values(group ?? {}).join(', ');
    parts.push(table([definition.groupBy.join(', '), ...HEAD], groups, name, definition));
  }
  return parts.join('\n\n');
}

const HEAD = ['value', 'sample', 'quality', 'verdict', ''];

function table(
  head: readonly string[],
  results: readonly Result[],
  nameOf: (result: Result) => string,
  definition: KpiDefinition,
): string {
  const lines = [head, ...results.map((one) => [nameOf(one), ...cells(one, definition)])];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const isRight = (at: number) => at === 1 || at === 2;
  return lines
    .map((line) =>
      line
        .map((text, at) => (isRight(at) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells(result: Result, definition: KpiDefinition): string[] {
  const { value, lower, upper, sample, quality, verdict } = result;
  const bound = (limit: number | null) => (limit === null ? '…' : figure(limit));
  const bounds =
    value === null || (lower === value && upper === value) ? '' : ` (${bound(lower)}–${bound(upper)})`;
  const shown = value === null ? 'unknown' : `${figure(value)}${bounds}`;
  return [shown, sample.toLocaleString('en'), quality, verdict, whyUnknown(result, definition) ?? ''];
}

/** The reason in words; null where the verdict is known. */
export function whyUnknown(result: Result, { minimumSample }: KpiDefinition): string | null {
  const { reason, sample, undecided } = result;
  if (reason === null) return null;
  const atLeast = minimumSample?.atLeast;
  return reasonSentence(reason, { sample, undecided, ...(atLeast === undefined ? {} : { atLeast }) });
}
