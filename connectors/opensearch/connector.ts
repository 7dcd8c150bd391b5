/** The connector of one OpenSearch cluster. */
import type { SourceConfig } from '../../src/config/model.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { parsedOptions } from '../shared/options.ts';
import { connectorOf } from '../shared/search-engine/connector.ts';
import { runDsl } from '../shared/search-engine/native.ts';
import { openEngine } from './client.ts';
import { dashboardsLink } from './link.ts';
import { sourceOptions } from './options.ts';

export function openOpensearch(config: SourceConfig, folder: string): Connector {
  const options = parsedOptions(sourceOptions, 'source', config);
  const { webUrl } = options;
  return connectorOf(openEngine(config.name, options, folder), {
    queries: { dsl: runDsl },
    link: webUrl === undefined ? null : (parts) => dashboardsLink(webUrl, parts),
  });
}
