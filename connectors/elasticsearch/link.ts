/** Where a person sees the same events in Kibana's Discover. */
import { handWritten, type LinkParts } from '../shared/search-engine/link.ts';
import { rison } from '../shared/search-engine/rison.ts';

/**
 * From 8 on Kibana makes a data view on the way; 7 needs the id of one that is there (`dataView`). A link to that
 * has the form of 7, which later ones take, too: it is the same whether the server's version is known yet or not.
 */
export function kibanaLink(webUrl: string, space: string | undefined, parts: LinkParts): string {
  const { index, dataView, time, from, to, query, server } = parts;
  const base = `${webUrl.replace(/\/+$/, '')}${space === undefined ? '' : `/s/${encodeURIComponent(space)}`}`;
  const filters = [handWritten(query)];
  const empty = { language: 'kuery', query: '' };
  if (dataView !== null || (server !== null && server.major < 8)) {
    const global = rison({ filters: [], time: { from, to } });
    const state = rison({ index: dataView ?? index, filters, query: empty, sort: [[time, 'desc']] });
    return `${base}/app/discover#/?_g=${encodeURIComponent(global)}&_a=${encodeURIComponent(state)}`;
  }
  const params = {
    dataViewSpec: { title: index, timeFieldName: time },
    timeRange: { from, to, mode: 'absolute' },
    filters,
    query: empty,
  };
  const version = server?.version ?? '8.0.0';
  return `${base}/app/r?l=DISCOVER_APP_LOCATOR&v=${version}&p=${encodeURIComponent(JSON.stringify(params))}`;
}
