/** Why a verdict is unknown, in words that a manager understands. */
import type { Reason } from './model.ts';

/** What the sentence may name; each is left out where it isn't known. */
export interface ReasonContext {
  readonly dataset?: string | null;
  readonly sample?: number;
  readonly atLeast?: number;
  readonly undecided?: number;
}

/** One sentence for each reason, with a full stop. */
export function reasonSentence(reason: Reason, context: ReasonContext = {}): string {
  const dataset = context.dataset ? ` of “${context.dataset}”` : '';
  switch (reason) {
    case 'missing':
      return `Part of the data${dataset} has not been read yet.`;
    case 'partial':
      return `The source answered, but left out part of the data${dataset}.`;
    case 'silent':
      return `No events${dataset} came in where there should be some, so zero can't be told from a broken feed.`;
    case 'stale':
      return `The newest data${dataset} is too old to speak about now.`;
    case 'small-sample':
      return `There are too few cases to judge by${sampleText(context)}.`;
    case 'undecided':
      return `${undecidedText(context.undecided)}, and the verdict depends on how they end.`;
    case 'no-target':
      return 'No target was in force at the end of this period.';
    case 'no-value':
      return 'There is nothing to measure in this period, or too much of it is still open to say.';
    case 'division-by-zero':
      return 'The formula divides by zero: there was nothing to take a share of.';
    case 'not-finite':
      return 'The formula gives no finite number.';
    case 'too-many-groups':
      return 'There are more groups than the definition allows (maxGroups), and none is left out silently.';
    case 'too-many-keys':
      return `More different values${dataset} than can be compared one by one, and none is left out silently.`;
    case 'several-values':
      return `Some events${dataset} have several values in a field that is looked up, so they can't be counted once each.`;
    case 'excluded':
      return 'All of this period is excluded from measurement, such as for planned maintenance.';
    case 'filter-never-matched':
      return `The filter looks for a value that the data${dataset} never held, so zero can't be told from a wrong name.`;
    case 'field-vanished':
      return `A field that is measured is in no event${dataset} any more, though it used to be, so zero can't be told from a new name.`;
    case 'rolled-up':
      return `This period begins or ends within an hour or a day whose data${dataset} is kept only as a whole (retention).`;
    case 'formula-error':
      return 'The formula could not be computed.';
  }
}

function sampleText({ sample, atLeast }: ReasonContext): string {
  if (sample === undefined || atLeast === undefined) return '';
  return `: ${sample}, where at least ${atLeast} are wanted`;
}

function undecidedText(undecided: number | undefined): string {
  if (!undecided) return 'Some cases were still open';
  return undecided === 1 ? '1 case is not decided yet' : `${undecided} cases are not decided yet`;
}
