/** Splunk passes the contract of connectors, on the fake. */
import { connectorContract } from '../../test/contract/connector.ts';
import { indexedHarness, splunkHarness } from '../../test/contract/harness-splunk.ts';

connectorContract('splunk', splunkHarness);
connectorContract('splunk, some fields indexed', indexedHarness);
