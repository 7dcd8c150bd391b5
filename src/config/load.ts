/** Loads clause9.yaml: the whole of it checked, every problem with its line; relative paths start at its folder. */

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { validate as isCron } from 'node-cron';
import { z } from 'zod';
import { error, hasErrors, type Path, type Problem } from '../core/definition/problem.ts';
import { readShape } from '../core/definition/shape.ts';
import { suggest } from '../core/definition/suggest.ts';
import { type Report, readDuration, readInstant } from '../core/definition/words.ts';
import { DAY, MINUTE, SECOND } from '../core/time/interval.ts';
import type { ConnectorType } from '../ports/connector.ts';
import type { FileContext } from './clock.ts';
import { isMap, readDataset, strictly } from './datasets.ts';
import { readTextFile } from './files.ts';
import { type LocatedProblem, type Location, locateAll, located, sortProblems } from './located.ts';
import type { Config, Dataset, Retention, SourceConfig } from './model.ts';
import { configSchema, sourceShape } from './schema.ts';
import { readYaml, type YamlText } from './yaml.ts';

export interface LoadedConfig {
  /** Null where there is an error among the problems. */
  readonly config: Config | null;
  readonly problems: readonly LocatedProblem[];
  /** The files and folders of definitions that are there, as far as the configuration could be read. */
  readonly definitions: readonly string[];
  /** Files that it names beside definitions: what to watch for changes. */
  readonly files: readonly string[];
  /** The file could not be read at all, or is no YAML. */
  readonly unreadable: boolean;
  /** Where a part of the configuration was written. */
  readonly locate: (problem: Pick<Problem, 'path' | 'at' | 'offset'>) => Location;
}

/** Never throws for what the file holds. */
export function loadConfig(path: string, connectorTypes: readonly ConnectorType[]): LoadedConfig {
  const file = resolve(path);
  const read = readTextFile(file);
  if ('problem' in read) return unreadable(file, [located(read.problem, { file, line: 1, column: 1 })]);
  const text = readYaml(read.text);
  if (text.value === undefined) return unreadable(file, locateAll(file, text, []));
  const problems: Problem[] = [];
  const files: string[] = [];
  const context = { folder: dirname(file), onFile: (path: string) => files.push(path) };
  const config = readConfig(text, context, connectorTypes, (problem) => problems.push(problem));
  const all = sortProblems(locateAll(file, text, problems));
  return {
    config: hasErrors(all) ? null : config,
    problems: all,
    definitions: config.definitions.filter((place) => existsSync(place)),
    files,
    unreadable: false,
    locate: (problem) => ({ file, ...text.locate(problem) }),
  };
}

function unreadable(file: string, problems: readonly LocatedProblem[]): LoadedConfig {
  return {
    config: null,
    problems,
    definitions: [],
    files: [],
    unreadable: true,
    locate: () => ({ file, line: 1, column: 1 }),
  };
}

const sectionsSchema = configSchema.partial();

function readConfig(
  text: YamlText,
  files: FileContext,
  connectorTypes: readonly ConnectorType[],
  report: Report,
): Config {
  const { folder } = files;
  const written = salvage(text, report);
  const { source } = text;
  const sources = mapEntries(written.sources ?? {}, (name, value) =>
    readSource(name, value, connectorTypes, source, report),
  );
  const sourceTypes = mapEntries(written.sources ?? {}, (_name, value) =>
    isMap(value) ? value.type : undefined,
  );
  const hasPseudonymKey = written.pseudonymKey !== undefined;
  const context = { ...files, sourceTypes, connectorTypes, source, hasPseudonymKey };
  const datasets = mapEntries(written.datasets ?? {}, (name, value) =>
    readDataset(name, value, context, report),
  );
  return {
    folder,
    listen: readAddress(written.listen ?? '127.0.0.1:8080', ['listen'], report),
    metricsListen: readAddress(written.metricsListen ?? '127.0.0.1:9464', ['metricsListen'], report),
    store: { path: resolve(folder, written.store ?? './clause9.db') },
    definitions: readPlaces(written.definitions, folder, report),
    schedule: readSchedule(written.schedule ?? '* * * * *', report),
    sources: withoutNull<SourceConfig>(sources),
    datasets: withoutNull<Dataset>(datasets),
    people: mapEntries(written.people ?? {}, (_key, { name, email = null }) => ({ name, email })),
    logLevel: written.logLevel ?? 'info',
    maxBuckets: written.maxBuckets ?? 50_000,
    ...(written.pseudonymKey !== undefined && { pseudonymKey: written.pseudonymKey }),
    retention: readRetention(written.retention ?? {}, report),
    startFrom: written.startFrom === undefined ? null : readInstant(written.startFrom, ['startFrom'], report),
  };
}

/** The sections that have the right shape; everything else is reported. */
function salvage(text: YamlText, report: Report): z.infer<typeof sectionsSchema> {
  const whole = readShape(configSchema, text.value, { source: text.source });
  if ('value' in whole) return whole.value;
  for (const problem of whole.problems) report(problem);
  const broken = new Set(whole.problems.map(({ path }) => path[0]));
  const rest = Object.entries(isMap(text.value) ? text.value : {}).filter(([key]) => !broken.has(key));
  const again = readShape(sectionsSchema, Object.fromEntries(rest));
  return 'value' in again ? again.value : {};
}

function readSource(
  name: string,
  value: unknown,
  connectorTypes: readonly ConnectorType[],
  source: YamlText['source'],
  report: Report,
): SourceConfig | null {
  const path: Path = ['sources', name];
  const say: Report = (problem) => report({ ...problem, path: [...path, ...problem.path] });
  if (!isMap(value)) {
    say(error('value', [], `the source \`${name}\` must be a map`, 'Write `{type: files, …}`.'));
    return null;
  }
  const at = (inside: Path) => source([...path, ...inside]);
  const isCommon = (key: string) => Object.hasOwn(sourceShape, key);
  const rest = pick(value, (key) => !isCommon(key));
  const common = readShape(z.strictObject(sourceShape), pick(value, isCommon), { source: at });
  if ('problems' in common) {
    for (const problem of common.problems) say(problem);
    return null;
  }
  const connector = connectorTypes.find((known) => known.type === common.value.type);
  if (connector === undefined) {
    const types = connectorTypes.map((known) => known.type);
    say(
      error(
        'unknown-type',
        ['type'],
        `there is no source type "${common.value.type}"`,
        suggest(common.value.type, types),
      ),
    );
    return null;
  }
  const options = readShape(strictly(connector.sourceOptions), rest, {
    source: at,
    otherKeys: Object.keys(sourceShape),
  });
  if ('problems' in options) {
    for (const problem of options.problems) say(problem);
    return null;
  }
  return {
    name,
    type: connector.type,
    maxConcurrentSearches: common.value.maxConcurrentSearches ?? 2,
    ...limitsOf(common.value, connector, say),
    options: options.value,
  };
}

function limitsOf(
  { maxSearchesPerCycle, maxRange, deadline }: z.infer<z.ZodObject<typeof sourceShape>>,
  connector: ConnectorType,
  report: Report,
): Pick<SourceConfig, 'deadlineMs' | 'maxSearchesPerCycle' | 'maxRangeMs'> {
  const deadlineMs = deadline === undefined ? null : readDuration(deadline, ['deadline'], report, SECOND);
  const maxRangeMs = maxRange === undefined ? null : readDuration(maxRange, ['maxRange'], report, MINUTE);
  return {
    ...(deadlineMs === null ? {} : { deadlineMs }),
    ...(maxRangeMs === null && connector.readsWhole !== true ? {} : { maxRangeMs }),
    maxSearchesPerCycle: maxSearchesPerCycle ?? null,
  };
}

function readPlaces(written: string | string[] | undefined, folder: string, report: Report): string[] {
  const names = typeof written === 'string' ? [written] : (written ?? ['./kpi-definitions']);
  return names.map((name, index) => {
    const place = resolve(folder, name);
    if (!existsSync(place)) {
      const path = Array.isArray(written) ? ['definitions', index] : ['definitions'];
      report(
        error(
          'file',
          path,
          `there are no definitions at ${name}`,
          `Looked at ${place}: name the folder that holds them.`,
        ),
      );
    }
    return place;
  });
}

function readRetention(
  {
    slices = '90d',
    hours = '730d',
    evidence = '400d',
  }: NonNullable<z.infer<typeof sectionsSchema>['retention']>,
  report: Report,
): Retention {
  const at = (name: string) => ['retention', name];
  const slicesMs = readDuration(slices, at('slices'), report, DAY) ?? 0;
  const hoursMs = readDuration(hours, at('hours'), report, DAY) ?? slicesMs;
  const evidenceMs = readDuration(evidence, at('evidence'), report, DAY) ?? 0;
  if (hoursMs < slicesMs) {
    report(
      error(
        'retention',
        at('hours'),
        `hours are kept shorter (${hours}) than slices finer than an hour (${slices})`,
        'Days are made of hours: write at least the same.',
      ),
    );
  }
  return { slicesMs, hoursMs, evidenceMs };
}

function readAddress(text: string, path: Path, report: Report): Config['listen'] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  report(
    error(
      'address',
      path,
      `"${text}" is no address to listen on`,
      'Write HOST:PORT: `127.0.0.1:8080`, or `"[::1]:8080"` in quotes.',
    ),
  );
  return { host: '127.0.0.1', port: 0 };
}

function readSchedule(text: string, report: Report): string {
  if (!isCron(text)) {
    report(
      error(
        'schedule',
        ['schedule'],
        `"${text}" is no cron expression`,
        'Write minute, hour, day, month and weekday: `"*/5 * * * *"`.',
      ),
    );
  }
  return text;
}

function mapEntries<T, U>(
  map: Readonly<Record<string, T>>,
  change: (key: string, value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(key, value)]));
}

function withoutNull<T>(map: Readonly<Record<string, T | null>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
}

function pick(map: Readonly<Record<string, unknown>>, wanted: (key: string) => boolean) {
  return Object.fromEntries(Object.entries(map).filter(([key, value]) => value !== undefined && wanted(key)));
}
