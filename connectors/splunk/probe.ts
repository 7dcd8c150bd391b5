/** Which server and data a dataset is read from, what its fields are, and what the account may see of them. */
import type { Dataset } from '../../src/config/model.ts';
import { hashOf } from '../../src/core/hash.ts';
import { MINUTE } from '../../src/core/time/interval.ts';
import type { Probe } from '../../src/ports/connector.ts';
import { accessText, accountOf, peersOf, requireUnfiltered } from './account.ts';
import { optionsOf } from './base.ts';
import { checkDialect } from './dialect.ts';
import { type Sampled, sampleFields } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import type { DatasetOptions } from './options.ts';
import type { Source } from './source.ts';

export async function probe(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Probe> {
  signal.throwIfAborted();
  await checkDialect(source, signal);
  const { guid, now } = await source.session.server(signal);
  const listed = await peersOf(source, signal);
  if (listed.length > 0) source.peers = listed;
  const account = await accountOf(source, signal);
  await requireUnfiltered(dataset, async () => account);
  // How the data are asked for does not change which they are.
  const { acceptMessages: _, acceptTruncation: __, indexed: ___, ...data } = optionsOf(dataset);
  const { app, owner } = source.options;
  const access = accessText(account, listed);
  const { types, resolved, providers } = await look(source, dataset, access, signal);
  // Who may not list the peers learns them from who answered.
  if (listed.length === 0 && providers.length > 0) source.peers = providers;
  return {
    identity: `splunk:${guid}#${hashOf({ ...data, filter: dataset.filter, app, owner })}`,
    types,
    now,
    access: [access, ...knowledgeOf(dataset, data, resolved)].join('\n'),
  };
}

/** A look at indexes and fields costs two searches: it is taken anew only when it is old, or the account has changed. */
const LOOK_MS = 10 * MINUTE;

async function look(
  source: Source,
  dataset: Dataset,
  account: string,
  signal: AbortSignal,
): Promise<Sampled> {
  const what = hashOf({
    dataset: dataset.name,
    options: optionsOf(dataset),
    filter: dataset.filter,
    account,
  });
  const last = source.looks.get(what);
  if (last !== undefined && performance.now() - last.at < LOOK_MS) return last.found;
  await requireIndexes(source, dataset, signal);
  const found = await sampleFields(source, dataset, signal);
  source.looks.set(what, { at: performance.now(), found });
  return found;
}

/** Macros, event types, tags and lookups are Splunk's to change: what they mean is part of what the account sees. */
function knowledgeOf(
  dataset: Dataset,
  { search, datamodel }: Partial<DatasetOptions>,
  resolved: string | null,
): string[] {
  const written = `${dataset.filter ?? ''} ${search ?? ''}`;
  if (resolved === null) return [];
  if (datamodel === undefined && !/`|\b(?:eventtype|tag)\b|\blookup\b/i.test(written)) return [];
  return [`knowledge of ${dataset.name} ${hashOf(resolved)}`];
}
