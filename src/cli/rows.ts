/** `clause9 rows`, printed. Reads live from the sources, and stores nothing. */
import type { Group } from '../app/explain/behind.ts';
import { type RowsQuestion, rowsBehind } from '../app/rows/rows.ts';
import { howMany, rowsText } from '../app/rows/text.ts';
import { loadSet } from '../load.ts';
import { openConnectors, systemClock } from '../wiring.ts';
import { interruptible, print } from './arguments.ts';

export interface RowsOptions {
  readonly config: string;
  readonly window: RowsQuestion['window'];
  readonly measure?: string;
  readonly group?: Group | undefined;
  readonly limit: number;
  readonly output: string;
}

/** As JSON a row a line; how many there are in all goes to standard error then. */
export async function showRows(
  kpi: string,
  { config: path, window, measure, group, limit, output }: RowsOptions,
): Promise<void> {
  const { config, definitions } = await loadSet(path);
  const { connector, close } = openConnectors(config);
  try {
    const chosen = measure === undefined ? {} : { measure };
    const answer = await rowsBehind(
      { config, definitions, connector, clock: systemClock },
      { kpi, window, ...chosen, group: group ?? null, limit },
      interruptible(),
    );
    if (output === 'text') print(rowsText(answer));
    else {
      for (const { measure, dataset, what, rows, total, notes } of answer.measures) {
        for (const row of rows) print(JSON.stringify({ measure, row }));
        process.stderr.write(`${measure}: ${howMany(rows.length, total)} ${what} of ${dataset}\n`);
        for (const note of notes) process.stderr.write(`  ${note}\n`);
      }
    }
    process.stderr.write('Read live: the stored number may be of what was known earlier.\n');
  } finally {
    await close();
  }
}
