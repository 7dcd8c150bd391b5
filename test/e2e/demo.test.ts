/** `clause9 demo` as its user runs it: the year of real incidents, to the table, and what the store then answers. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
// A copy of its own, since each demo begins with an empty store beside its example.
const folder = mkdtempSync(join(tmpdir(), 'clause9-demo-'));
const config = join(folder, 'examples/incident-log/clause9.yaml');

const clause9 = async (...args: string[]) => {
  const { stdout } = await run(process.execPath, [join(folder, 'src/main.ts'), ...args], { maxBuffer: 1e8 });
  return stdout;
};

const march = async (asOf: string) => {
  const window = ['--from', '2016-03-01', '--to', '2016-04-01'];
  const line = await clause9(
    'results',
    'sla-attainment',
    '-c',
    config,
    ...window,
    '--as-of',
    asOf,
    '-o',
    'json',
  );
  return line === '' ? null : JSON.parse(line);
};

describe('clause9 demo', () => {
  let table = '';
  beforeAll(async () => {
    for (const part of ['src', 'connectors', 'examples', 'package.json']) {
      cpSync(part, join(folder, part), { recursive: true });
    }
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    table = await clause9('demo', '--once');
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('judges every KPI of the example, and fits a terminal of 100 columns', () => {
    expect(table.split('\n').filter((line) => /^[✘?▲✔]/.test(line))).toHaveLength(11);
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('knew on 1 April 2016 no more than bounds for March', async () => {
    const result = await march('2016-04-01T00:00:00Z');
    expect(result).toMatchObject({
      sample: 6878,
      undecided: 1521,
      final: false,
      verdict: 'unknown',
      reason: 'undecided',
    });
    expect(result.value).toBeCloseTo((100 * 3652) / 6878, 10);
    expect(result.lower).toBeCloseTo((100 * 2132) / 6878, 10);
    expect(result.upper).toBeCloseTo((100 * 3653) / 6878, 10);
  });

  it('knows a year later what March came to, finally', async () => {
    const result = await march('2017-03-01T00:00:00Z');
    expect(result).toMatchObject({
      sample: 6878,
      undecided: 0,
      final: true,
      quality: 'complete',
      verdict: 'off-target',
    });
    expect([result.value, result.lower, result.upper]).toEqual(
      Array(3).fill(expect.closeTo((100 * 2925) / 6878, 10)),
    );
  });

  it('knew nothing of March while it lasted', async () => {
    expect(await march('2016-03-31T23:59:59Z')).toBeNull();
  });

  it('explains the number down to the query', async () => {
    const text = await clause9('explain', 'sla-attainment', '-c', config, '--window', '2016-03-01');
    expect(text).toContain('ident_state = Closed');
    expect(text).toMatch(/measurement hash: [0-9a-f]{32}/);
    expect(text).toMatch(/query: .*incidents|incidents\.parquet/);
    expect(text).toContain('as known 2016-04-01T00:00:00Z: 53.0968 percent (30.9974 to 53.1114)');
  });
});
