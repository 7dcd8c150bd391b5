/**
 * Writes what is made from the code, so that it can't drift from it: the JSON Schemas for editors, the reference of
 * clause9.yaml, the catalogue of KPIs, and what each source makes of filters.
 *
 *   node scripts/generate.ts [--check]     --check writes nothing and fails where a file is out of date
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connectorTypes } from '../connectors/index.ts';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { testJsonSchema } from '../src/config/test-schema.ts';
import { definitionJsonSchema } from '../src/core/definition/json-schema.ts';
import { catalogue } from './catalogue.ts';
import { configurationPage } from './configuration.ts';
import { filtersPage } from './filters.ts';

const files: Readonly<Record<string, string>> = {
  'docs/reference/definition.schema.json': json(definitionJsonSchema()),
  'docs/reference/configuration.schema.json': json(configJsonSchema(connectorTypes)),
  'docs/reference/configuration.md': configurationPage(),
  'docs/reference/test.schema.json': json(testJsonSchema()),
  'docs/reference/filters.md': await filtersPage(),
  'kpi-definitions/README.md': await catalogue(),
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const isCheck = process.argv.includes('--check');
for (const [path, text] of Object.entries(files)) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (!isCheck) {
    writeFileSync(path, text);
    continue;
  }
  process.stderr.write(`${path} is out of date: run \`npm run generate\`.\n`);
  process.exitCode = 1;
}
