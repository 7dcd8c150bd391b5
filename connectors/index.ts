/** The source types that clause9 knows, one line each. */
import type { ConnectorType } from '../src/ports/connector.ts';
import { elasticsearch } from './elasticsearch/index.ts';
import { files } from './files/index.ts';
import { opensearch } from './opensearch/index.ts';
import { splunk } from './splunk/index.ts';

export const connectorTypes: readonly ConnectorType[] = [files, elasticsearch, opensearch, splunk];
