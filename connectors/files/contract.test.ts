/** Files pass the contract of connectors in every format. */
import { connectorContract } from '../../test/contract/connector.ts';
import { EXTENSIONS, filesHarness } from '../../test/contract/harness-files.ts';

for (const extension of EXTENSIONS) connectorContract(`files, ${extension}`, filesHarness(extension));
