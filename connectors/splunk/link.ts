/** Where a person sees the same events in Splunk's own pages. */
import type { RowsRequest } from '../../src/ports/connector.ts';
import { baseOf } from './base.ts';
import { createColumns } from './columns.ts';
import { compileFilter } from './filter.ts';
import type { SourceOptions } from './options.ts';
import { spl } from './spl.ts';

export function link(
  { webUrl, app }: SourceOptions,
  { dataset, where, range }: Omit<RowsRequest, 'limit' | 'asOf'>,
): string | null {
  if (webUrl === undefined) return null;
  const columns = createColumns();
  const condition = compileFilter(where, columns.field);
  const narrowed =
    where.op === 'everything' ? spl`` : spl`${columns.evals()} | where ${condition} | fields - c9_*`;
  const url = new URL(`app/${encodeURIComponent(app)}/search`, webUrl.endsWith('/') ? webUrl : `${webUrl}/`);
  url.searchParams.set('q', spl`${baseOf(dataset).search}${narrowed}`.spl);
  // Of records, the range is that of their opening, which need not be the event's time.
  const bounds = dataset.kind === 'events' ? [range.start / 1000, range.end / 1000] : [0, ''];
  url.searchParams.set('earliest', String(bounds[0]));
  url.searchParams.set('latest', String(bounds[1]));
  return url.href;
}
