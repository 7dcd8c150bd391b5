/** Asking a source whether a literal ever occurred in all that it holds, and what else the field holds. */
import type { EventsDataset, RecordsDataset } from '../../config/model.ts';
import { ConnectorError } from '../../core/errors.ts';
import { compileFilter } from '../../core/filter/evaluate.ts';
import { formatFilter } from '../../core/filter/format.ts';
import { canMatch, filterLiterals, type LiteralTest } from '../../core/filter/literals.ts';
import { EVERYTHING, type Filter } from '../../core/filter/model.ts';
import { DAY, type Instant } from '../../core/time/interval.ts';
import type { Probe, TopValues } from '../../ports/connector.ts';
import { type Ask, guarded, sentence } from '../ask/ask.ts';
import { paceOf } from '../ask/pace.ts';
import { hiddenNatives } from '../bind/pseudonyms.ts';
import type { LoopContext } from '../context.ts';

/** What the source said of a literal, in its own words. */
export interface LiteralFinding {
  /** `event.action = logon` */
  readonly literal: string;
  readonly field: string;
  readonly asOf: Instant;
  /** Null: the source can't tell, for the reason in `why`. */
  readonly matched: boolean | null;
  readonly why: string | null;
  /** The field's most frequent values, beside it; null: they are not kept, as the dataset hides the field. */
  readonly top: readonly { readonly text: string; readonly events: number }[] | null;
}

/** By the literal. */
export type Findings = Readonly<Record<string, LiteralFinding>>;

/** Values of a field that are kept beside a literal that it never had. */
const TOP = 10;

/** Those that are asked for the first time, or a day after they were not there; each once. */
export function literalsDue(
  tests: readonly LiteralTest[],
  findings: Findings,
  asOf: Instant,
): readonly LiteralTest[] {
  const due = tests.filter((test) => {
    const known = findings[formatFilter(test)];
    return known === undefined || (known.matched !== true && known.asOf + DAY <= asOf);
  });
  return [...new Map(due.map((test) => [formatFilter(test), test])).values()];
}

/** How many searches asking takes at most: one for a field, and one for a literal that is rare in it. */
export const searchesFor = (due: readonly LiteralTest[]): number =>
  due.length + new Set(due.map(({ field }) => field)).size;

/** It did not occur, or nobody knows yet. */
const isAbsent = (findings: Findings, literal: string): boolean =>
  findings[literal] === undefined || findings[literal].matched === false;

export interface Asking {
  readonly asOf: Instant;
  readonly probes: ReadonlyMap<string, Probe>;
  /** So many at most; one literal always, or nothing would ever be known. */
  readonly searches: number;
  readonly signal: AbortSignal;
}

/** Asks for one literal after the other, as far as searches and the cycle's time allow. */
export async function askLiterals(
  context: LoopContext,
  ask: Ask,
  dataset: EventsDataset | RecordsDataset,
  due: readonly LiteralTest[],
  before: Findings,
  { asOf, probes, searches, signal }: Asking,
): Promise<{ readonly findings: Findings; readonly spent: number }> {
  const types = probes.get(dataset.name)?.types ?? {};
  const hidden = hiddenNatives(dataset);
  const findings = { ...before };
  const tops = new Map<string, TopValues>();
  let spent = 0;
  const topOf = (where: Filter, field: string, limit: number): Promise<TopValues> => {
    spent++;
    const request = { dataset, types, where, range: { start: 0, end: asOf }, field, limit };
    return ask(dataset.source, signal, (connector, abort) => connector.topValues(request, abort));
  };
  for (const test of due) {
    const { field } = test;
    const isOver = context.clock.now() - asOf > paceOf(context).cycleMs || spent + 2 > searches;
    if (spent > 0 && isOver) break;
    await guarded(context, dataset, async () => {
      const finding = { literal: formatFilter(test), field, asOf };
      try {
        const top = tops.get(field) ?? (await topOf(EVERYTHING, field, TOP));
        tops.set(field, top);
        const isThere = compileFilter(test);
        const matched =
          top.values.some(({ text }) => isThere({ [field]: text })) ||
          (await topOf(test, field, 1)).events > 0;
        const values = matched ? [] : hidden.has(field) ? null : top.values;
        findings[finding.literal] = { ...finding, matched, why: null, top: values };
      } catch (error) {
        if (!(error instanceof ConnectorError) || error.retryable) throw error;
        findings[finding.literal] = { ...finding, matched: null, why: sentence(error), top: [] };
      }
    });
  }
  return { findings, spent };
}

/** The literals for which nothing can pass the filter, as far as is known; null: something can. */
export function neverIn(where: Filter, findings: Findings): readonly string[] | null {
  if (canMatch(where, (test) => isAbsent(findings, formatFilter(test)))) return null;
  return filterLiterals(where)
    .map(formatFilter)
    .filter((literal) => isAbsent(findings, literal));
}
