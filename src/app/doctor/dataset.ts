/** What doctor tells of a dataset as such: its times, how far back and how new it is, how late it comes, and rights. */
import type { EventsDataset, RecordsDataset } from '../../config/model.ts';
import { suggest } from '../../core/definition/suggest.ts';
import {
  DAY,
  formatDuration,
  formatInstant,
  type Instant,
  MINUTE,
  SECOND,
} from '../../core/time/interval.ts';
import type { Inspection, Probe } from '../../ports/connector.ts';
import { usesOf, windowLength } from '../bind/usage.ts';
import { type Examined, type Finding, toldBy } from './findings.ts';

/** Some servers tell whole seconds only. */
const CLOCK_STEP = SECOND;
const SMALL_SKEW = 2 * SECOND;

const ok = (check: Finding['check'], text: string): Finding => ({ level: 'ok', check, text });
const warning = (check: Finding['check'], text: string): Finding => ({ level: 'warning', check, text });
const error = (check: Finding['check'], text: string): Finding => ({ level: 'error', check, text });

/** How far the source's clock, read between two readings of ours, is from it at least. */
export function clockFindings(theirs: Instant | null, sent: Instant, received: Instant): Finding[] {
  if (theirs === null) return [];
  const behind = sent - (theirs + CLOCK_STEP);
  const ahead = theirs - received;
  const skew = Math.max(behind, ahead);
  if (skew <= SMALL_SKEW) return [ok('clock', 'Its clock agrees with ours')];
  const way = behind > ahead ? 'behind' : 'ahead of';
  const text = `Its clock is ${rough(skew)} ${way} ours: set both by the same time server`;
  return [skew < MINUTE ? warning('clock', text) : error('clock', text)];
}

/** The longest unit that says enough. */
export function rough(ms: number): string {
  const units = [
    ['day', DAY],
    ['hour', 60 * MINUTE],
    ['minute', MINUTE],
    ['second', SECOND],
  ] as const;
  const [name, unit] = units.find(([, size]) => ms >= 2 * size) ?? units[3];
  const count = Number((ms / unit).toFixed(unit === SECOND ? 1 : 0));
  return `${count.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`;
}

/** The fields that tell when. */
export function timeFindings({ dataset, probe }: Examined): Finding[] {
  if (dataset.kind === 'snapshot') return [];
  const roles: [string, string | null][] =
    dataset.kind === 'events'
      ? [['time', dataset.time]]
      : [
          ['opened', dataset.opened],
          ...dataset.closed.map((field): [string, string] => ['closed', field]),
          ['due', dataset.due],
        ];
  const findings = [...roles, ['ingested', dataset.ingested] as const].flatMap(([role, field]) =>
    field === null ? [] : [timeFinding(role, field, probe.types)],
  );
  return [...findings, ...unusedArrival(dataset, probe.types)];
}

function timeFinding(role: string, field: string, types: Probe['types']): Finding {
  const type = types[field];
  if (type === 'time') return ok('time', `\`${role}\` is ${field}, and holds times`);
  if (type !== undefined)
    return warning('time', `\`${role}\` is ${field}, which is of type ${type}, not time`);
  const known = suggest(field, Object.keys(types), 'Name a field that is there.');
  return error('time', `\`${role}\` is ${field}, and there is no such field. ${known}`);
}

function unusedArrival({ ingested }: EventsDataset | RecordsDataset, types: Probe['types']): Finding[] {
  const field = ['event.ingested', '_indextime'].find((name) => types[name] === 'time');
  if (ingested !== null || field === undefined) return [];
  const text = `Late data is found by counting again, though ${field} tells when an event came in: add \`ingested: ${field}\``;
  return [warning('lag', text)];
}

/** By what the source tells of the dataset; that it can't is a finding, too. */
export async function inspectionFindings(
  examined: Examined,
): Promise<{ readonly server: string | null; readonly findings: readonly Finding[] }> {
  const { dataset, ask } = examined;
  try {
    const inspection = await ask((connector, signal) => connector.inspect(dataset, signal));
    const findings = [
      ...inspection.findings.map(({ level, text }): Finding => ({ level, check: 'rights', text })),
      ...contentFindings(examined, inspection),
    ];
    return { server: inspection.server, findings };
  } catch (cause) {
    return { server: null, findings: [error('data', `It can't be looked at: ${toldBy(cause)}`)] };
  }
}

function contentFindings(examined: Examined, inspection: Inspection): Finding[] {
  const { dataset } = examined;
  const { events } = inspection;
  if (events === 0) return [error('data', 'It is empty: check what it names, and the rights')];
  const held = `${events.toLocaleString('en')} ${dataset.kind === 'events' ? 'events' : 'rows'}`;
  if (dataset.kind === 'snapshot') return [ok('data', `It holds ${held}`)];
  return [
    ok('data', `It holds ${held}`),
    ...retention(examined, inspection),
    ...newest(dataset, inspection, examined.now),
    ...(dataset.kind === 'events' ? lag(dataset, inspection) : []),
  ];
}

/** Whether the longest window lies within what is kept. */
function retention({ dataset, definitions, now }: Examined, { oldest }: Inspection): Finding[] {
  const longest = usesOf(dataset.name, definitions).reduce<{ kpi: string; ms: number }>(
    (most, { kpi }) => {
      const ms = windowLength(kpi.window);
      return ms > most.ms ? { kpi: kpi.id, ms } : most;
    },
    { kpi: '', ms: 0 },
  );
  if (oldest === null || longest.ms === 0) return [];
  const window = `the longest window is ${formatDuration(longest.ms)} (${longest.kpi})`;
  const from = `The oldest is of ${formatInstant(oldest)}, ${rough(now - oldest)} ago`;
  return now - oldest >= longest.ms
    ? [ok('retention', `${from}; ${window}`)]
    : [
        warning(
          'retention',
          `${from}, and ${window}: it sees less than it says. Keep the data longer, or wait until there is enough`,
        ),
      ];
}

function newest(
  { expectEvents, settleMs }: EventsDataset | RecordsDataset,
  { newest, ahead }: Inspection,
  now: Instant,
): Finding[] {
  const early =
    ahead === 0
      ? []
      : [
          warning(
            'newest',
            `${ahead.toLocaleString('en')} events lie ahead of its clock: one that sends them is wrong`,
          ),
        ];
  if (newest === null) return early;
  const age = now - newest;
  if (age < 0) return early;
  const text = `The newest is of ${formatInstant(newest)}, ${rough(age)} ago`;
  if (expectEvents === null) {
    const help = 'Add `expectEvents`, so that silence is told from zero';
    return [...early, age > DAY ? warning('newest', `${text}. ${help}`) : ok('newest', text)];
  }
  if (age <= expectEvents.everyMs + settleMs) return [...early, ok('newest', text)];
  const said = `${text}, though \`expectEvents\` says at least ${expectEvents.atLeast} every ${formatDuration(expectEvents.everyMs)}`;
  // Outside its hours a source may be silent.
  return [...early, expectEvents.during === null ? error('newest', said) : warning('newest', said)];
}

/** Measured beside what the configuration allows. */
function lag({ ingested, settleMs, reviseForMs }: EventsDataset, { lag }: Inspection): Finding[] {
  if (ingested === null) return [];
  if (lag === null) return [warning('lag', "How late events come in can't be told: none says when it did")];
  const { median, p99, max } = lag;
  const text = `Events come in after ${rough(Math.max(0, median))} (half of them), ${rough(Math.max(0, p99))} (99 of 100), ${rough(Math.max(0, max))} (all)`;
  if (max > reviseForMs + settleMs)
    return [
      error(
        'lag',
        `${text}. What is later than \`reviseFor\`, ${formatDuration(reviseForMs)}, is never counted: raise it`,
      ),
    ];
  if (p99 > settleMs)
    return [
      warning(
        'lag',
        `${text}. \`settle\` is ${formatDuration(settleMs)}, so that values are often revised: raise it`,
      ),
    ];
  return [ok('lag', `${text}; \`settle\` is ${formatDuration(settleMs)}`)];
}
