/** The only file that knows every adapter: a configuration goes in, running parts come out. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { connectorTypes } from '../connectors/index.ts';
import type { LoopContext, Pace, Progress, SourceMeter } from './app/context.ts';
import { withLinks } from './app/explain/drill-down.ts';
import { createLoop, type Loop } from './app/loop/loop.ts';
import type { ReadModel } from './app/read-model.ts';
import { type ActiveSet, createReadModel } from './app/views.ts';
import type { Config } from './config/model.ts';
import { concealSecrets } from './config/secrets.ts';
import { Clause9Error } from './core/errors.ts';
import type { Clock } from './ports/clock.ts';
import type { Connector } from './ports/connector.ts';
import type { Store } from './ports/store.ts';
import { openSqlite, type StoreOptions } from './store/sqlite.ts';

export const systemClock: Clock = { now: () => Date.now() };

/** JSON lines on stdout; sentences on stderr, beside a command's answer. Secrets never reach a log field. */
export const createLogger = (level: string, stream: 'stdout' | 'stderr') =>
  pino(
    {
      level,
      redact: ['*.auth', '*.password', '*.token', '*.apiKey', 'req.headers.authorization'],
      hooks: { streamWrite: concealSecrets },
    },
    stream === 'stdout' ? pino.destination(1) : { write: tellPerson },
  );

/** A log line as a sentence for who called the command. */
function tellPerson(line: string): void {
  const { msg, dataset, source } = JSON.parse(line);
  const about = dataset ?? source;
  const isNamed = about === undefined || String(msg).startsWith(`${about}: `);
  process.stderr.write(`! ${isNamed ? msg : `${about}: ${msg}`}\n`);
}

/** The store of a configuration; its folder is made when it isn't there. */
export async function openStore(config: Config, options: StoreOptions = {}): Promise<Store> {
  if (options.readOnly !== true) mkdirSync(dirname(config.store.path), { recursive: true });
  return openSqlite(config.store.path, options);
}

/** The sources' connectors, each opened when it is first asked for. */
export function openConnectors(config: Pick<Config, 'sources' | 'folder'>): {
  readonly connector: (source: string) => Promise<Connector>;
  readonly close: () => Promise<void>;
} {
  const opened = new Map<string, Promise<Connector>>();
  const open = async (name: string): Promise<Connector> => {
    const source = config.sources[name];
    const type = connectorTypes.find((one) => one.type === source?.type);
    if (source === undefined || type === undefined) throw new Clause9Error(`there is no source "${name}"`);
    return type.open(source, config.folder);
  };
  return {
    connector: (name) => {
      const connector = opened.get(name) ?? open(name);
      opened.set(name, connector);
      // A source that could not be opened may be there the next time.
      connector.catch(() => opened.delete(name));
      return connector;
    },
    close: async () => {
      const settled = await Promise.allSettled(opened.values());
      await Promise.all(settled.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
    },
  };
}

/** The read model, whose derivations lead into the sources' own pages. */
export function openReadModel(
  store: Store,
  active: () => ActiveSet,
  clock: Clock,
): { readonly read: ReadModel; readonly close: () => Promise<void> } {
  const config = () => active().config;
  let opened: (ReturnType<typeof openConnectors> & { readonly config: Config }) | null = null;
  const connector = async (source: string): Promise<Connector> => {
    const before = opened;
    const current = before?.config === config() ? before : { ...openConnectors(config()), config: config() };
    opened = current;
    if (before !== current) await before?.close();
    return current.connector(source);
  };
  const read = withLinks(createReadModel(store, active, clock), { store, config, connector });
  return { read, close: async () => opened?.close() };
}

export interface OpenLoop {
  readonly loop: Loop;
  readonly meter: ReadonlyMap<string, SourceMeter>;
  readonly close: () => Promise<void>;
}

/** A loop over this set, with connectors of its own. */
export function openLoop(
  { config, definitions }: ActiveSet,
  parts: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: LoopContext['log'];
    readonly progress?: Progress;
    readonly pace?: Partial<Pace>;
  },
): OpenLoop {
  const { connector, close } = openConnectors(config);
  const meter = new Map<string, SourceMeter>();
  return { loop: createLoop({ ...parts, config, definitions, connector, meter }), meter, close };
}

/** A file or folder of the package: beside the sources, or beside `dist` in an installed one. */
export function packageFile(path: string): string {
  const isBuilt = import.meta.url.endsWith('.js');
  return fileURLToPath(new URL(`${isBuilt ? '../..' : '..'}/${path}`, import.meta.url));
}

/** The version of this build, from the package. */
export function packageVersion(): string {
  const path = packageFile('package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : 'unknown';
}
