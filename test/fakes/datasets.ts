/** Datasets as tests configure them: plain in all that a test does not say. */
import type { EventsDataset, RecordsDataset, SnapshotDataset } from '../../src/config/model.ts';

const PLAIN = {
  source: 'siem',
  fields: {},
  values: {},
  filter: null,
  settleMs: 0,
  reviseForMs: 0,
  options: {},
};

export const eventsDataset = (more: Partial<EventsDataset> = {}): EventsDataset => ({
  ...PLAIN,
  kind: 'events',
  name: 'events',
  time: '@timestamp',
  ingested: null,
  expectEvents: null,
  ...more,
});

export const recordsDataset = (more: Partial<RecordsDataset> = {}): RecordsDataset => ({
  ...PLAIN,
  kind: 'records',
  name: 'records',
  key: 'id',
  version: ['revision'],
  opened: 'opened',
  closed: ['closed'],
  due: null,
  ingested: null,
  expectEvents: null,
  ...more,
});

export const snapshotDataset = (more: Partial<SnapshotDataset> = {}): SnapshotDataset => ({
  ...PLAIN,
  kind: 'snapshot',
  name: 'list',
  everyMs: 0,
  ...more,
});
