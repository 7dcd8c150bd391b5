/** Whether the fields that definitions use are there, and what they are. */
import { suggest } from '../../core/definition/suggest.ts';
import { EVERYTHING } from '../../core/filter/model.ts';
import { fieldsUsed } from '../bind/usage.ts';
import { type Examined, type Finding, toldBy } from './findings.ts';

export async function fieldFindings(examined: Examined): Promise<Finding[]> {
  const { dataset, definitions, probe } = examined;
  const used = [...fieldsUsed(dataset.name, definitions)].map(([standard, users]) => ({
    field: dataset.fields[standard] ?? standard,
    standard,
    users,
  }));
  const there = used.filter(({ field }) => isPlain(probe.types[field]));
  const rest = used.filter(({ field }) => !isPlain(probe.types[field]));
  const list = there.map(({ field }) => `${field} (${probe.types[field]})`).join(', ');
  return [
    ...(there.length === 0
      ? []
      : [{ level: 'ok', check: 'field', text: `Fields that are used: ${list}` } as const]),
    ...(await Promise.all(rest.map((one) => doubtful(examined, one)))),
  ];
}

const isPlain = (type: string | undefined): boolean =>
  type !== undefined && type !== 'mixed' && type !== 'unknown';

interface Field {
  readonly field: string;
  readonly standard: string;
  readonly users: readonly string[];
}

async function doubtful(examined: Examined, { field, standard, users }: Field): Promise<Finding> {
  const type = examined.probe.types[field];
  const named = field === standard ? field : `${field} (for ${standard})`;
  const by = `used by ${users.slice(0, 3).join(', ')}${users.length > 3 ? ` and ${users.length - 3} more` : ''}`;
  if (type === 'mixed') {
    const text = `${named} is not of the same type everywhere, so that no measure can use it; ${by}`;
    return { level: 'error', check: 'field', text };
  }
  if (type === 'unknown')
    return { level: 'warning', check: 'field', text: `${named} is of a type that can't be told; ${by}` };
  return missing(examined, field, `${named}, ${by}`);
}

/** A source that knows its fields by a sample may not have met a rare one: it is asked for this one alone. */
async function missing(
  { dataset, probe, now, ask }: Examined,
  field: string,
  named: string,
): Promise<Finding> {
  const known = Object.keys(probe.types);
  const help = suggest(field, known, 'Say in `fields` of the dataset what it is called here.');
  const absent = `There is no field ${named}. ${help}`;
  if (dataset.kind === 'snapshot') return { level: 'error', check: 'field', text: absent };
  const range = { start: 0, end: now };
  const request = { dataset, types: probe.types, where: EVERYTHING, range, field, limit: 1 };
  try {
    const { present } = await ask((connector, signal) => connector.topValues(request, signal));
    return present > 0
      ? { level: 'ok', check: 'field', text: `${named}: rare, in ${present.toLocaleString('en')} events` }
      : { level: 'error', check: 'field', text: absent };
  } catch (cause) {
    toldBy(cause);
    return { level: 'error', check: 'field', text: absent };
  }
}
