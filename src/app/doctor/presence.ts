/** Whether the fields that measures need are in as many events as they were. */
import { DAYS_BEFORE, presenceChange } from '../../core/result/presence.ts';
import { DAY } from '../../core/time/interval.ts';
import { sliceStart } from '../../core/time/slice.ts';
import { fieldName, fieldsLookedUp, fieldsNeeded, share } from '../checks/absences.ts';
import { countsOf } from '../checks/presence-count.ts';
import { type Examined, type Finding, toldBy } from './findings.ts';

/** Judges the newest whole day, as the loop does. */
export async function presenceFindings({
  dataset,
  definitions,
  probe,
  now,
  ask,
}: Examined): Promise<Finding[]> {
  if (dataset.kind !== 'events') return [];
  const measures = definitions.flatMap((one) => Object.values(one.measures));
  const needed = measures.flatMap((measure) => [
    ...(measure.dataset === dataset.name ? fieldsNeeded(measure) : []),
    ...fieldsLookedUp(measure).flatMap((one) => (one.dataset === dataset.name ? [one.field] : [])),
  ]);
  // What is not there at all is told with the fields' types.
  const fields = [...new Set(needed)].filter((field) =>
    Object.hasOwn(probe.types, dataset.fields[field] ?? field),
  );
  if (fields.length === 0) return [];
  const end = sliceStart(now - dataset.settleMs, DAY);
  const range = { start: end - (DAYS_BEFORE + 1) * DAY, end };
  try {
    const counts = await countsOf({ dataset, types: probe.types, asOf: now, ask }, fields, range, DAY);
    return fields.flatMap((field) => {
      const days = (counts.get(field) ?? []).filter(({ isPartial }) => !isPartial);
      const last = days.find(({ start }) => start === end - DAY);
      const change = last === undefined ? null : presenceChange(last, days);
      if (last === undefined || change === null) return [];
      const { present, events } = last;
      const name = fieldName(field, dataset.fields[field] ?? field);
      const count = (n: number) => n.toLocaleString('en');
      const text = `${name} is in ${count(present)} of ${count(events)} events of the last whole day, where ${share(change.usual)} had it before: was it renamed?`;
      return [{ level: change.kind === 'gone' ? 'error' : 'warning', check: 'field', text } as const];
    });
  } catch (cause) {
    return [
      {
        level: 'warning',
        check: 'field',
        text: `Whether fields are still there can't be told: ${toldBy(cause)}`,
      },
    ];
  }
}
