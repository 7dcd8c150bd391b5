/** The connector of one Splunk deployment. */
import type { SourceConfig } from '../../src/config/model.ts';
import { parseDuration } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { parsedOptions } from '../shared/options.ts';
import { discover } from './discover.ts';
import { inspect } from './inspect.ts';
import { link } from './link.ts';
import { runQuery } from './native.ts';
import { sourceOptions } from './options.ts';
import { probe } from './probe.ts';
import { readRecords } from './records.ts';
import { findRevised } from './revised.ts';
import { readRows, topValues } from './rows.ts';
import { openSession } from './session.ts';
import { readSlices } from './slices.ts';
import { readSnapshot } from './snapshot.ts';
import { createSource } from './source.ts';
import { openTransport } from './transport.ts';

export async function openSplunk(config: SourceConfig, folder: string): Promise<Connector> {
  const options = parsedOptions(sourceOptions, 'source', config);
  const transport = openTransport(options, folder, parseDuration(options.requestTimeout) ?? 0);
  const source = createSource(config.name, options, openSession(options, folder, transport));
  return {
    probe: (dataset, signal) => probe(source, dataset, signal),
    readSlices: (request, signal) => readSlices(source, request, signal),
    findRevised: (request, signal) => findRevised(source, request, signal),
    readRecords: (request, signal) => readRecords(source, request, signal),
    readSnapshot: (request, signal) => readSnapshot(source, request, signal),
    runQuery: (request, signal) => runQuery(source, request, signal),
    readRows: (request, signal) => readRows(source, request, signal),
    link: (request) => link(options, request),
    topValues: (request, signal) => topValues(source, request, signal),
    inspect: (dataset, signal) => inspect(source, dataset, signal),
    discover: (signal) => discover(source, signal),
    close: () => source.close(),
  };
}
