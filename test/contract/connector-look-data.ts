/** Two days of plain events, as any source can hold them: for what a person looks at, and for native queries. */
import { DAY, MINUTE } from '../../src/core/time/interval.ts';
import { START } from './connector-data.ts';
import type { StoredRow } from './connector-harness.ts';

export const USUAL_LAG = 2_000;
export const WORST_LAG = 3_600_000;
const OLD_LAG = 600_000;
const A_DAY = 30;

/** Thirty events a day, ten minutes apart, oldest first; on the second day, all but one arrive in two seconds. */
export const LOOKED: readonly StoredRow[] = Array.from({ length: 2 * A_DAY }, (_, i) => {
  const time = START + Math.floor(i / A_DAY) * DAY + (i % A_DAY) * 10 * MINUTE;
  const lag = i < A_DAY ? OLD_LAG : i === 2 * A_DAY - 5 ? WORST_LAG : USUAL_LAG;
  return {
    times: { '@timestamp': time, 'event.ingested': time + lag },
    fields: {
      'event.action': ['logon', 'logoff', 'Anmeldung', 'änderung'][i % 4],
      'user.name': i % 5 === 0 ? ['alice', `user-${i % 3}`] : i % 7 === 0 ? null : `user-${i % 3}`,
      'http.bytes': i * 10.5,
    },
  };
});
