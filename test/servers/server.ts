/**
 * Real Elasticsearch and OpenSearch nodes for tests, one a kind and test run, started when first asked for. A watchdog
 * ends a node and removes its data when the test run is over, however it ended.
 */
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const SERVER_KINDS = ['es7', 'es8', 'es9', 'opensearch'] as const;
/** These have security, TLS and a user `admin`; `es8-xpack` has ES|QL, too. Only the tests of those start one. */
export type ServerKind = (typeof SERVER_KINDS)[number] | 'opensearch-secure' | 'es8-xpack';

export interface TestServer {
  readonly url: string;
  /** The certificate of the authority that signed the server's, where it has one. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** Where the shared nodes of this run stand; set by `setup.ts`. */
export const FOLDER_VARIABLE = 'CLAUSE9_TEST_SERVERS';
/** The process that the nodes live as long as. */
export const OWNER_VARIABLE = 'CLAUSE9_TEST_OWNER';

const JDK: Readonly<Record<ServerKind, number>> = {
  es7: 17,
  es8: 17,
  'es8-xpack': 17,
  es9: 25,
  opensearch: 25,
  'opensearch-secure': 17,
};
/** The first start of a kind downloads its jars. */
export const START_TIMEOUT_MS = 420_000;

/** Whether this machine has what a node needs: Maven, and the JDK of its kind. */
export function canStart(kind: ServerKind): boolean {
  const jdk = JDK[kind];
  const home = process.env[`ES_RUNNER_JAVA${jdk}`] ?? globSync(`/usr/lib/jvm/*-${jdk}-*`)[0];
  if (home === undefined || !existsSync(join(home, 'bin', 'javac'))) return false;
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'mvn')));
}

/** A node of one's own, with settings such as `thread_pool.search.size=1`. Stop it. */
export async function startServer(kind: ServerKind, settings: readonly string[] = []): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), `clause9-${kind}-`));
  return launch(kind, folder, process.pid, settings);
}

/** The run's own node of this kind: every test uses indices of its own in it. */
export async function sharedServer(kind: ServerKind): Promise<string> {
  const root = process.env[FOLDER_VARIABLE];
  if (root === undefined) throw new Error('shared servers need test/servers/setup.ts as a global setup');
  const folder = join(root, kind);
  mkdirSync(root, { recursive: true });
  try {
    mkdirSync(folder);
  } catch {
    // Another test file was first: its start is waited for.
    return waitUntilReady(kind, folder, null);
  }
  return (await launch(kind, folder, Number(process.env[OWNER_VARIABLE]), [])).url;
}

async function launch(
  kind: ServerKind,
  folder: string,
  owner: number,
  settings: readonly string[],
): Promise<TestServer> {
  const output = openSync(join(folder, 'output'), 'a');
  const child = spawn(
    'bash',
    [join(import.meta.dirname, 'watch.sh'), String(owner), folder, kind, ...settings],
    {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ES_RUNNER_HEAP: '512m', ...process.env },
    },
  );
  child.unref();
  const url = await waitUntilReady(kind, folder, () => child.exitCode);
  return { url, ca: join(folder, 'data', 'config', 'ca.pem'), stop: () => stopServer(folder) };
}

async function waitUntilReady(
  kind: ServerKind,
  folder: string,
  ended: (() => number | null) | null,
): Promise<string> {
  const path = join(folder, 'output');
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 100) {
    const output = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const ready = /READY (http\S+)/.exec(output)?.[1];
    if (ready !== undefined) return ready;
    if (ended?.() !== null && ended !== null)
      throw new Error(`${kind} ended before it was ready:\n${output}`);
    await sleep(100);
  }
  throw new Error(`${kind} was not ready in time; its output is in ${path}`);
}

/** Ends the node whose folder this is, and waits until it is gone with its data. */
export async function stopServer(folder: string): Promise<void> {
  const pidFile = join(folder, 'pid');
  if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
  while (existsSync(folder)) await sleep(50);
}
