/** The source types that clause9 knows, one line each. */
import type { ConnectorType } from '../src/ports/connector.ts';
import { files } from './files/index.ts';
import { splunk } from './splunk/index.ts';

export const connectorTypes: readonly ConnectorType[] = [files, splunk];
