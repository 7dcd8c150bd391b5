/** Whether events are there twice, where the dataset says which field names one. */
import { DAY, HOUR } from '../../core/time/interval.ts';
import { sliceStart } from '../../core/time/slice.ts';
import { newestHourIn } from '../checks/look.ts';
import { repeatsIn, repeatsSentence } from '../checks/twice.ts';
import { type Examined, type Finding, toldBy } from './findings.ts';

/** So far back an hour with events is looked for. */
const LOOK_BACK = 7 * DAY;

export async function twiceFindings({ dataset, probe, now, ask }: Examined): Promise<Finding[]> {
  if (dataset.kind !== 'events' || dataset.id === undefined) return [];
  const { id } = dataset;
  const look = { dataset, types: probe.types, asOf: now, ask };
  const end = sliceStart(now - dataset.settleMs, HOUR);
  const found = (level: Finding['level'], text: string): Finding[] => [{ level, check: 'twice', text }];
  try {
    const hour = await newestHourIn(look, { start: end - LOOK_BACK, end });
    if (hour === null) return [];
    const repeats = await repeatsIn(look, id, hour);
    if (repeats.events === 0)
      return found('error', `\`id\` is ${id}, and no event of the newest hour has it`);
    if (repeats.repeats > 0) return found('warning', repeatsSentence(repeats, id, hour));
    return found(
      'ok',
      `Each of the newest hour's events is there once, by ${id}: ${repeats.events.toLocaleString('en')}`,
    );
  } catch (cause) {
    return found('error', `Whether events are there twice can't be told: ${toldBy(cause)}`);
  }
}
