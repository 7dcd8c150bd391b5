/**
 * What every store must do: keep facts and never overwrite one, write each once however often it is told, and say
 * what changed since results were last computed. A store's own test calls `storeContract`.
 */
import { beforeEach, describe } from 'vitest';
import type { Store } from '../../src/ports/store.ts';
import { answerContract } from './store-answers.ts';
import { recordContract } from './store-records.ts';
import { definitionContract, resultContract } from './store-results.ts';
import { retentionContract } from './store-retention.ts';
import { coverageContract, sliceContract } from './store-slices.ts';
import { snapshotContract } from './store-snapshots.ts';
import { touchContract } from './store-touched.ts';

/** Opens a store that is empty. */
export type OpenStore = () => Promise<Store>;

export function storeContract(name: string, open: OpenStore): void {
  describe(`${name} keeps`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
      return () => store.close();
    });
    const current = () => store;

    sliceContract(current);
    coverageContract(current);
    recordContract(current);
    touchContract(current);
    snapshotContract(current);
    answerContract(current);
    retentionContract(current);
    resultContract(current);
    definitionContract(current);
  });
}
