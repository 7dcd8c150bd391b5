/** Commands that begin a search: where rows come from. */
import type { StoredEvent } from '../model.ts';
import { failure, isYes, readWords } from './arguments.ts';
import { type Command, copy, type DataModel, type Environment, rowOf, type Table } from './environment.ts';
import { compileSearch, wildcard } from './search.ts';
import { bareName, parseStats, readNames, runStats } from './stats.ts';
import { parseSpan, snapTo } from './time.ts';
import { cellTexts, formatNumber, notKnown, parseNumber, type Row, type SeenRow } from './value.ts';

/** `search` as the first command: events from the indexes, newest first. */
export function searchIndexes(args: string, environment: Environment): Table {
  const compiled = compileSearch(args, environment.search);
  if (Object.keys(compiled.times).length > 0) {
    environment.say('INFO', 'Your timerange was substituted based on your search string');
  }
  return { rows: environment.read(compiled, compiled.times).map((event) => copy(event.fields)), columns: [] };
}

interface TstatsText {
  readonly options: ReadonlyMap<string, string>;
  readonly aggregates: string;
  readonly from: string;
  readonly where: string;
  readonly by: string;
}

const TSTATS_OPTIONS = [
  'prestats',
  'local',
  'append',
  'summariesonly',
  'include_reduced_buckets',
  'allow_old_summaries',
  'chunk_size',
  'fillnull_value',
];

function cutTstats(args: string): TstatsText {
  let rest = args.trim();
  const options = new Map<string, string>();
  for (
    let match = /^(\w+)\s*=\s*("[^"]*"|\S+)\s+/.exec(rest);
    match !== null;
    match = /^(\w+)\s*=\s*("[^"]*"|\S+)\s+/.exec(rest)
  ) {
    if (!TSTATS_OPTIONS.includes(match[1] ?? '')) break;
    options.set(match[1] ?? '', bareName(match[2] ?? ''));
    rest = rest.slice(match[0].length);
  }
  const by = /\s(?:by|groupby)\s+((?:[^"]|"(?:\\.|[^"\\])*")*)$/i;
  const cut = lastOutsideQuotes(rest, by);
  const where = splitAt(cut.head, /\swhere\s+/i);
  const from = splitAt(where.head, /\sfrom\s+/i);
  return { options, aggregates: from.head, from: from.tail, where: where.tail, by: cut.tail };
}

function splitAt(text: string, word: RegExp): { readonly head: string; readonly tail: string } {
  const match = word.exec(text);
  if (match === null) return { head: text, tail: '' };
  return { head: text.slice(0, match.index), tail: text.slice(match.index + match[0].length) };
}

function lastOutsideQuotes(text: string, by: RegExp): { readonly head: string; readonly tail: string } {
  const blank = text.replace(/"(?:\\.|[^"\\])*"/g, (quoted) => '_'.repeat(quoted.length));
  const at = blank.search(/\s(?:by|groupby)\s+(?!.*\s(?:by|groupby)\s)/is);
  const match = at < 0 ? null : by.exec(text.slice(at));
  return match === null ? { head: text, tail: '' } : { head: text.slice(0, at), tail: match[1] ?? '' };
}

/** Only indexed fields are there, or a data model's. */
function tstats(_table: Table, args: string, environment: Environment): Table {
  const { options, aggregates, from, where, by } = cutTstats(args);
  if (isYes(options.get('prestats')) || isYes(options.get('append')))
    throw notKnown('prestats and append of tstats');
  const { span, names } = readBy(by);
  const spec = { ...parseStats('tstats', aggregates, environment.eval), by: names };
  const source =
    from === ''
      ? rowsOfIndex(where, environment)
      : rowsOfModel(from, where, isYes(options.get('summariesonly')), environment);
  const { dialect, timeZone } = environment.eval;
  const cut = (row: Row): Row => {
    const time = parseNumber(cellTexts(row.get('_time'), dialect)[0] ?? '', dialect);
    if (span === null || time === null) return row;
    return new Map(row).set('_time', formatNumber(snapTo(time, span, timeZone), dialect));
  };
  const fill = options.get('fillnull_value');
  const rows = source.map(cut).map((row) => (fill === undefined ? row : filled(row, names, fill)));
  const out = runStats(spec, rows, environment.eval, () => {});
  return { rows: out, columns: [...names, ...spec.columns.map((column) => column.as)] };
}

function filled(row: Row, names: readonly string[], value: string): Row {
  const out = copy(row);
  for (const name of names) if (!out.has(name)) out.set(name, value);
  return out;
}

function readBy(text: string): { readonly span: number | null; readonly names: readonly string[] } {
  const match = /\bspan\s*=\s*(\S+?)(?=[\s,]|$)/.exec(text);
  const names = readNames(text.replace(/\bspan\s*=\s*\S+?(?=[\s,]|$)/, ' '));
  const span = match === null ? null : parseSpan(match[1] ?? '');
  if (match !== null && span === null) throw failure('tstats', `Invalid span value: '${match[1]}'.`);
  return { span, names };
}

function rowsOfIndex(where: string, environment: Environment): readonly Row[] {
  const compiled = compileSearch(where, environment.search);
  const indexedOnly = (event: StoredEvent): Row =>
    new Map([...event.fields].filter(([name]) => environment.indexedFields.has(name)));
  // A test on a field that is not indexed finds nothing: rows are cut down to indexed fields before it runs.
  const open = {
    ...compiled,
    test: (row: SeenRow) =>
      compiled.test(new Map([...row].filter(([name]) => environment.indexedFields.has(name)))),
  };
  return environment.read(open, compiled.times).map(indexedOnly);
}

/** The role's search filter is not applied to data models: so Splunk's own documentation. */
function rowsOfModel(
  from: string,
  where: string,
  summariesOnly: boolean,
  environment: Environment,
): readonly Row[] {
  const model = modelNamed(/^datamodel\s*=\s*"?([\w]+)/i.exec(from.trim())?.[1] ?? '', environment);
  const compiled = compileSearch(where, environment.search);
  const base = compileSearch(model.search, environment.search);
  const kept = (event: StoredEvent): boolean =>
    !summariesOnly ||
    (model.summarisedUntil !== null &&
      event.time < model.summarisedUntil &&
      event.indexTime < model.summarisedUntil);
  const project = (event: StoredEvent): Row => {
    const row: Row = new Map();
    for (const common of ['_time', '_indextime', 'host', 'source', 'sourcetype', 'index']) {
      const cell = event.fields.get(common);
      if (cell !== undefined) row.set(common, cell);
    }
    return new Map([...row, ...fieldsOf(model, event)]);
  };
  return environment
    .read({ ...base, unfiltered: true }, compiled.times)
    .filter(kept)
    .map(project)
    .filter(compiled.test);
}

function modelNamed(name: string, environment: Environment): DataModel {
  const model = environment.dataModels.get(name);
  if (model === undefined) throw failure('DataModelCache', `Data model '${name}' was not found.`);
  return model;
}

/** A field without a value is `unknown`, as in most models of the CIM. */
function fieldsOf({ fields }: DataModel, event: StoredEvent): Row {
  return new Map(
    Object.entries(fields).map(([inModel, inEvent]) => [inModel, event.fields.get(inEvent) ?? 'unknown']),
  );
}

/** `datamodel Model Dataset search`: the events, with the model's fields beside their own. The role's filter applies. */
function datamodel(_table: Table, args: string, environment: Environment): Table {
  const { words, options } = readWords(args, ['strict_fields', 'summariesonly', 'allow_old_summaries']);
  const [name = '', , mode] = words;
  const model = modelNamed(name, environment);
  if (mode !== 'search' || isYes(options.get('summariesonly')) || isYes(options.get('strict_fields') ?? 't'))
    throw notKnown('datamodel other than `search strict_fields=false`');
  const compiled = compileSearch(model.search, environment.search);
  const rows = environment
    .read(compiled, compiled.times)
    .map((event) => new Map([...event.fields, ...fieldsOf(model, event)]));
  return { rows, columns: [] };
}

function makeresults(_table: Table, args: string, environment: Environment): Table {
  const count = Number(
    readWords(args, ['count', 'annotate', 'splunk_server', 'format', 'data']).options.get('count') ?? 1,
  );
  const now = formatNumber(Math.floor(environment.eval.now), environment.eval.dialect);
  return { rows: Array.from({ length: count }, () => rowOf({ _time: now })), columns: [] };
}

function inputlookup(_table: Table, args: string, environment: Environment): Table {
  const { head, tail } = splitAt(args, /\swhere\s+/i);
  const { words } = readWords(head, ['append', 'start', 'max', 'strict']);
  const [name = ''] = words;
  const lookup = environment.lookups.get(name);
  if (lookup === undefined)
    throw failure('inputlookup', `The lookup table '${name}' requires a .csv or KV store lookup definition.`);
  const { test } = compileSearch(tail, environment.search);
  const rows = lookup.map((cells) => rowOf(cells)).filter(test);
  return { rows, columns: [...new Set(lookup.flatMap((cells) => Object.keys(cells)))] };
}

/** Counts what the indexes hold, whatever the time range. */
function eventcount(_table: Table, args: string, environment: Environment): Table {
  const asked = [...args.matchAll(/\bindex\s*=\s*("[^"]*"|\S+)/g)].map((match) => bareName(match[1] ?? ''));
  const { options } = readWords(args, ['summarize', 'report_size', 'list_vix', 'index']);
  const tests = (asked.length > 0 ? asked : ['*']).map((pattern) => ({
    test: wildcard(pattern),
    inner: pattern.startsWith('_'),
  }));
  const found = environment
    .indexes()
    .filter(({ name }) => tests.some(({ test, inner }) => test(name) && (inner || !name.startsWith('_'))));
  if (options.has('summarize') && !isYes(options.get('summarize'))) {
    const rows = found.map(({ name, events }) =>
      rowOf({ count: String(events.length), index: name, server: 'fake' }),
    );
    return { rows, columns: ['count', 'index', 'server'] };
  }
  return {
    rows: [rowOf({ count: String(found.reduce((sum, { events }) => sum + events.length, 0)) })],
    columns: ['count'],
  };
}

const generating = (run: Command['run']): Command => ({ kind: 'generating', run });

export const READ_COMMANDS: Readonly<Record<string, Command>> = {
  tstats: generating(tstats),
  datamodel: generating(datamodel),
  makeresults: generating(makeresults),
  inputlookup: generating(inputlookup),
  eventcount: generating(eventcount),
};
