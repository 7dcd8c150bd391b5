/** Which server and data a dataset is read from, what its fields are, and what the account may see of them. */
import type { Dataset } from '../../src/config/model.ts';
import { hashOf } from '../../src/core/hash.ts';
import type { Probe } from '../../src/ports/connector.ts';
import { accessText, accountOf, peersOf } from './account.ts';
import { optionsOf } from './base.ts';
import { checkDialect } from './dialect.ts';
import { sampleFields } from './fields.ts';
import { requireIndexes } from './indexes.ts';
import type { Source } from './source.ts';

export async function probe(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Probe> {
  signal.throwIfAborted();
  await checkDialect(source, signal);
  const { guid, now } = await source.session.server(signal);
  const account = await accountOf(source, signal);
  const listed = await peersOf(source, signal);
  if (listed.length > 0) source.peers = listed;
  await requireIndexes(source, dataset, signal);
  const { acceptMessages: _, acceptTruncation: __, ...data } = optionsOf(dataset);
  const { app, owner } = source.options;
  const { types, resolved, providers } = await sampleFields(source, dataset, signal);
  // Who may not list the peers learns them from who answered.
  if (listed.length === 0 && providers.length > 0) source.peers = providers;
  return {
    identity: `splunk:${guid}#${hashOf({ ...data, filter: dataset.filter, app, owner })}`,
    types,
    now,
    access: [accessText(account, source.peers), ...knowledgeOf(dataset, data.search, resolved)].join('\n'),
  };
}

/** Macros, event types, tags and lookups are Splunk's to change: what they mean is part of what the account sees. */
function knowledgeOf(dataset: Dataset, search: string | undefined, resolved: string | null): string[] {
  const written = `${dataset.filter ?? ''} ${search ?? ''}`;
  if (resolved === null || !/`|\b(?:eventtype|tag)\b|\blookup\b/i.test(written)) return [];
  return [`knowledge of ${dataset.name} ${hashOf(resolved)}`];
}
