/**
 * What every connector must do, whatever its source: read slices, groups, records and lists as the reference
 * evaluator in core would, say what it left out, find what changed, and stop when told. A connector's own test
 * calls `connectorContract` with a harness that puts rows into its source.
 */
import { afterAll, beforeAll } from 'vitest';
import { filterContract } from './connector-filters.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { lateContract } from './connector-late.ts';
import { lookContract } from './connector-look.ts';
import { nativeContract } from './connector-native.ts';
import { probeContract } from './connector-probe.ts';
import { qualityContract } from './connector-quality.ts';
import { recordContract } from './connector-records.ts';
import { sliceContract } from './connector-slices.ts';

const PARTS = [
  sliceContract,
  lateContract,
  recordContract,
  probeContract,
  filterContract,
  nativeContract,
  lookContract,
  qualityContract,
];

export function connectorContract(name: string, harness: ConnectorHarness): void {
  let source: ContractSource;
  beforeAll(async () => {
    source = await harness.create();
  });
  afterAll(() => source.close());

  for (const part of PARTS) part(name, harness, () => source);
}
