/** The command line: parse, call, print. Exit codes: 0 done, 1 the answer is an error, 2 the call was wrong. */

import { Argument, Command, CommanderError, Option } from 'commander';
import { sentence } from './app/ask/ask.ts';
import {
  addressArgument,
  configOption,
  groupArgument,
  inColor,
  instantArgument,
  outputOption,
  print,
  sinceHelp,
  windowArgument,
} from './cli/arguments.ts';
import { sourceCommands } from './cli/source.ts';
import { Clause9Error } from './core/errors.ts';
import { packageVersion } from './wiring.ts';

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
    .action(async ({ config }) => {
      const { runPass } = await import('./cli/pass.ts');
      await runPass(config, {});
    });

  cli
    .command('backfill')
    .description('compute windows of the past')
    .requiredOption('--from <day>', `windows that start at or after it${sinceHelp}`, instantArgument)
    .option('--to <day>', `nothing that ends later${sinceHelp}; default: now`, instantArgument)
    .argument('[kpi...]', 'only these; default: all')
    .option(...configOption)
    .action(async (kpis: string[], { config, from, to }) => {
      const { runPass } = await import('./cli/pass.ts');
      await runPass(config, { from, to, only: kpis });
    });

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
    .action(async (kpi, options) => {
      const { showResults } = await import('./cli/results.ts');
      await showResults(kpi, options);
    });

  cli
    .command('explain')
    .description('the whole derivation of a number')
    .argument('<kpi>')
    .option('--window <start[/end]>', 'the window; default: the newest', windowArgument)
    .option('--group <field=value>', 'of this group; repeat for more fields', groupArgument)
    .option('--as-of <instant>', `as known then${sinceHelp}`, instantArgument)
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(async (kpi, options) => {
      const { showExplanation } = await import('./cli/results.ts');
      await showExplanation(kpi, options);
    });

  cli
    .command('backup')
    .description('copy the store to a file, also while the service runs, and check the copy')
    .argument('<file>')
    .option('--force', 'overwrite a file that is there already', false)
    .option(...configOption)
    .action(async (file: string, options) => {
      const { runBackup } = await import('./cli/backup.ts');
      await runBackup(file, options);
    });

  cli
    .command('validate')
    .description('check a configuration and all definitions; every problem at once')
    .argument('[files...]', 'definitions beside those of the configuration')
    .option('-c, --config <file>', 'configuration; default: ./clause9.yaml where no files are named')
    .addOption(outputOption(['text', 'json', 'github', 'sarif']))
    .addOption(new Option('--profile <name>', 'list what clause 9.1 a–f still lacks').choices(['iso27001']))
    .action(async (files: string[], { config, output, profile }) => {
      const { runValidate } = await import('./app/validate/validate.ts');
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
  sourceCommands(cli);
  return cli;
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
