/** The connector of one folder of files. */
import { resolve } from 'node:path';
import type { Dataset, SourceConfig } from '../../src/config/model.ts';
import { hashOf } from '../../src/core/hash.ts';
import type { Connector, FieldTypes, Probe } from '../../src/ports/connector.ts';
import { parsedOptions } from '../shared/options.ts';
import { discover } from './discover.ts';
import { openEngine } from './duckdb.ts';
import { inspect } from './inspect.ts';
import { runQuery } from './native.ts';
import { sourceOptions } from './options.ts';
import { readRecords } from './records.ts';
import { findRevised } from './revised.ts';
import { readRows, topValues } from './rows.ts';
import { readSlices } from './slices.ts';
import { readSnapshot } from './snapshot.ts';
import { openDataset, type Source, timesOf } from './source.ts';

export async function openFiles(config: SourceConfig, folder: string): Promise<Connector> {
  const options = parsedOptions(sourceOptions, 'source', config);
  const engine = openEngine(options);
  const source: Source = {
    name: config.name,
    path: options.path,
    folder: resolve(folder, options.path),
    engine,
    options,
    memory: { marks: new Map(), parquet: new Map(), fields: new Map(), gaps: new Map(), spans: new Map() },
  };
  return {
    probe: (dataset, signal) => probe(source, dataset, signal),
    readSlices: (request, signal) => readSlices(source, request, signal),
    findRevised: (request, signal) => findRevised(source, request, signal),
    readRecords: (request, signal) => readRecords(source, request, signal),
    readSnapshot: (request, signal) => readSnapshot(source, request, signal),
    runQuery: (request, signal) => runQuery(source, request, signal),
    readRows: (request, signal) => readRows(source, request, signal),
    link: () => null,
    topValues: (request, signal) => topValues(source, request, signal),
    inspect: (dataset, signal) => inspect(source, dataset, signal),
    discover: (signal) => discover(source, signal),
    close: () => engine.close(),
  };
}

/** The identity says where and how the data is read, as configured: it stays when files come and go. */
async function probe(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Probe> {
  const opened = await openDataset(source, dataset, signal);
  try {
    const types: Record<string, FieldTypes[string]> = { ...(await opened.described.types()) };
    for (const name of timesOf(dataset)) if (types[name] !== undefined) types[name] = 'time';
    const { files, ...how } = opened.options;
    const identity = `files:${source.name}:${source.path}/${files.join(',')}#${hashOf({ ...how, format: opened.manifest.format })}`;
    return { identity, types, now: null, access: null };
  } finally {
    await opened.session.close();
  }
}
