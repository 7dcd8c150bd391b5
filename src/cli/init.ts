/** `clause9 init`: writes a clause9.yaml from what a source holds. Never over a file that is there. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { connectorTypes } from '../../connectors/index.ts';
import { askOnce } from '../app/ask/ask-once.ts';
import { type Proposal, propose } from '../app/init/init.ts';
import { configText, proposalText, rolesOf } from '../app/init/text.ts';
import { validate } from '../app/validate/validate.ts';
import { loadDefinitions } from '../config/definitions.ts';
import type { Config, SourceConfig } from '../config/model.ts';
import { hasErrors } from '../core/definition/problem.ts';
import { Clause9Error, ConfigError } from '../core/errors.ts';
import { MINUTE } from '../core/time/interval.ts';
import type { ConnectorType } from '../ports/connector.ts';
import { openConnectors, packageFile } from '../wiring.ts';
import { interruptible, print } from './arguments.ts';

export interface InitOptions {
  readonly elasticsearch?: string;
  readonly opensearch?: string;
  readonly splunk?: string;
  readonly files?: string;
  readonly apiKeyEnv?: string;
  readonly tokenEnv?: string;
  readonly user?: string;
  readonly passwordEnv?: string;
  readonly ca?: string;
  /** The file to write. */
  readonly output: string;
}

const PATIENCE = 2 * MINUTE;

export async function runInit(options: InitOptions): Promise<number> {
  const file = resolve(options.output);
  if (existsSync(file)) {
    throw new Clause9Error('the file is there already, and is left as it is', {
      where: options.output,
      help: 'Name another one by --output.',
    });
  }
  const { type, written } = writtenSource(options, dirname(file));
  const source = parseSource(type, written);
  const shipped = packageFile('kpi-definitions');
  const { definitions } = await loadDefinitions([shipped]);
  const kpis = definitions.map((one) => one.definition);
  const proposal = await look(type, source, dirname(file), kpis);
  const text = configText(
    {
      sourceName: source.name,
      source: { type: type.type, ...written },
      definitions: pathFrom(dirname(file), shipped),
      people: rolesOf(kpis),
    },
    proposal,
  );
  mkdirSync(dirname(file), { recursive: true });
  // `wx`: also not over a file that came meanwhile.
  writeFileSync(file, text, { flag: 'wx' });
  const { problems } = await validate({ configPath: file, connectorTypes });
  const errors = problems.filter(({ severity }) => severity === 'error');
  for (const { line, column, message, help } of errors)
    process.stderr.write(`${options.output}:${line}:${column} error ${message}\n  ${help}\n`);
  print(proposalText(proposal));
  process.stderr.write(
    `\nWritten: ${options.output}. Look at it, then: npx clause9 doctor${file === resolve('clause9.yaml') ? '' : ` --config ${options.output}`}\n`,
  );
  return hasErrors(problems) ? 1 : 0;
}

async function look(
  type: ConnectorType,
  source: SourceConfig,
  folder: string,
  definitions: Parameters<typeof rolesOf>[0],
): Promise<Proposal> {
  const config: Pick<Config, 'sources' | 'folder'> = { folder, sources: { [source.name]: source } };
  const { connector, close } = openConnectors(config);
  try {
    const ask = askOnce({ config, connector }, PATIENCE);
    return await propose({ source, type, ask, definitions }, interruptible());
  } finally {
    await close();
  }
}

const TYPES = ['elasticsearch', 'opensearch', 'splunk', 'files'] as const;

/** The source as clause9.yaml shall have it. */
function writtenSource(options: InitOptions, folder: string) {
  const [name, ...more] = TYPES.filter((one) => options[one] !== undefined);
  const type = connectorTypes.find((one) => one.type === name);
  if (name === undefined || type === undefined || more.length > 0) {
    throw new ConfigError('name one source', {
      help: 'Write --elasticsearch URL, --opensearch URL, --splunk URL or --files FOLDER.',
    });
  }
  const place = options[name] ?? '';
  if (name === 'files') return { type, written: { path: pathFrom(folder, resolve(place)) } };
  const auth = authOf(name, options);
  const ca = options.ca === undefined ? undefined : pathFrom(folder, resolve(options.ca));
  const trust = ca === undefined ? {} : name === 'splunk' ? { tls: { ca } } : { ca };
  return { type, written: { url: place, ...(auth === undefined ? {} : { auth }), ...trust } };
}

/** Secrets by reference only: they stay in the environment. */
function authOf(type: string, { apiKeyEnv, tokenEnv, user, passwordEnv }: InitOptions): object | undefined {
  if (apiKeyEnv !== undefined) return { apiKey: { env: apiKeyEnv } };
  if (tokenEnv !== undefined) return { [type === 'splunk' ? 'token' : 'bearer']: { env: tokenEnv } };
  if (user === undefined && passwordEnv === undefined) return undefined;
  if (user !== undefined && passwordEnv !== undefined)
    return { username: user, password: { env: passwordEnv } };
  throw new ConfigError('a user needs a password', {
    help: 'Write both --user NAME and --password-env VARIABLE.',
  });
}

function parseSource(type: ConnectorType, written: object): SourceConfig {
  const parsed = type.sourceOptions.safeParse(written);
  if (parsed.success)
    return { name: type.type, type: type.type, maxConcurrentSearches: 2, options: parsed.data };
  const first = parsed.error.issues[0];
  throw new ConfigError(`${first?.path.join('.')}: ${first?.message}`, { help: 'See clause9 init --help.' });
}

function pathFrom(folder: string, place: string): string {
  const path = relative(folder, place).split(sep).join('/');
  return path === '' ? '.' : path.startsWith('.') || path.startsWith('/') ? path : `./${path}`;
}
