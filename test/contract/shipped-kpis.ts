/**
 * The shipped KPIs on a real source: all their tests, with the rows in that source instead of in memory. A connector's
 * own test calls `shippedKpiContract` with a way to put rows of any dataset into an empty source.
 */
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inline } from '../../connectors/inline/index.ts';
import { runCase, type TestSource } from '../../src/app/kpi-tests/kpis.ts';
import { loadDefinitions } from '../../src/config/definitions.ts';
import { findTestFiles } from '../../src/config/files.ts';
import { loadTest } from '../../src/config/kpi-tests.ts';
import { inMemory } from '../../src/testing.ts';

const FOLDER = join(import.meta.dirname, '../../kpi-definitions');

/** `openSource` is called for each case: it may give a part of one source that no other case sees. */
export function shippedKpiContract(name: string, openSource: () => Promise<TestSource>): void {
  describe(`${name}: the shipped KPIs give what their tests expect`, () => {
    it.each(findTestFiles([FOLDER]).files.map((file) => [relative(FOLDER, file), file]))(
      '%s',
      async (_, file) => {
        const { test, problems } = loadTest(file, inline);
        expect(problems).toEqual([]);
        const [loaded] = (await loadDefinitions(test?.definitions ?? [])).definitions;
        if (test === null || loaded === undefined) throw new Error(`${file} has no definition`);
        for (const one of test.cases) {
          const outcome = await runCase(test, loaded.definition, one, { ...inMemory, openSource });
          expect({ case: one.name, ...pick(outcome) }).toEqual({ case: one.name, failures: [] });
        }
      },
    );
  });
}

/** What a reader of a failure needs: what differed, and what the loop had to say. */
function pick({ failures, warnings }: Awaited<ReturnType<typeof runCase>>) {
  if (failures.length === 0) return { failures: [] };
  return { failures: failures.map(({ group, differences }) => ({ group, differences })), warnings };
}
