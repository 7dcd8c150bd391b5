/** The commands by which a person looks at a source. */
import type { Command } from 'commander';
import { configOption, outputOption } from './arguments.ts';

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
}
