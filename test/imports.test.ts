/** The direction of imports is checked by a tool; this proves that the tool sees the modules, since a blind one passes all. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

function cruise(cwd: string, folders: readonly string[]) {
  const bin = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [bin, ...folders, '--config', resolve('.dependency-cruiser.cjs'), '--output-type', 'json'];
  try {
    return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1e8 }));
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return JSON.parse(String(error.stdout));
    throw error;
  }
}

describe('the check of imports', () => {
  it('sees every module of the product', () => {
    const { modules } = cruise('.', ['src', 'connectors']);
    const seen = new Set(modules.map((module: { source: string }) => module.source));
    const files = globSync('{src,connectors}/**/*.ts');
    expect(files.length).toBeGreaterThan(150);
    expect(files.filter((file) => !seen.has(file))).toEqual([]);
  });

  it('finds a wrong direction when there is one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'clause9-imports-'));
    for (const room of ['core', 'store']) mkdirSync(join(folder, 'src', room), { recursive: true });
    writeFileSync(join(folder, 'tsconfig.json'), '{}');
    writeFileSync(join(folder, 'src/store/a.ts'), 'export const a = 1;\n');
    writeFileSync(
      join(folder, 'src/core/b.ts'),
      "import { readFileSync } from 'node:fs';\nimport { a } from '../store/a.ts';\nexport const b = [a, readFileSync];\n",
    );
    const { summary } = cruise(folder, ['src']);
    rmSync(folder, { recursive: true });
    const rules = summary.violations.map((violation: { rule: { name: string } }) => violation.rule.name);
    expect(rules.sort()).toEqual(['core-imports-core', 'core-is-pure']);
  });
});
