/** The command line: parse, call, print. Exit codes: 0 done, 1 the answer is an error, 2 the call was wrong. */

import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { sentence } from './app/ask.ts';
import { resultRow } from './app/result-row.ts';
import { derivationTree, verdictTable } from './app/text.ts';
import { createReadModel } from './app/views.ts';
import { Clause9Error } from './core/errors.ts';
import { type Instant, type Interval, parseInstant } from './core/time/interval.ts';
import { progressBar } from './progress.ts';
import { createLogger, openLoop, openStore, packageVersion, systemClock } from './wiring.ts';

const print = (text: string) => process.stdout.write(`${text}\n`);
const inColor = (stream: NodeJS.WriteStream) => stream.isTTY === true && process.env.NO_COLOR === undefined;

/** An instant, or a day for its first instant in UTC. */
export function instantArgument(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === null) throw new InvalidArgumentError('Write 2016-04-01, or 2016-04-01T00:00:00Z.');
  return instant;
}

function windowArgument(text: string): { readonly at: Instant } | { readonly window: Interval } {
  const [start, end, ...more] = text.split('/').map(instantArgument);
  if (start === undefined || more.length > 0) throw new InvalidArgumentError('Write START or START/END.');
  return end === undefined ? { at: start } : { window: { start, end } };
}

function groupArgument(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write field=value, once a field.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

const outputOption = (formats: readonly string[]) =>
  new Option('-o, --output <format>', 'how to print').choices(formats).default('text');

/** `HOST:PORT`, as in clause9.yaml. */
function addressArgument(text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match?.[1] === undefined) throw new InvalidArgumentError('Write HOST:PORT, such as 0.0.0.0:9464.');
  return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]) };
}

const configOption = ['-c, --config <file>', 'configuration', './clause9.yaml'] as const;
const sinceHelp = ' (a day, or an instant such as 2016-04-01T00:00:00Z)';

function program(): Command {
  const cli = new Command('clause9')
    .description('Tells whether security controls perform as promised, from the logs that are kept already.')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(see clause9 --help)');

  cli
    .command('demo')
    .description('judge a year of a real company’s incident handling, then serve what was found')
    .option('--once', 'stop after the table')
    .option('--until <day>', `stop the clock there${sinceHelp}`, instantArgument)
    .option('--host <address>', 'listen there', '127.0.0.1')
    .option('--port <number>', 'listen there; 0: any free port', Number, 0)
    .addOption(outputOption(['text', 'json']))
    .action(async (options) => {
      const { runDemo } = await import('./demo.ts');
      await runDemo({ ...options, color: inColor(process.stdout), print });
    });

  cli
    .command('serve')
    .description('run the loop, the API, the console and /metrics')
    .option(...configOption)
    .option('--listen <host:port>', 'instead of `listen` in the configuration', addressArgument)
    .option(
      '--metrics-listen <host:port>',
      'instead of `metricsListen` in the configuration',
      addressArgument,
    )
    .action(async ({ config, listen, metricsListen }) => {
      const { serve } = await import('./serving.ts');
      await serve(config, { listen, metricsListen });
    });

  cli
    .command('plan')
    .description('what the next cycle would ask of each source, and why; reads no data, stores nothing')
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(async ({ config, output }) => {
      const { runPlan } = await import('./planning.ts');
      process.exitCode = await runPlan(config, output, print);
    });

  cli
    .command('run')
    .description('one pass of the loop, then the table of verdicts')
    .option(...configOption)
    .action(async ({ config }) => runPass(config, {}));

  cli
    .command('backfill')
    .description('compute windows of the past')
    .requiredOption('--from <day>', `windows that start at or after it${sinceHelp}`, instantArgument)
    .option('--to <day>', `nothing that ends later${sinceHelp}; default: now`, instantArgument)
    .argument('[kpi...]', 'only these; default: all')
    .option(...configOption)
    .action(async (kpis: string[], { config, from, to }) => runPass(config, { from, to, only: kpis }));

  cli
    .command('results')
    .description('the results of a KPI, a window a line')
    .argument('<kpi>')
    .option('--from <day>', `windows that end after it${sinceHelp}`, instantArgument)
    .option('--to <day>', `windows that end at or before it${sinceHelp}`, instantArgument)
    .option('--group <field=value>', 'only this group; repeat for more fields', groupArgument)
    .option('--as-of <instant>', `as known then${sinceHelp}`, instantArgument)
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(showResults);

  cli
    .command('explain')
    .description('the whole derivation of a number')
    .argument('<kpi>')
    .option('--window <start[/end]>', 'the window; default: the newest', windowArgument)
    .option('--group <field=value>', 'of this group; repeat for more fields', groupArgument)
    .option('--as-of <instant>', `as known then${sinceHelp}`, instantArgument)
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(showExplanation);

  cli
    .command('validate')
    .description('check a configuration and all definitions; every problem at once')
    .argument('[files...]', 'definitions beside those of the configuration')
    .option('-c, --config <file>', 'configuration; default: ./clause9.yaml where no files are named')
    .addOption(outputOption(['text', 'json', 'github', 'sarif']))
    .addOption(new Option('--profile <name>', 'list what clause 9.1 a–f still lacks').choices(['iso27001']))
    .action(async (files: string[], { config, output, profile }) => {
      const { runValidate } = await import('./app/validate.ts');
      const { connectorTypes } = await import('../connectors/index.ts');
      const configPath = config ?? (files.length === 0 ? './clause9.yaml' : undefined);
      const color = inColor(process.stdout);
      const options = { configPath, files, connectorTypes, output, profile, cwd: process.cwd(), color };
      const { text, exitCode } = await runValidate(options);
      print(text);
      process.exitCode = exitCode;
    });

  cli
    .command('test')
    .description('run the tests of definitions (*.test.yaml): data in, verdicts out')
    .argument('[paths...]', 'tests, definitions with a test beside them, or folders', ['./kpi-definitions'])
    .addOption(outputOption(['text', 'json']))
    .action(async (paths: string[], { output }) => {
      const { testInMemory } = await import('./testing.ts');
      const color = inColor(process.stdout);
      const { text, exitCode } = await testInMemory({ paths, output, cwd: process.cwd(), color });
      print(text);
      process.exitCode = exitCode;
    });

  cli
    .command('schema')
    .description('the JSON Schema of definitions (or of their tests, or of clause9.yaml), for editors')
    .addArgument(
      new Argument('[what]').choices(['definition', 'configuration', 'test']).default('definition'),
    )
    .action(async (what: string) => {
      const { definitionJsonSchema } = await import('./core/definition/json-schema.ts');
      const { configJsonSchema } = await import('./config/json-schema.ts');
      const { testJsonSchema } = await import('./config/test-schema.ts');
      const { connectorTypes } = await import('../connectors/index.ts');
      const schema =
        what === 'definition'
          ? definitionJsonSchema()
          : what === 'test'
            ? testJsonSchema()
            : configJsonSchema(connectorTypes);
      print(JSON.stringify(schema, null, 2));
    });
  return cli;
}

interface PassChoice {
  readonly from?: Instant;
  readonly to?: Instant;
  readonly only?: readonly string[];
}

async function runPass(configPath: string, { from, to, only = [] }: PassChoice): Promise<void> {
  const { loadSet } = await import('./load.ts');
  const set = await loadSet(configPath);
  const unknown = only.filter((id) => !set.definitions.some((one) => one.id === id));
  if (unknown.length > 0)
    throw new Clause9Error(`there is no KPI "${unknown.join('", "')}"`, { where: configPath });
  const store = await openStore(set.config);
  const bar = progressBar();
  const log = createLogger('warn', 'stderr');
  const open = openLoop(set, { store, clock: systemClock, log, progress: bar.onProgress });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('interrupted')));
  try {
    const scope = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { until: to }) };
    const chosen = only.length === 0 ? {} : { only: new Set(only) };
    const pass = () => open.loop.pass({ signal: stop.signal, ...scope, ...chosen });
    let report = await pass();
    // A back-fill takes as many cycles as the budgets of its sources ask for.
    for (let before = Infinity; from !== undefined && report.putOff > 0; ) {
      if (report.missingSlices >= before) break;
      before = report.missingSlices;
      const next = await pass();
      report = { ...next, results: report.results + next.results };
    }
    bar.stop();
    print(
      verdictTable(await createReadModel(store, () => set, systemClock).kpis(), {
        color: inColor(process.stdout),
      }),
    );
    process.stderr.write(
      `${report.results} results are new or changed; ${report.missingSlices} slices are missing${report.putOff === 0 ? '' : `, ${report.putOff} reads were put off to the next cycle`}.\n`,
    );
    if (report.missingSlices > 0) process.exitCode = 1;
  } finally {
    bar.stop();
    await open.close();
    await store.close();
  }
}

/** Reads only: works beside a running service. */
async function withReadModel<T>(
  configPath: string,
  use: (read: ReturnType<typeof createReadModel>) => Promise<T>,
): Promise<T> {
  const { loadSet } = await import('./load.ts');
  const set = await loadSet(configPath);
  const store = await openStore(set.config, { readOnly: true });
  try {
    return await use(createReadModel(store, () => set, systemClock));
  } finally {
    await store.close();
  }
}

interface ResultOptions {
  readonly config: string;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly group?: Readonly<Record<string, string>>;
  readonly asOf?: Instant;
  readonly output: string;
}

async function showResults(kpi: string, { config, output, ...query }: ResultOptions): Promise<void> {
  await withReadModel(config, async (read) => {
    await knownKpi(read, kpi);
    const results = await read.results({ kpi, ...query });
    if (results.length === 0) process.stderr.write('No results: not known then, or no such window.\n');
    for (const result of results) {
      const row = resultRow(result);
      if (output === 'json') print(JSON.stringify(row));
      else {
        const group = row.group === null ? '' : ` ${Object.values(row.group).join(', ')}`;
        const value =
          row.value === null ? 'unknown' : `${row.value} (${row.lower ?? '…'} to ${row.upper ?? '…'})`;
        const state = `${row.quality}, ${row.final ? 'final' : 'provisional'}, as of ${row.asOf}`;
        print(
          `${row.start} – ${row.end}${group}: ${value} ${row.verdict}${row.reason === null ? '' : `: ${row.reason}`}; ${state}`,
        );
      }
    }
  });
}

async function knownKpi(read: ReturnType<typeof createReadModel>, kpi: string): Promise<void> {
  if ((await read.kpi(kpi)) !== null) return;
  const ids = (await read.kpis()).map((view) => view.definition.id);
  throw new Clause9Error(`there is no KPI "${kpi}"`, { help: `There are ${ids.join(', ')}.` });
}

interface ExplainOptions extends ResultOptions {
  readonly window?: { readonly at: Instant } | { readonly window: Interval };
}

async function showExplanation(
  kpi: string,
  { config, output, window, group, asOf }: ExplainOptions,
): Promise<void> {
  await withReadModel(config, async (read) => {
    await knownKpi(read, kpi);
    const selector = { ...window, group: group ?? null, ...(asOf === undefined ? {} : { asOf }) };
    const explanation = await read.explain(kpi, selector);
    if (explanation === null)
      throw new Clause9Error('not known then', { help: 'Choose another --window or --as-of.' });
    if (output === 'json') {
      print(JSON.stringify({ ...explanation, result: resultRow(explanation.result) }, null, 2));
    } else print(`${explanation.sentence}\n\n${derivationTree(explanation.tree)}`);
  });
}

// A reader that has seen enough (`| head`) ends the command; it is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** Runs a command line; returns the exit code. Never shows a stack trace for what a person can mend. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof Clause9Error)) throw error;
    process.stderr.write(`clause9: ${sentence(error)}\n`);
    return error.name === 'ConfigError' ? 2 : 1;
  }
}
