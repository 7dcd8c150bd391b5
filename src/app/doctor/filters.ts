/** Whether the filters of measures ever matched, and each of their literals: `logon` where the data says `logged-in`. */
import type { EventsDataset, RecordsDataset } from '../../config/model.ts';
import { nearest } from '../../core/definition/suggest.ts';
import { filterFields } from '../../core/filter/bind.ts';
import { compileFilter } from '../../core/filter/evaluate.ts';
import { formatFilter } from '../../core/filter/format.ts';
import { canMatch, filterLiterals, type LiteralTest } from '../../core/filter/literals.ts';
import { EVERYTHING, type Filter } from '../../core/filter/model.ts';
import { literalOf } from '../../core/filter/pattern.ts';
import type { TopValues } from '../../ports/connector.ts';
import { hiddenNatives } from '../bind/pseudonyms.ts';
import { ownFilters, type Use, useName, usesOf } from '../bind/usage.ts';
import { type Examined, type Finding, toldBy } from './findings.ts';

/** Values of a field that are shown beside a literal. */
const TOP = 10;

type Looked = EventsDataset | RecordsDataset;

/** A filter that some measures share. */
interface SharedFilter {
  readonly where: Filter;
  readonly users: readonly Use[];
}

interface LiteralHits {
  readonly test: LiteralTest;
  /** Null: the source can't tell, for the reason in `why`. */
  readonly hits: number | null;
  readonly why: string | null;
  /** Null: the dataset hides them. */
  readonly top: TopValues['values'] | null;
}

export async function filterFindings(examined: Examined): Promise<Finding[]> {
  const { dataset, definitions, probe } = examined;
  if (dataset.kind === 'snapshot') return [];
  const uses = usesOf(dataset.name, definitions).filter(({ measure }) => measure.kind !== 'query');
  const filters = sharedFilters(uses, dataset);
  const isThere = (field: string) => Object.hasOwn(probe.types, field);
  const tests = new Map(
    filters
      .flatMap(({ where }) => filterLiterals(where).filter(({ field }) => isThere(field)))
      .map((one) => [formatFilter(one), one]),
  );
  const byField = Map.groupBy(tests.values(), ({ field }) => field);
  const [hits, totals] = await Promise.all([
    Promise.all([...byField].map(([field, some]) => literalHits(examined, dataset, field, some))),
    Promise.all(filters.map((one) => filterTotal(examined, dataset, one))),
  ]);
  const found = hits.flat();
  const never = new Set(found.filter((one) => one.hits === 0).map(({ test }) => formatFilter(test)));
  const isNever = (test: LiteralTest) => never.has(formatFilter(test));
  return [
    ...found.map((one) => literalFinding(one, filters, isNever)),
    ...filters.flatMap((one, index) => {
      const total = totals[index] ?? null;
      // Of a field that is missing it was said already, by name.
      const isTold = total?.why != null && !filterFields(one.where).every(isThere);
      return isTold ? [] : filterFinding(one, total, canMatch(one.where, isNever));
    }),
  ];
}

function sharedFilters(uses: readonly Use[], dataset: Looked): SharedFilter[] {
  const filters = new Map<string, { where: Filter; users: Use[] }>();
  for (const use of uses) {
    for (const where of ownFilters(use.measure, dataset)) {
      if (where.op === 'everything') continue;
      const key = JSON.stringify(where);
      const one = filters.get(key) ?? { where, users: [] };
      one.users.push(use);
      filters.set(key, one);
    }
  }
  return [...filters.values()];
}

/** One search for the field's top values, and one more for each literal that is not among them. */
async function literalHits(
  { probe, now, ask }: Examined,
  dataset: Looked,
  field: string,
  tests: readonly LiteralTest[],
): Promise<LiteralHits[]> {
  const top = (where: Filter, limit: number) =>
    ask((connector, signal) =>
      connector.topValues(
        { dataset, types: probe.types, where, range: { start: 0, end: now }, field, limit },
        signal,
      ),
    );
  try {
    const { values } = await top(EVERYTHING, TOP);
    const isHidden = hiddenNatives(dataset).has(field);
    return await Promise.all(
      tests.map(async (test) => {
        const isThere = compileFilter(test);
        const known = values.filter(({ text }) => isThere({ [field]: text }));
        const hits = known.length > 0 ? sumOf(known) : (await top(test, 1)).events;
        return { test, hits, why: null, top: isHidden ? null : values };
      }),
    );
  } catch (cause) {
    const why = toldBy(cause);
    return tests.map((test) => ({ test, hits: null, why, top: [] }));
  }
}

const sumOf = (values: TopValues['values']): number => values.reduce((sum, { events }) => sum + events, 0);

function literalFinding(
  { test, hits, why, top }: LiteralHits,
  filters: readonly SharedFilter[],
  isNever: (test: LiteralTest) => boolean,
): Finding {
  const check = 'literal';
  const literal = formatFilter(test);
  if (hits === null) return { level: 'error', check, text: `${literal}: can't be looked for. ${why}` };
  const beside = besideText(top);
  if (hits > 0)
    return { level: 'ok', check, text: `${literal}: ${hits.toLocaleString('en')} events; ${beside}` };
  const near = nearest(
    textOf(test),
    (top ?? []).map(({ text }) => text),
  );
  const guess = near === null ? '' : `. Did you mean \`${near}\`?`;
  const users = filters
    .filter(({ where }) => filterLiterals(where).some((one) => formatFilter(one) === literal))
    .filter(({ where }) => !canMatch(where, isNever))
    .flatMap((one) => one.users)
    .filter((use) => !mayBeAbsent(use));
  if (users.length > 0) {
    const by = `; ${some(users)} can never match`;
    return { level: 'error', check, text: `${literal}: no event at all; ${beside}${by}${guess}` };
  }
  return { level: 'warning', check, text: `${literal}: no event at all; ${beside}${guess}` };
}

function besideText(top: LiteralHits['top']): string {
  if (top === null) return 'the dataset hides what else there is';
  if (top.length === 0) return 'the field is empty everywhere';
  return `most frequent: ${top.map(({ text, events }) => `${text} (${events.toLocaleString('en')})`).join(', ')}`;
}

const mayBeAbsent = ({ measure }: Use): boolean => measure.kind !== 'query' && measure.mayBeAbsent === true;

const textOf = ({ predicate }: LiteralTest): string =>
  predicate.kind === 'text'
    ? (literalOf(predicate.pattern) ?? '')
    : 'value' in predicate
      ? String(predicate.value)
      : '';

const some = (users: readonly Use[]): string =>
  `${users.slice(0, 3).map(useName).join(', ')}${users.length > 3 ? ` and ${users.length - 3} more` : ''}`;

interface Total {
  /** Null: not told, or why not. */
  readonly events: number | null;
  readonly why: string | null;
}

async function filterTotal(
  { probe, now, ask }: Examined,
  dataset: Looked,
  { where }: SharedFilter,
): Promise<Total> {
  const request = { dataset, types: probe.types, where, range: { start: 0, end: now }, asOf: now, limit: 1 };
  try {
    const { rows, total } = await ask((connector, signal) => connector.readRows(request, signal));
    return { events: total ?? (rows.length > 0 ? null : 0), why: null };
  } catch (cause) {
    return { events: null, why: toldBy(cause) };
  }
}

function filterFinding({ where, users }: SharedFilter, total: Total | null, mayMatch: boolean): Finding[] {
  const check = 'filter';
  const text = `${formatFilter(where)} (${some(users)})`;
  if (total === null) return [];
  if (total.why !== null)
    return [{ level: 'error', check, text: `${text}: can't be asked here. ${total.why}` }];
  if (total.events === null) return [{ level: 'ok', check, text: `${text}: matches` }];
  if (total.events > 0)
    return [{ level: 'ok', check, text: `${text}: ${total.events.toLocaleString('en')} events` }];
  if (users.every(mayBeAbsent)) return [{ level: 'ok', check, text: `${text}: no event, which may be so` }];
  // What its literals tell is told there.
  return mayMatch
    ? [{ level: 'warning', check, text: `${text}: silent, no event of all that are kept matches` }]
    : [];
}
