/** One version of a case (incident, ticket, finding), as read from a records dataset. */
import type { FieldValue } from '../filter/model.ts';
import type { Instant, Interval } from '../time/interval.ts';

export interface RecordVersion {
  readonly key: string;
  /** The dataset's `version` fields in order; later compares greater (numbers as numbers, else by code point). */
  readonly version: readonly (number | string | null)[];
  /** When the row came in, by the dataset's `ingested`, else the read's asOf. */
  readonly ingested: Instant;
  /** Order within the source: the last tie-break. */
  readonly order: number;
  readonly opened: Instant | null;
  /** The dataset's `closed` fields in order; the first that is known counts. A time after asOf is not known yet. */
  readonly closed: readonly (Instant | null)[];
  readonly due: Instant | null;
  /** The fields that measures use, by standard name. */
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** A record with what its dataset's clock says of it. */
export interface TimedRecord extends RecordVersion {
  /** When its clock stood still; the last pause may be endless. Absent: never. */
  readonly pauses?: readonly Interval[];
  /** So much of the clock's time may pass until it is closed; null: the table has no line for it. Absent: no table. */
  readonly limitMs?: number | null;
}
