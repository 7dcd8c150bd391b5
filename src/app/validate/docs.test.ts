import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configShape, datasetShapes, sourceShape } from '../../config/schema.ts';
import { testSchema } from '../../config/test-schema.ts';
import { kpiSchema } from '../../core/definition/schema.ts';

const root = join(import.meta.dirname, '../../..');
const page = (name: string) => readFileSync(join(root, 'docs/reference', name), 'utf8');

/** The names of all keys that a schema knows, at any depth. */
function keysOf(schema: z.ZodType): Set<string> {
  const keys = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('properties' in value) for (const key of Object.keys(Object(value.properties))) keys.add(key);
    Object.values(value).forEach(visit);
  };
  visit(z.toJSONSchema(schema, { io: 'input' }));
  return keys;
}

describe('the reference has everything that validation knows', () => {
  it('every rule', () => {
    const sources = globSync(
      ['src/core/definition/*.ts', 'src/config/*.ts', 'src/app/validate/check-set.ts'],
      {
        cwd: root,
      },
    );
    const texts = sources
      .filter((file) => !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(root, file), 'utf8'));
    const rules = texts.flatMap((text) =>
      [...text.matchAll(/\b(?:error|warning|kind)\(\s*'([a-z0-9-]+)'/g)].map((match) => match[1]),
    );
    expect(rules.length).toBeGreaterThan(60);
    const documented = page('validate.md');
    expect([...new Set(rules)].filter((rule) => !documented.includes(`\`${rule}\``))).toEqual([]);
  });

  it('every key of a definition', () => {
    const documented = page('definition.md');
    const keys = [...keysOf(kpiSchema)];
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(documented))).toEqual([]);
  });

  it('every key of a test', () => {
    const documented = page('test.md');
    const keys = [...keysOf(testSchema)];
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(documented))).toEqual([]);
  });

  it('every key of the configuration', () => {
    const documented = page('configuration.md');
    const schema = z.strictObject({
      ...configShape,
      sources: z.strictObject(sourceShape),
      datasets: z.tuple([
        z.strictObject(datasetShapes.events),
        z.strictObject(datasetShapes.records),
        z.strictObject(datasetShapes.snapshot),
      ]),
    });
    const keys = [...keysOf(schema)].filter((key) => key !== 'category');
    expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(documented))).toEqual([]);
  });
});
