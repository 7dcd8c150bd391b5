/** What the tests of the loop measure: failed logons an hour, as a number and as a share. */

import { kpi } from './loop.ts';
import { eventsAt } from './loop-bench.ts';

export const HOURLY = { rolling: '1h', every: '1h' };
export const target = [{ from: '2026-01-01', onTarget: '<= 5', atRisk: '<= 8' }];

export const failed = kpi({
  id: 'failed',
  measures: { failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
  window: HOURLY,
  targets: target,
});

export const ratio = kpi({
  id: 'ratio',
  measures: {
    failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' },
    all: { dataset: 'logons', aggregate: 'count' },
  },
  formula: '100.0 * failed / all',
  window: HOURLY,
  targets: target,
});

export const one = (outcome: string, ...hours: readonly number[]) => eventsAt(hours, { outcome });

export const failedAsWritten = {
  id: 'failed',
  measures: { failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' } },
  window: HOURLY,
  targets: target,
};

export const ratioAsWritten = {
  measures: {
    failed: { dataset: 'logons', where: { outcome: 'failure' }, aggregate: 'count' },
    all: { dataset: 'logons', aggregate: 'count' },
  },
  formula: '100.0 * failed / all',
};

export const allLogons = {
  id: 'all',
  measures: { n: { dataset: 'logons', aggregate: 'count' } },
  window: HOURLY,
};
