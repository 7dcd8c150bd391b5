/** Runs a search: macros, subsearches, then command after command. */
import { GROUP_COMMANDS } from './commands-groups.ts';
import { READ_COMMANDS, searchIndexes } from './commands-read.ts';
import { ROW_COMMANDS } from './commands-rows.ts';
import { type Command, columnsOf, EMPTY, type Environment, type Table } from './environment.ts';
import { COMMENT, type CommandText, cutBrackets, cutPipeline } from './pipeline.ts';
import { cellTexts, notKnown, SplError } from './value.ts';

export const COMMANDS: Readonly<Record<string, Command>> = {
  ...READ_COMMANDS,
  ...ROW_COMMANDS,
  ...GROUP_COMMANDS,
};

/** Commands that Splunk has and this fake hasn't: to use one fails the job and says whose fault it is. */
export const OTHERS: ReadonlySet<string> = new Set(
  (
    'abstract accum addcoltotals addtotals analyzefields anomalies append appendcols autoregress chart cluster collect ' +
    'convert dbinspect delete delta diff erex eventstats filldown foreach format from geostats iplocation join ' +
    'kvform loadjob localize lookup makecontinuous makemv map mcatalog metadata mstats multikv multisearch mvcombine mvexpand nomv ' +
    'outlier outputlookup pivot predict rangemap rare rest return reltime replace reverse savedsearch selfjoin sendemail set ' +
    'setfields sichart sistats sitimechart spath strcat streamstats tags tail timechart top transaction transpose trendline ' +
    'tscollect typeahead typer union uniq untable where xpath xmlkv xyseries gentimes history ' +
    'fieldformat highlight overlap script searchtxn sendalert tojson fromjson walklex'
  ).split(' '),
);

export interface Ran {
  readonly table: Table;
  /** Events that came out of the part before the first transforming command; 0 of a search that begins with a pipe (a guess). */
  readonly eventCount: number;
  readonly transforming: boolean;
}

export type Macros = ReadonlyMap<string, { readonly args: readonly string[]; readonly definition: string }>;

/** Checks what Splunk checks before it makes a job: the grammar and the commands' names. Throws a refusal. */
export function checkSearch(text: string): void {
  const commands = cutPipeline(text);
  if (commands.length === 0) throw new SplError('refusal', 'Empty search.');
  for (const command of commands) {
    if (COMMANDS[command.name] === undefined && !OTHERS.has(command.name)) {
      throw new SplError('refusal', `Unknown search command '${command.name}'.`);
    }
    const inner = command.name === 'appendpipe' ? cutBrackets(command.args) : null;
    if (inner !== null) checkSearch(`| ${inner.inside}`);
  }
}

export function expandMacros(text: string, macros: Macros, depth = 0): string {
  if (depth > 100)
    throw new SplError(
      'refusal',
      "Error in 'SearchParser': Reached maximum recursion depth (100) while expanding macros. Check for infinitely recursive macro definitions.",
    );
  let changed = false;
  const out = text.replace(COMMENT, ' ').replace(/`([^`]*)`/g, (_whole, call: string) => {
    changed = true;
    return expandOne(call.trim(), macros);
  });
  return changed ? expandMacros(out, macros, depth + 1) : out;
}

function expandOne(call: string, macros: Macros): string {
  const match = /^([\w-]+)(?:\((.*)\))?$/s.exec(call);
  const values =
    match?.[2] === undefined
      ? []
      : match[2].split(',').map((value) => value.trim().replace(/^"(.*)"$/s, '$1'));
  const key = values.length > 0 ? `${match?.[1]}(${values.length})` : (match?.[1] ?? call);
  const macro = macros.get(key);
  if (macro === undefined) {
    throw new SplError(
      'refusal',
      `Error in 'SearchParser': The search specifies a macro '${call}' that cannot be found. Reasons include: the macro name is misspelled, you do not have "read" permission for the macro, or the macro has not been shared with this application. Click Settings, Advanced search, Search Macros to view macro information.`,
    );
  }
  return macro.args.reduce(
    (text, name, at) => text.replaceAll(`$${name}$`, values[at] ?? ''),
    macro.definition,
  );
}

/** A whole search, or with a table the rest of one. */
export function runSearch(text: string, environment: Environment, given: Table | null): Ran {
  const commands = cutPipeline(given === null ? text : `| ${text.trim().replace(/^\|/, '')}`);
  let table = given ?? EMPTY;
  let eventCount: number | null = null;
  commands.forEach((command, at) => {
    const first = at === 0 && given === null;
    const known = COMMANDS[command.name];
    if (known === undefined) throw notKnown(`the command '${command.name}'`);
    if (!first && known.kind === 'generating') {
      throw new SplError(
        'failure',
        `Error in '${command.name}' command: This command must be the first command of a search.`,
      );
    }
    if (known.kind === 'transforming' && eventCount === null) eventCount = table.rows.length;
    table = runCommand(command, known, first, table, environment);
  });
  const generated = given === null && text.trim().startsWith('|');
  return {
    table,
    eventCount: generated ? 0 : (eventCount ?? table.rows.length),
    transforming: generated || eventCount !== null,
  };
}

function runCommand(
  command: CommandText,
  known: Command,
  first: boolean,
  table: Table,
  environment: Environment,
): Table {
  if (command.name !== 'search') return known.run(table, command.args, environment);
  const args = expandSubsearches(command.args, environment);
  return first ? searchIndexes(args, environment) : known.run(table, args, environment);
}

/** `[…]` in a search becomes what it found: `( ( a="x" AND b="y" ) OR … )`. */
function expandSubsearches(args: string, environment: Environment): string {
  const inner = cutBrackets(args);
  if (inner === null) return args;
  const found = environment.run(inner.inside, null);
  const most = environment.subsearchMaxout;
  if (found.rows.length > most) {
    environment.say('INFO', `Subsearch produced ${found.rows.length} results, truncating to maxout ${most}.`);
  }
  const columns = columnsOf(found).filter((name) => !name.startsWith('_'));
  const rows = found.rows.slice(0, most).map((row) => {
    const terms = columns.flatMap((name) => {
      const texts = cellTexts(row.get(name), environment.eval.dialect);
      const pairs = texts.map((text) => `"${name}"="${text.replace(/[\\"]/g, '\\$&')}"`);
      return pairs.length > 1 ? [`( ${pairs.join(' OR ')} )`] : pairs;
    });
    return `( ${terms.join(' AND ')} )`;
  });
  const text = rows.length === 0 ? 'NOT *' : `( ${rows.join(' OR ')} )`;
  environment.say('DEBUG', `Subsearch evaluated to the following search expression: ${text}`);
  return expandSubsearches(`${inner.before} ${text} ${inner.after}`, environment);
}
