/**
 * `clause9 init`: looks at what a source holds and proposes datasets, named as the shipped KPIs name theirs where they
 * fit. A proposal is a beginning: what was guessed is written as a guess.
 */
import type { Dataset, SourceConfig } from '../../config/model.ts';
import type { KpiDefinition } from '../../core/definition/model.ts';
import { ConnectorError } from '../../core/errors.ts';
import { DAY, HOUR, MINUTE } from '../../core/time/interval.ts';
import type { Candidate, ConnectorType, Inspection } from '../../ports/connector.ts';
import type { Ask } from '../ask/ask.ts';
import { sentence } from '../ask/ask.ts';
import { datasetNames } from '../bind/bind.ts';
import { fieldsUsed } from '../bind/usage.ts';
import { ALIASES, CASE_FIELDS, KNOWN_DATASETS } from './known.ts';

/** Datasets that are proposed, the largest first; the others are named. */
const MOST = 60;

export interface ProposedDataset {
  readonly name: string;
  readonly kind: Dataset['kind'];
  readonly options: Candidate['options'];
  /** Of events. */
  readonly time: string | null;
  readonly ingested: string | null;
  /** Of records. */
  readonly cases: Cases | null;
  /** Standard field → the source's own: guesses. */
  readonly fields: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly expectEvents: string | null;
}

interface Cases {
  readonly key: string;
  readonly version: string | null;
  readonly opened: string;
  readonly closed: readonly string[];
  readonly due: string | null;
}

export interface Proposal {
  readonly datasets: readonly ProposedDataset[];
  /** What could not be made a dataset, and why. */
  readonly leftOut: readonly string[];
  readonly runs: readonly KpiDefinition[];
  readonly lacks: readonly { readonly kpi: KpiDefinition; readonly why: string }[];
}

export interface InitInput {
  readonly source: SourceConfig;
  readonly type: ConnectorType;
  readonly ask: Ask;
  /** The shipped KPIs. */
  readonly definitions: readonly KpiDefinition[];
}

export async function propose(input: InitInput, signal: AbortSignal): Promise<Proposal> {
  const { source, ask, definitions } = input;
  const found = await ask(source.name, signal, (connector, abort) => connector.discover(abort));
  const usable = found.filter(({ events }) => events > 0).sort((a, b) => b.events - a.events);
  const named = nameAll(usable.slice(0, MOST), definitions);
  const datasets = await Promise.all(named.map((one) => measured(input, one, signal)));
  const checked = definitions.map((kpi) => ({ kpi, why: lackOf(kpi, named) }));
  return {
    datasets,
    leftOut: [
      ...found.filter(({ events }) => events === 0).map(({ name }) => `${name}: empty, or it can't be read`),
      ...usable.slice(MOST).map(({ name }) => `${name}: the ${MOST} largest are enough for a beginning`),
    ],
    runs: checked.filter(({ why }) => why === null).map(({ kpi }) => kpi),
    lacks: checked.flatMap(({ kpi, why }) => (why === null ? [] : [{ kpi, why }])),
  };
}

interface Named extends Omit<ProposedDataset, 'expectEvents'> {
  /** What its fields are, by standard and own names. */
  readonly has: (field: string) => boolean;
}

/** The largest that fits gets a shipped dataset's name; every other one a name of its own. */
function nameAll(candidates: readonly Candidate[], definitions: readonly KpiDefinition[]): Named[] {
  const taken = new Set<string>();
  return candidates.map((candidate) => {
    const fitting = Object.keys(KNOWN_DATASETS).filter((name) => fits(name, candidate, definitions));
    const known = fitting.find((name) => !taken.has(name));
    const name = known ?? ownName(candidate.name, taken);
    taken.add(name);
    const one = proposed(name, candidate, definitions);
    const [other] = fitting;
    if (known !== undefined || other === undefined) return one;
    return { ...one, notes: [...one.notes, `fits \`${other}\` as well, which may take in several`] };
  });
}

/** A name that none of the shipped ones has: its fields would not be theirs. */
function ownName(written: string, taken: ReadonlySet<string>): string {
  const base =
    written
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'data';
  const isFree = (name: string) => !taken.has(name) && !Object.hasOwn(KNOWN_DATASETS, name);
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (isFree(name)) return name;
  }
}

/** Its name and its kind, and all that one KPI at least needs. */
function fits(name: string, candidate: Candidate, definitions: readonly KpiDefinition[]): boolean {
  const known = KNOWN_DATASETS[name];
  const written = `${candidate.name} ${JSON.stringify(candidate.options)}`.toLowerCase();
  if (known === undefined || known.kind !== kindOf(candidate) || !known.looksLike.test(written)) return false;
  const { has } = proposed(name, candidate, definitions);
  return definitions.some((kpi) => {
    const fields = [...fieldsUsed(name, [kpi]).keys()];
    return datasetNames(kpi).includes(name) && fields.every(has);
  });
}

const kindOf = (candidate: Candidate): Dataset['kind'] =>
  casesOf(candidate) !== null ? 'records' : candidate.time === null ? 'snapshot' : 'events';

function proposed(name: string, candidate: Candidate, definitions: readonly KpiDefinition[]): Named {
  const { options, types, time, events } = candidate;
  const kind = kindOf(candidate);
  const cases = casesOf(candidate);
  const fields = aliasesOf([...fieldsUsed(name, definitions).keys()], types);
  // A row of a case came in when it was written.
  const written = cases?.version ?? null;
  const ingested = candidate.ingested ?? (written !== null && types[written] === 'time' ? written : null);
  const guesses = Object.keys(fields).length > 0 ? ['`fields` are guesses by their names: look at them'] : [];
  return {
    name,
    kind,
    options,
    time: kind === 'events' ? time : null,
    ingested: kind === 'snapshot' ? null : ingested,
    cases,
    fields,
    notes: [
      `${events.toLocaleString('en')} ${kind === 'events' ? 'events' : 'rows'}`,
      ...caseNotes(cases, ingested),
      ...guesses,
    ],
    has: (field) => Object.hasOwn(types, field) || Object.hasOwn(fields, field),
  };
}

function caseNotes(cases: Cases | null, ingested: string | null): string[] {
  if (cases === null) return [];
  const arrival =
    ingested === null
      ? ['nothing tells when a version came in: the past is judged by what is known today']
      : [];
  return [
    'taken for cases that are opened and closed; if each row is an event of its own, write `kind: events`',
    ...arrival,
  ];
}

/** Each own field stands for one standard field at most. */
function aliasesOf(wanted: readonly string[], types: Candidate['types']): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const standard of wanted) {
    if (Object.hasOwn(types, standard)) continue;
    const used = new Set(Object.values(fields));
    const own = ALIASES[standard]?.find((name) => Object.hasOwn(types, name) && !used.has(name));
    if (own !== undefined) fields[standard] = own;
  }
  return fields;
}

function casesOf({ types }: Candidate): Cases | null {
  const first = (names: readonly string[]) => names.find((name) => Object.hasOwn(types, name)) ?? null;
  const [key, opened] = [first(CASE_FIELDS.key), first(CASE_FIELDS.opened)];
  const closed = CASE_FIELDS.closed.filter((name) => Object.hasOwn(types, name));
  if (key === null || opened === null || closed.length === 0) return null;
  return { key, opened, closed, version: first(CASE_FIELDS.version), due: first(CASE_FIELDS.due) };
}

/** Null: it can run. */
function lackOf(kpi: KpiDefinition, datasets: readonly Named[]): string | null {
  const lacks = datasetNames(kpi).flatMap((name) => {
    const dataset = datasets.find((one) => one.name === name);
    if (dataset === undefined) return [`no dataset ${name}`];
    const missing = [
      ...[...fieldsUsed(name, [kpi]).keys()].filter((field) => !dataset.has(field)),
      ...(dataset.cases?.due === null && needsDue(name, kpi) ? ['a due time (`due`)'] : []),
    ];
    return missing.length === 0 ? [] : [`${name} lacks ${missing.join(', ')}`];
  });
  return lacks.length === 0 ? null : lacks.join('; ');
}

const needsDue = (dataset: string, { measures }: KpiDefinition): boolean =>
  Object.values(measures).some(
    (one) =>
      one.dataset === dataset &&
      one.kind === 'records' &&
      (one.cohort === 'due' || one.aggregate.type === 'within-due'),
  );

/** With what can only be told by looking at the data: how often something comes in, and how late. */
async function measured(
  { source, type, ask }: InitInput,
  named: Named,
  signal: AbortSignal,
): Promise<ProposedDataset> {
  const { has: _, ...dataset } = named;
  if (dataset.kind !== 'events' || dataset.time === null) return { ...dataset, expectEvents: null };
  const events: Dataset = {
    kind: 'events',
    name: dataset.name,
    source: source.name,
    fields: dataset.fields,
    values: {},
    filter: null,
    settleMs: 0,
    reviseForMs: 0,
    time: dataset.time,
    ingested: dataset.ingested,
    expectEvents: null,
    options: type.datasetOptions.parse(dataset.options),
  };
  try {
    const seen = await ask(source.name, signal, (connector, abort) => connector.inspect(events, abort));
    return { ...dataset, notes: [...dataset.notes, ...lateness(seen)], expectEvents: expectation(seen) };
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return { ...dataset, notes: [...dataset.notes, sentence(error)], expectEvents: null };
  }
}

const EVERY = [
  ['15m', 15 * MINUTE],
  ['1h', HOUR],
  ['6h', 6 * HOUR],
  ['1d', DAY],
  ['7d', 7 * DAY],
] as const;
/** Events that come in on the average, in a stretch in which there should always be one. */
const PLENTY = 20;

function expectation({ events, oldest, newest }: Inspection): string | null {
  if (oldest === null || newest === null || newest <= oldest) return null;
  return EVERY.find(([, ms]) => (events / (newest - oldest)) * ms >= PLENTY)?.[0] ?? null;
}

function lateness({ lag }: Inspection): string[] {
  const minutes = Math.ceil((lag?.p99 ?? 0) / MINUTE);
  return minutes > 5
    ? [`1 of 100 comes in later than ${minutes} minutes: think of \`settle: ${minutes}m\``]
    : [];
}
