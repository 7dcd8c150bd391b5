/** Where a person sees the same events in OpenSearch Dashboards' Discover. */
import { handWritten, type LinkParts } from '../shared/search-engine/link.ts';
import { rison } from '../shared/search-engine/rison.ts';

/** Dashboards know index patterns by their ids: `dataView` in the dataset, else the pattern's text is tried. */
export function dashboardsLink(webUrl: string, parts: LinkParts): string {
  const { index, dataView, time, from, to, query } = parts;
  const app = rison({
    discover: { columns: ['_source'], isDirty: false, sort: [[time, 'desc']] },
    metadata: { indexPattern: dataView ?? index, view: 'discover' },
  });
  const global = rison({ filters: [], time: { from, to } });
  const search = rison({ filters: [handWritten(query)], query: { language: 'kuery', query: '' } });
  const state = [app, global, search].map(encodeURIComponent);
  return `${webUrl.replace(/\/+$/, '')}/app/data-explorer/discover#?_a=${state[0]}&_g=${state[1]}&_q=${state[2]}`;
}
