/** Reads the rule that raises a nonconformity and what follows it; they are acted on elsewhere. */
import type { CorrectiveActionRule, NonconformityRule } from './model.ts';
import { error } from './problem.ts';
import type { WrittenKpi } from './schema.ts';
import { type Report, readDuration } from './words.ts';

export function readNonconformity(
  written: WrittenKpi['nonconformity'],
  report: Report,
): NonconformityRule | null {
  if (written === undefined) return null;
  const { offTarget, of = offTarget, overlapping = false } = written.raise;
  if (of < offTarget) {
    report(
      error(
        'n-of-m',
        ['nonconformity', 'raise', 'of'],
        `${offTarget} of ${of} windows can never be off target`,
        `Write at least \`of: ${offTarget}\`.`,
      ),
    );
  }
  return {
    raise: { offTarget, of, overlapping },
    clear: written.clear ?? { onTarget: offTarget },
    unknownFor: written.unknownFor ?? null,
    grade: written.grade ?? 'minor',
    confirm: written.confirm ?? true,
  };
}

export function readCorrectiveAction(
  written: WrittenKpi['correctiveAction'],
  report: Report,
): CorrectiveActionRule | null {
  if (written === undefined) return null;
  const dueInMs = readDuration(written.dueIn, ['correctiveAction', 'dueIn'], report);
  const effectiveness = readEffectiveness(written.effectiveness, report);
  if (dueInMs === null) return null;
  return {
    dueInMs,
    ticket: written.ticket ?? null,
    effectiveness,
    mustNotWorsen: written.mustNotWorsen ?? [],
  };
}

function readEffectiveness(
  written: NonNullable<WrittenKpi['correctiveAction']>['effectiveness'],
  report: Report,
): CorrectiveActionRule['effectiveness'] {
  if (written === undefined) return null;
  const path = ['correctiveAction', 'effectiveness'];
  const { onTarget, of } = written;
  if (of < onTarget) {
    report(
      error(
        'n-of-m',
        [...path, 'of'],
        `${onTarget} of ${of} windows can never be on target`,
        `Write at least \`of: ${onTarget}\`.`,
      ),
    );
  }
  const withinMs = readDuration(written.within, [...path, 'within'], report);
  return withinMs === null ? null : { onTarget, of, withinMs };
}
