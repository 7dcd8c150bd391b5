/** Which server and data a dataset is read from, what its fields are, and what the account may see of them. */
import type { Dataset } from '../../src/config/model.ts';
import { hashOf } from '../../src/core/hash.ts';
import type { Probe } from '../../src/ports/connector.ts';
import { accessText, accountOf, peersOf } from './account.ts';
import { optionsOf } from './base.ts';
import { checkDialect } from './dialect.ts';
import { fieldTypes } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import type { Source } from './source.ts';

export async function probe(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Probe> {
  signal.throwIfAborted();
  await checkDialect(source, signal);
  const { guid, now } = await source.session.server(signal);
  const account = await accountOf(source, signal);
  source.peers = await peersOf(source, signal);
  await requireIndexes(source, dataset, signal);
  const { acceptMessages: _, acceptTruncation: __, ...data } = optionsOf(dataset);
  const { app, owner } = source.options;
  return {
    identity: `splunk:${guid}#${hashOf({ ...data, filter: dataset.filter, app, owner })}`,
    types: await fieldTypes(source, dataset, signal),
    now,
    access: accessText(account, source.peers),
  };
}
