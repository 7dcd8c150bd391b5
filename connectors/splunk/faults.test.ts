/**
 * Every known way in which splunkd goes wrong, at a read that groups, sums and pages: it ends in the right numbers, in
 * an error that says whether to ask again, or in `partial`. Never in another number.
 */
import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { EVERYTHING } from '../../src/core/filter/model.ts';
import type { SliceReading } from '../../src/ports/connector.ts';
import {
  event,
  events,
  measure,
  NEVER,
  type Opened,
  openSplunkd,
  readSlices,
} from '../../test/fakes/splunk.ts';
import { FAULTS, type FaultName } from '../../test/fakes/splunkd/index.ts';

/** `right`: also by asking for half the range, by waiting, or by finding the search again. */
type Outcome = 'right' | 'again' | 'refused' | 'partial';

const OUTCOMES: Readonly<Record<FaultName, Outcome>> = {
  'quota-instance': 'again',
  'quota-user': 'again',
  'quota-role': 'again',
  'quota-disk': 'again',
  'quota-queue': 'again',
  'free-disk': 'again',
  detention: 'again',
  'peers-overloaded': 'again',
  'workload-denied': 'refused',
  'not-allowed': 'refused',
  'finalized-time': 'right',
  'finalized-disk': 'right',
  'finalized-events': 'right',
  'finalized-by-someone': 'again',
  'finalized-workload': 'right',
  'finalized-unsaid': 'right',
  'peer-timeout': 'again',
  'peer-ended': 'again',
  'peer-reading': 'again',
  'peer-down': 'again',
  'peer-quarantined': 'again',
  'peer-slow': 'again',
  'peer-rate': 'again',
  'peer-unrecovered': 'again',
  'bucket-fixup': 'again',
  'bucket-repairs': 'again',
  'peer-unsaid': 'again',
  'failed-peer': 'again',
  'failed-not-searchable': 'again',
  'failed-unstable': 'again',
  'failed-memory': 'right',
  'failed-forced': 'right',
  'failed-dag': 'again',
  'failed-licence': 'refused',
  zombie: 'again',
  'truncated-subsearch': 'right',
  'truncated-subsearch-limit': 'right',
  'truncated-stats': 'right',
  'truncated-values': 'partial',
  'truncated-memory': 'right',
  'subsearch-timeout': 'right',
  'field-limit': 'partial',
  'message-limit': 'again',
  'minified-buckets': 'partial',
  'tstats-ranges': 'refused',
  'indexes-removed': 'refused',
  'no-matching-indexes': 'refused',
  'time-denied': 'refused',
  clamped: 'refused',
  'index-dropped': 'again',
  'rows-dropped': 'again',
  'progress-short': 'again',
  'benign-noise': 'right',
  'unknown-text': 'refused',
  'page-short': 'right',
  'page-two-short': 'right',
  'page-again': 'again',
  'page-offset': 'again',
  'page-preview': 'again',
  'page-without-fields': 'right',
  'cells-null': 'again',
  'cells-empty': 'again',
  'cells-single': 'right',
  'numbers-odd': 'refused',
  'sid-reused': 'again',
  'never-ready': 'right',
  'queued-forever': 'right',
  'running-forever': 'right',
  'paused-forever': 'right',
  'status-unauthorized': 'refused',
  'status-unknown-sid': 'again',
  'status-not-ready': 'right',
  'status-empty': 'right',
  'status-html': 'again',
  'status-cut': 'again',
  'status-slow': 'right',
  'status-reset': 'again',
  'create-reset': 'right',
  'create-reset-undone': 'again',
  'create-silence': 'right',
  'create-html': 'again',
  'create-unauthorized': 'refused',
  'create-server-error': 'again',
  'results-unauthorized': 'refused',
  'results-unknown-sid': 'again',
  'results-not-ready': 'right',
  'results-empty': 'right',
  'results-html': 'again',
  'results-cut': 'again',
  'results-slow': 'right',
  'results-silence': 'again',
  'results-reset': 'again',
  'results-new-error': 'again',
  'login-failed': 'refused',
  'info-html': 'again',
  'info-server-error': 'again',
  'control-reset': 'right',
};

const names = (Object.keys(FAULTS) satisfies string[]).filter((name) => name in OUTCOMES);
const isFault = (name: string): name is FaultName => name in FAULTS;

const MEASURES = [
  measure(EVERYTHING, { type: 'sum', field: 'bytes' }, [], 'sum'),
  measure(EVERYTHING, { type: 'mean', field: 'bytes' }, ['user'], 'mean'),
  measure(EVERYTHING, { type: 'max', field: 'bytes' }, [], 'max'),
];

const read = async ({ connector }: Opened): Promise<readonly SliceReading[]> =>
  (await readSlices(connector, { measures: MEASURES })).readings;

/** Pages of three rows; a login, and who it is, are asked after the fault was armed. */
async function openBefore(name: FaultName): Promise<Opened> {
  process.env.CLAUSE9_TEST_PASSWORD = 'changeme';
  const auth =
    name === 'login-failed'
      ? { auth: { username: 'clause9', password: { env: 'CLAUSE9_TEST_PASSWORD' } } }
      : {};
  const limits = { requestTimeout: '400ms', searchTimeout: '600ms' };
  const opened = await openSplunkd({ maxResultRows: 3 }, { ...limits, ...auth });
  opened.splunkd.addEvents(
    'main',
    Array.from({ length: 35 }, (_, i) =>
      event(i * 7, { user: ['a', 'b', 'c'][i % 3] ?? '', bytes: String(i / 4) }),
    ),
  );
  return opened;
}

describe('A fault of splunkd', () => {
  it('is known by its outcome', () =>
    expect(Object.keys(OUTCOMES).sort()).toEqual(Object.keys(FAULTS).sort()));

  it.concurrent.for(names)('never becomes another number: %s', async (name, { expect: expectHere }) => {
    if (!isFault(name)) return;
    const outcome = OUTCOMES[name];
    const opened = await openBefore(name);
    try {
      const first = name.startsWith('info-') || name === 'login-failed';
      if (!first) {
        await opened.connector.probe(events(), NEVER);
        await read(opened);
      }
      opened.splunkd.faults.next(name, { times: outcome === 'partial' ? 'forever' : 1 });
      const [disturbed] = await Promise.allSettled([read(opened)]);
      expectHere(opened.splunkd.faults.struck()).toBeGreaterThan(0);
      opened.splunkd.faults.clear();
      const undisturbed = await read(opened);
      if (disturbed.status === 'rejected') {
        expectHere(disturbed.reason).toBeInstanceOf(ConnectorError);
        expectHere(disturbed.reason).toMatchObject({ retryable: outcome === 'again' });
        expectHere(['again', 'refused']).toContain(outcome);
      } else if (outcome === 'partial') {
        expectHere(disturbed.value.map(({ quality }) => quality)).toEqual(Array(4).fill('partial'));
        expectHere(disturbed.value[0]?.notes[0]).toMatch(/^Splunk: /);
      } else {
        expectHere(disturbed.value).toEqual(undisturbed);
        expectHere(outcome).toBe('right');
      }
      await opened.connector.close();
      expectHere(opened.splunkd.jobs()).toEqual([]);
    } finally {
      await opened.close();
    }
  });
});
