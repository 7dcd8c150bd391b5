/**
 * The one place that says whether an answer may become a number. A job must be done, whole, and say nothing that is
 * not known to be harmless; its results must be all of them, final, and of the range that was asked for.
 */
import { ConnectorError } from '../../src/core/errors.ts';
import { formatInstant, type Instant } from '../../src/core/time/interval.ts';
import type { JobContent, SplunkMessage } from './answer.ts';
import { classOf, type MessageClass } from './messages.ts';
import { countIn, numberIn, type ResultRow } from './row.ts';

/** Too much was asked at once: half of it may be answered. */
export class TooMuch extends ConnectorError {}

export interface Expectation {
  /** Search peers that must have taken part. */
  readonly peers: readonly string[];
  readonly acceptMessages: readonly string[];
  readonly where: string;
}

/** What the messages left to tell: all of them, and those for which the answer is partial. */
export interface Told {
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Throws unless the job is done and whole. */
export function acceptJob(job: JobContent, expected: Expectation): Told {
  const { where } = expected;
  if (job.isFailed || job.dispatchState === 'FAILED') throw failed(job, expected);
  const told = acceptMessages(job.messages, expected);
  const whole =
    job.dispatchState === 'DONE' &&
    job.isDone &&
    !job.isFinalized &&
    !job.isPaused &&
    !job.isZombie &&
    job.doneProgress === 1 &&
    job.resultCount !== undefined;
  if (!whole) throw notWhole(job, where);
  const missing = expected.peers.filter((peer) => !(job.searchProviders ?? []).includes(peer));
  if (missing.length > 0) {
    throw new ConnectorError(`Splunk answered, but ${missing.join(', ')} did not take part`, {
      retryable: true,
      where,
      help: 'A search peer is down or was removed. clause9 looks again which peers there are.',
    });
  }
  return told;
}

/** Why it failed may be a matter of how much was asked, or never change; else the next try may do. */
function failed({ messages }: JobContent, { acceptMessages: accepted, where }: Expectation): ConnectorError {
  const classes = messages.map((message) => classOf(message, accepted));
  const said = messages.filter(({ type }) => type !== 'DEBUG').map(({ text }) => text);
  const Kind = classes.includes('less') ? TooMuch : ConnectorError;
  return new Kind(`The search failed: ${[...new Set(said)].join(' ') || 'Splunk did not say why'}`, {
    retryable: !classes.includes('refused'),
    where,
  });
}

function notWhole(job: JobContent, where: string): ConnectorError {
  const why = job.isFinalized
    ? 'it was finalized before its end'
    : job.isZombie
      ? 'its process died'
      : job.isPaused
        ? 'it is paused'
        : `it is ${job.dispatchState} at ${Math.round(job.doneProgress * 100)} %`;
  const Kind = job.isFinalized ? TooMuch : ConnectorError;
  return new Kind(`The search did not run to its end: ${why}`, {
    retryable: true,
    where,
    help: job.isFinalized ? "Look at the role's limits of time and disk (srchMaxTime, srchDiskQuota)." : '',
  });
}

/** Throws for a message after which the answer can't be trusted. */
export function acceptMessages(messages: readonly SplunkMessage[], expected: Expectation): Told {
  const classed = messages.map((message) => ({ ...message, is: classOf(message, expected.acceptMessages) }));
  for (const worst of ['refused', 'less', 'again', 'unknown'] as const) {
    const found = classed.find((message) => message.is === worst);
    if (found !== undefined) throw distrust(found, worst, expected.where);
  }
  const line = ({ type, text }: SplunkMessage): string => `${type}: ${text}`;
  return {
    warnings: classed.filter(({ type }) => type !== 'DEBUG').map(line),
    notes: classed.filter((message) => message.is === 'partial').map(({ text }) => `Splunk: ${text}`),
  };
}

const HELP: Readonly<Record<Exclude<MessageClass, 'benign' | 'partial'>, string>> = {
  refused: 'It will say so until something is changed there, or in what is asked.',
  less: 'clause9 asks for less at once where it can.',
  again: 'clause9 asks again.',
  unknown:
    'clause9 does not know this message, so it does not trust the answer. If it is harmless, add it to `acceptMessages`.',
};

function distrust({ text }: SplunkMessage, is: keyof typeof HELP, where: string): ConnectorError {
  const Kind = is === 'less' ? TooMuch : ConnectorError;
  return new Kind(`Splunk says: ${text}`, {
    retryable: is === 'again' || is === 'less',
    where,
    help: HELP[is],
  });
}

/** What the control row must say: see `CONTROLS` in job.ts. */
export interface Control {
  readonly range: { readonly start: Instant; readonly end?: Instant } | undefined;
  /** Whether it holds the sum of `c9_n` over all rows. */
  readonly sums: boolean;
}

/** The rows without the control row. Throws where that is missing, or says that rows, events or time were lost. */
export function acceptRows(
  rows: readonly ResultRow[],
  control: Control,
  job: JobContent,
  where: string,
): readonly ResultRow[] {
  const last = rows.at(-1);
  const others = rows.slice(0, -1);
  if (last === undefined || last.c9_control !== '1' || others.some((row) => row.c9_control !== undefined))
    throw short('its last row is not the one that sums it up', where);
  if (countIn(last, 'c9_rows') !== others.length)
    throw short(`${others.length} rows came of ${countIn(last, 'c9_rows')}`, where);
  if (control.sums) {
    const sum = others.reduce((total, row) => total + countIn(row, 'c9_n'), 0);
    const counted = numberIn(last, 'c9_total') ?? 0;
    if (sum !== counted) throw short(`its rows hold ${sum} events of ${counted}`, where);
  }
  requireRange(last, control, where);
  if (job.resultCount !== undefined && job.resultCount !== rows.length)
    throw short(`${rows.length} rows came of ${job.resultCount}`, where);
  return others;
}

function short(what: string, where: string): ConnectorError {
  return new ConnectorError(`Splunk's answer is not whole: ${what}`, {
    retryable: true,
    where,
    help: 'Rows were lost on their way. clause9 asks again.',
  });
}

/** A role's limit of time moves the beginning of a search without a word. */
function requireRange(last: ResultRow, { range }: Control, where: string): void {
  const bounds = [
    ['info_min_time', range?.start],
    ['info_max_time', range?.end],
  ] as const;
  for (const [column, asked] of bounds) {
    if (asked === undefined) continue;
    const seconds = numberIn(last, column);
    const searched = seconds === null ? null : Math.round(seconds * 1000);
    if (searched === asked) continue;
    throw new ConnectorError(
      `Splunk searched ${column === 'info_min_time' ? 'from' : 'to'} ${instant(searched)} instead of ${instant(asked)}`,
      {
        retryable: false,
        where,
        help: "The role's time limit (srchTimeWin, srchTimeEarliest) does not let it look that far back: give the account a role that may.",
      },
    );
  }
}

const instant = (at: Instant | null): string => (at === null ? 'nowhere' : formatInstant(at));
