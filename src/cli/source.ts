/** The commands by which a person looks at a source. */
import type { Command } from 'commander';
import { DAY } from '../core/time/interval.ts';
import {
  configOption,
  countArgument,
  durationArgument,
  groupArgument,
  outputOption,
  rowsWindowArgument,
} from './arguments.ts';

export function sourceCommands(cli: Command): void {
  cli
    .command('doctor')
    .description('whether each source can be trusted with what the definitions ask of it')
    .option('--source <name>', 'only this one')
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(async (options) => {
      const { runDoctor } = await import('./doctor.ts');
      process.exitCode = await runDoctor(options);
    });

  cli
    .command('rows')
    .description('the events or cases behind a number, read live and stored nowhere')
    .argument('<kpi>')
    .option(
      '--window <start[/end]>',
      'the window; default: the newest that is over',
      rowsWindowArgument,
      'last',
    )
    .option('--measure <name>', 'of this measure; default: of each')
    .option('--group <field=value>', 'of this group; repeat for more fields', groupArgument)
    .option('--limit <number>', 'so many of each measure', countArgument, 100)
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(async (kpi, options) => {
      const { showRows } = await import('./rows.ts');
      await showRows(kpi, options);
    });

  cli
    .command('try')
    .description('the values that a draft would have, window by window; stores nothing')
    .argument('<file>', 'the definition')
    .option('--last <duration>', 'windows that ended within this time', durationArgument, 7 * DAY)
    .addOption(outputOption(['text', 'json']))
    .option(...configOption)
    .action(async (file, options) => {
      const { runTry } = await import('./try.ts');
      process.exitCode = await runTry(file, options);
    });

  cli
    .command('init')
    .description('look at what a source holds, and write a clause9.yaml for it')
    .option('--elasticsearch <url>', 'an Elasticsearch cluster')
    .option('--opensearch <url>', 'an OpenSearch cluster')
    .option('--splunk <url>', 'a Splunk deployment, at its management port')
    .option('--files <folder>', 'a folder of files')
    .option('--api-key-env <variable>', 'environment variable with the API key (Elasticsearch)')
    .option('--token-env <variable>', 'environment variable with the token')
    .option('--user <name>', 'a user, with --password-env')
    .option('--password-env <variable>', 'environment variable with the password')
    .option('--ca <file>', 'the authority that signed its certificate, PEM')
    .option('-o, --output <file>', 'the file to write; never one that is there', './clause9.yaml')
    .action(async (options) => {
      const { runInit } = await import('./init.ts');
      process.exitCode = await runInit(options);
    });
}
