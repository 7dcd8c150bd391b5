/**
 * `npm test`: finds (or, as root on Debian, installs) what some suites need, runs all suites, and closes with the
 * runner's own count. A suite that has to be left out is named with its reason; in CI nothing may be left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Tool {
  /** A path, or a pattern of paths of which there is one. */
  readonly path: string;
  readonly packageName: string;
  readonly suites: string;
}

const TOOLS: readonly Tool[] = [
  { path: '/usr/bin/promtool', packageName: 'prometheus', suites: 'the check of /metrics by promtool' },
  { path: '/usr/bin/chromium', packageName: 'chromium', suites: 'the pages in a browser' },
  { path: '/usr/bin/mvn', packageName: 'maven', suites: 'all suites on real Elasticsearch and OpenSearch' },
  {
    path: '/usr/lib/jvm/*-17-*/bin/javac',
    packageName: 'openjdk-17-jdk-headless',
    suites: 'the suites on real Elasticsearch 7.17 and 8',
  },
  {
    path: '/usr/lib/jvm/*-25-*/bin/javac',
    packageName: 'openjdk-25-jdk-headless',
    suites: 'the suites on real Elasticsearch 9 and OpenSearch',
  },
];

const isMissing = ({ path }: Tool): boolean => globSync(path).length === 0;

const isCi = process.env.CI === 'true';

function installMissing(): readonly Tool[] {
  const missing = TOOLS.filter(isMissing);
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (missing.length === 0 || !mayInstall) return missing;
  const names = missing.map((tool) => tool.packageName);
  process.stderr.write(`Installing ${names.join(', ')} …\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
  // One by one: a name that the system does not have must not keep the others away.
  for (const name of names) {
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env, stdio: 'ignore' });
  }
  return TOOLS.filter(isMissing);
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
}

function main(): number {
  const missing = installMissing();
  for (const tool of missing) {
    process.stderr.write(`Left out: ${tool.suites} (needs Debian's \`${tool.packageName}\`).\n`);
  }
  if (isCi && missing.length > 0) return 1;
  const folder = mkdtempSync(join(tmpdir(), 'clause9-test-'));
  const file = join(folder, 'report.json');
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const run = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (!existsSync(file)) return 1;
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(folder, { recursive: true });
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests;
  process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  if (isCi && skipped > 0) return 1;
  return run.status === 0 && report.success ? 0 : 1;
}

process.exitCode = main();
