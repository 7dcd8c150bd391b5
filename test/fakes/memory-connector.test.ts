/** The source in memory passes the contract of connectors. */
import { connectorContract } from '../contract/connector.ts';
import { memoryHarness } from '../contract/harness-memory.ts';

connectorContract('memory', memoryHarness);
