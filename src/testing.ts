/** What `clause9 test` runs on: a source in memory and a store in memory, new for each case. */
import { inline, openInline } from '../connectors/inline/index.ts';
import type { TestParts } from './app/kpi-tests/kpis.ts';
import type { TestOutput } from './app/kpi-tests/report.ts';
import { type TestOptions, testReport } from './app/kpi-tests/run-tests.ts';
import { openSqlite } from './store/sqlite.ts';

export const inMemory: TestParts = {
  openSource: async () => {
    const { connector, replace } = openInline();
    return {
      connector,
      bind: (dataset) => dataset,
      replace: async (dataset, rows) =>
        replace(
          dataset.name,
          rows.map(({ times, fields }) => ({ ...fields, ...times })),
        ),
      close: () => connector.close(),
    };
  },
  openStore: () => openSqlite(':memory:', { isThrowaway: true }),
};

/** Runs the tests at these places in memory; the report and the exit code. */
export const testInMemory = (
  options: Pick<TestOptions, 'paths'> & {
    readonly output: TestOutput;
    readonly cwd: string;
    readonly color: boolean;
  },
) => testReport({ ...options, sourceType: inline, parts: inMemory });
