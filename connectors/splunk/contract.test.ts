/** Splunk passes the contract of connectors, on the fake. */
import { connectorContract } from '../../test/contract/connector.ts';
import { splunkHarness } from '../../test/contract/harness-splunk.ts';

connectorContract('splunk', splunkHarness);
