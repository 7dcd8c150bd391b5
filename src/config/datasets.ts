/** Reads one dataset of the configuration: the keys that all share, and those of its source's type by the connector's schema. */
import { z } from 'zod';
import { atKey, error, type Path, type Problem } from '../core/definition/problem.ts';
import { readShape, type ShapeOptions } from '../core/definition/shape.ts';
import { suggest } from '../core/definition/suggest.ts';
import { type Report, readDuration } from '../core/definition/words.ts';
import { DAY, MINUTE } from '../core/time/interval.ts';
import type { ConnectorType } from '../ports/connector.ts';
import { type FileContext, readBusinessHours, readClock, readDueTable } from './clock.ts';
import type { Dataset, ExpectEvents } from './model.ts';
import { checkPseudonyms } from './pseudonyms.ts';
import { type DatasetKind, datasetShapes, type expectEventsSchema } from './schema.ts';

type Map = Readonly<Record<string, unknown>>;

export interface DatasetContext extends FileContext {
  /** Source name → its type as written, whether or not the rest of it could be read. */
  readonly sourceTypes: Readonly<Record<string, unknown>>;
  readonly connectorTypes: readonly ConnectorType[];
  /** Absent: datasets may ask for pseudonyms all the same. */
  readonly hasPseudonymKey?: boolean;
  readonly source: ShapeOptions['source'];
}

const schemas = {
  events: z.strictObject(datasetShapes.events),
  records: z.strictObject(datasetShapes.records),
  snapshot: z.strictObject(datasetShapes.snapshot),
};
export type WrittenDataset = z.infer<(typeof schemas)[DatasetKind]>;

/** Null where it can't be read, which is reported. */
export function readDataset(
  name: string,
  value: unknown,
  context: DatasetContext,
  report: Report,
): Dataset | null {
  const path: Path = ['datasets', name];
  const say: Report = (problem) => report({ ...problem, path: [...path, ...problem.path] });
  if (!isMap(value)) {
    say(
      error(
        'value',
        [],
        `the dataset \`${name}\` must be a map`,
        'Write `{kind: events, source: …}` with what its source needs.',
      ),
    );
    return null;
  }
  const kind = readKind(value, say);
  if (kind === null) return null;
  const source = (at: Path) => context.source?.([...path, ...at]);
  const commonKeys = Object.keys(datasetShapes[kind]);
  const own = pick(value, (key) => commonKeys.includes(key));
  const rest = pick(value, (key) => !commonKeys.includes(key));
  const common = readShape<WrittenDataset>(schemas[kind], own, { source });
  if ('problems' in common) for (const problem of common.problems) say(problem);
  const options = readRest(rest, kind, value.source, context, { source, otherKeys: commonKeys }, say);
  if ('value' in common) checkPseudonyms(common.value, context, say);
  return 'value' in common && options !== null
    ? assemble(name, common.value, options.value, context, say)
    : null;
}

export function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pick(value: Map, wanted: (key: string) => boolean): Map {
  return Object.fromEntries(Object.entries(value).filter(([key]) => wanted(key)));
}

function readKind(value: Map, report: Report): DatasetKind | null {
  const { kind } = value;
  if (kind === 'events' || kind === 'records' || kind === 'snapshot') return kind;
  if (kind === undefined)
    report(
      error('missing-key', ['kind'], '`kind` is missing', 'Write `kind: events`, `records` or `snapshot`.'),
    );
  else
    report(
      error(
        'value',
        ['kind'],
        `there is no kind of dataset "${String(kind)}"`,
        suggest(String(kind), Object.keys(datasetShapes)),
      ),
    );
  return null;
}

/** The keys that only the source's type knows. */
function readRest(
  rest: Map,
  kind: DatasetKind,
  source: unknown,
  context: DatasetContext,
  options: ShapeOptions,
  report: Report,
) {
  if (typeof source !== 'string') return null;
  if (!Object.hasOwn(context.sourceTypes, source)) {
    const help = suggest(source, Object.keys(context.sourceTypes), 'Add it to `sources`.');
    report(error('unknown-source', ['source'], `there is no source "${source}"`, help));
    return null;
  }
  const type = context.connectorTypes.find((connector) => connector.type === context.sourceTypes[source]);
  if (type === undefined) return null;
  const read = readShape(strictly(type.datasetOptions), rest, options);
  if ('value' in read) return read;
  for (const problem of read.problems) report(ofOtherKind(problem, kind));
  return null;
}

/** A key that no one knows is an error, whatever the connector's schema says. */
export function strictly(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodObject ? schema.strict() : schema;
}

/** A key of another kind of dataset deserves more than "unknown". */
function ofOtherKind(problem: Problem, kind: DatasetKind): Problem {
  const key = String(problem.path[0]);
  const other = Object.entries(datasetShapes).find(
    ([name, shape]) => name !== kind && Object.hasOwn(shape, key),
  );
  if (problem.rule !== 'unknown-key' || problem.path.length !== 1 || other === undefined) return problem;
  return atKey(
    error(
      'unknown-key',
      problem.path,
      `\`${key}\` belongs to datasets of kind ${other[0]}, and this one is of kind ${kind}`,
      'Leave it out, or change `kind`.',
    ),
  );
}

function assemble(
  name: string,
  written: WrittenDataset,
  options: unknown,
  files: FileContext,
  report: Report,
): Dataset | null {
  const settleMs = optional(written.settle, 5 * MINUTE, ['settle'], report);
  const reviseForMs = optional(written.reviseFor, 7 * DAY, ['reviseFor'], report);
  const { logsource } = written;
  const common = {
    name,
    source: written.source,
    fields: written.fields ?? {},
    values: listed(written.values ?? {}),
    filter: written.filter ?? null,
    settleMs,
    reviseForMs,
    ...(written.pseudonymise !== undefined && { pseudonymise: written.pseudonymise }),
    ...(logsource !== undefined && {
      logSources: (Array.isArray(logsource) ? logsource : [logsource]).map(completed),
    }),
    options,
  };
  if (written.kind === 'snapshot')
    return { kind: 'snapshot', ...common, everyMs: optional(written.every, DAY, ['every'], report) };
  const expectEvents =
    written.expectEvents === undefined ? null : readExpectEvents(written.expectEvents, files, report);
  const ingested = written.ingested ?? null;
  if (written.kind === 'events') {
    const { id, time = '@timestamp' } = written;
    return { kind: 'events', ...common, time, ...(id !== undefined && { id }), ingested, expectEvents };
  }
  const { key, opened, due = null, clock } = written;
  const version = toList(written.version ?? []);
  return {
    kind: 'records',
    ...common,
    key,
    version,
    opened,
    closed: toList(written.closed),
    due: typeof due === 'string' ? due : null,
    ...(due !== null && typeof due !== 'string' && { dueBy: readDueTable(due, report) }),
    ...(clock !== undefined && { clock: readClock(clock, ingested, files, report) }),
    ingested,
    expectEvents,
  };
}

function toList(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function optional(text: string | undefined, otherwise: number, path: Path, report: Report): number {
  return text === undefined ? otherwise : (readDuration(text, path, report, 0) ?? otherwise);
}

function completed(written: {
  category?: string | undefined;
  product?: string | undefined;
  service?: string | undefined;
}) {
  const { category = null, product = null, service = null } = written;
  return { category, product, service };
}

function listed(values: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>) {
  const lists = (map: Readonly<Record<string, string | string[]>>) =>
    Object.fromEntries(Object.entries(map).map(([standard, own]) => [standard, toList(own)]));
  return Object.fromEntries(Object.entries(values).map(([field, map]) => [field, lists(map)]));
}

function readExpectEvents(
  written: z.infer<typeof expectEventsSchema>,
  files: FileContext,
  report: Report,
): ExpectEvents | null {
  const everyMs = readDuration(written.every, ['expectEvents', 'every'], report);
  const during =
    written.during === undefined
      ? null
      : readBusinessHours(written.during, ['expectEvents', 'during'], files, report);
  return everyMs === null ? null : { atLeast: written.atLeast, everyMs, during };
}
