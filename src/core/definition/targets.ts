/** Reads targets and checks that they make sense: conditions, direction, the at-risk band, dates, groups. */
import { contradictsDirection, parseCondition } from '../verdict/condition.ts';
import { overlappingTargets } from '../verdict/target.ts';
import type { Condition, KpiDefinition, Target } from './model.ts';
import { error, type Path } from './problem.ts';
import type { WrittenSections } from './schema.ts';
import { suggest } from './suggest.ts';
import { type Report, readDay } from './words.ts';

type Direction = KpiDefinition['direction'];
type WrittenTarget = NonNullable<NonNullable<WrittenSections['targets']>[number]>;

export interface Targets {
  readonly targets: readonly Target[];
  /** As written, else what the first target praises. */
  readonly direction: Direction;
}

export function readTargets(written: WrittenSections, groupBy: readonly string[], report: Report): Targets {
  const read = (written.targets ?? []).map((target, index) =>
    target === null ? null : readTarget(target, ['targets', index], groupBy, report),
  );
  const targets = read.filter((target) => target !== null);
  const direction = written.direction ?? directionOf(targets[0]?.onTarget);
  for (const [index, target] of read.entries()) {
    if (target !== null) checkDirection(target, direction, written, ['targets', index], report);
  }
  const indices = [...read.keys()].filter((index) => read[index] !== null);
  checkDates(targets, indices, report);
  return { targets, direction };
}

function readTarget(
  written: WrittenTarget,
  path: Path,
  groupBy: readonly string[],
  report: Report,
): Target | null {
  const from = readDay(written.from, [...path, 'from'], report);
  const until = written.until === undefined ? null : readDay(written.until, [...path, 'until'], report);
  const onTarget = readCondition(written.onTarget, [...path, 'onTarget'], report);
  const atRisk =
    written.atRisk === undefined ? null : readCondition(written.atRisk, [...path, 'atRisk'], report);
  for (const field of Object.keys(written.for ?? {}))
    checkGroup(field, [...path, 'for', field], groupBy, report);
  if (from !== null && until !== null && until < from) {
    report(
      error(
        'target-dates',
        [...path, 'until'],
        `this target ends (${until}) before it begins (${from})`,
        'Exchange from and until.',
      ),
    );
  }
  if (onTarget !== null && atRisk !== null) checkBand(onTarget, atRisk, written, path, report);
  if (from === null || onTarget === null) return null;
  return { from, until, onTarget, atRisk, for: written.for ?? null };
}

function readCondition(text: string, path: Path, report: Report): Condition | null {
  const parsed = parseCondition(text);
  if (parsed.ok) return parsed.condition;
  report(error('condition', path, parsed.message, parsed.help));
  return null;
}

function checkGroup(field: string, path: Path, groupBy: readonly string[], report: Report): void {
  if (groupBy.includes(field)) return;
  const help = groupBy.length === 0 ? `Add \`groupBy: [${field}]\`.` : suggest(field, groupBy);
  report({ ...error('group', path, `the KPI is not grouped by \`${field}\``, help), at: 'key' });
}

function directionOf(condition: Condition | undefined): Direction {
  if (condition === undefined || condition.op === 'between') return 'within-range';
  return condition.op.startsWith('<') ? 'lower-is-better' : 'higher-is-better';
}

function checkDirection(
  target: Target,
  direction: Direction,
  written: WrittenSections,
  path: Path,
  report: Report,
): void {
  if (!contradictsDirection(target.onTarget, direction)) return;
  const said = written.targets?.[Number(path[1])]?.onTarget ?? '';
  const message =
    written.direction === undefined
      ? `the target "${said}" praises the other side than the first target does`
      : `the target "${said}" contradicts the direction ${direction}`;
  report(error('direction', [...path, 'onTarget'], message, directionHelp(direction)));
}

function directionHelp(direction: Direction): string {
  if (direction === 'within-range') return 'Write `between … and …`, or change `direction`.';
  const op = direction === 'lower-is-better' ? '<=' : '>=';
  return `Write \`${op} …\`, or change \`direction\`.`;
}

/** The values that meet a condition, as a range. */
function rangeOf(condition: Condition): { readonly low: number; readonly high: number } {
  if (condition.op === 'between') return condition;
  const below = condition.op === '<' || condition.op === '<=';
  return below ? { low: -Infinity, high: condition.limit } : { low: condition.limit, high: Infinity };
}

/** The at-risk condition must hold for everything that is on target, and for more. */
function checkBand(
  onTarget: Condition,
  atRisk: Condition,
  written: WrittenTarget,
  path: Path,
  report: Report,
): void {
  const [good, fair] = [rangeOf(onTarget), rangeOf(atRisk)];
  const contains = fair.low <= good.low && fair.high >= good.high;
  const wider = fair.low < good.low || fair.high > good.high;
  if (contains && wider) return;
  const message = contains
    ? `nothing could be at risk: "${written.atRisk}" is the target itself`
    : `"${written.atRisk}" lies on the wrong side of the target "${written.onTarget}"`;
  report(error('at-risk', [...path, 'atRisk'], message, bandHelp(onTarget)));
}

function bandHelp(onTarget: Condition): string {
  if (onTarget.op === 'between') return `Write a wider range than ${onTarget.low} to ${onTarget.high}.`;
  const worse = onTarget.op.startsWith('<') ? 'above' : 'below';
  return `Write \`${onTarget.op} …\` with a number ${worse} ${onTarget.limit}.`;
}

/** `indices` are those that the targets have in the file. */
function checkDates(targets: readonly Target[], indices: readonly number[], report: Report): void {
  for (const [first, second] of overlappingTargets(targets)) {
    report(
      error(
        'target-dates',
        ['targets', indices[second] ?? second, 'from'],
        `this target is in force at the same time as target ${(indices[first] ?? first) + 1}, from ${targets[first]?.from}, for the same group`,
        'Change `from`, end the earlier one with `until`, or leave one out.',
      ),
    );
  }
}
