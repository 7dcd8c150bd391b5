/** Conditions on a value as people write them in targets: `<= 5`, `> 99.5`, `between 3 and 5`. */
import type { Condition, KpiDefinition } from '../definition/model.ts';

export type ParsedCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string; readonly help: string };

const NUMBER = String.raw`([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)`;
const COMPARISON = new RegExp(String.raw`^(<=|>=|<|>)\s*${NUMBER}$`);
const BETWEEN = new RegExp(String.raw`^between\s+${NUMBER}\s+and\s+${NUMBER}$`);
const WAYS = 'Write `<= 5`, `< 5`, `>= 95`, `> 95` or `between 3 and 5`.';

/** Reads a condition; where it is none, says what is wrong and what to write. */
export function parseCondition(text: string): ParsedCondition {
  const trimmed = text.trim();
  const comparison = COMPARISON.exec(trimmed);
  if (comparison !== null) {
    const limit = Number(comparison[2]);
    return isOperator(comparison[1]) && Number.isFinite(limit)
      ? { ok: true, condition: { op: comparison[1], limit } }
      : refuse(trimmed, WAYS);
  }
  const between = BETWEEN.exec(trimmed);
  if (between === null) return refuse(trimmed, advice(trimmed));
  const [low, high] = [Number(between[1]), Number(between[2])];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return refuse(trimmed, WAYS);
  if (low > high) return refuse(trimmed, `Write the lower end first: \`between ${high} and ${low}\`.`);
  return { ok: true, condition: { op: 'between', low, high } };
}

function isOperator(text: string | undefined): text is '<' | '<=' | '>' | '>=' {
  return text === '<' || text === '<=' || text === '>' || text === '>=';
}

function refuse(text: string, help: string): ParsedCondition {
  return { ok: false, message: `"${text}" is no condition on a value`, help };
}

/** The likeliest slip gets its own sentence. */
function advice(text: string): string {
  if (/%|[\d\s][a-z]+$/i.test(text) && !/between/i.test(text)) {
    return `Leave the unit off, as it stands in \`unit\`. ${WAYS}`;
  }
  if (/[≤≥]/.test(text)) return `Write <= for ≤ and >= for ≥. ${WAYS}`;
  if (/^=>|^=</.test(text)) return `Write >= or <=. ${WAYS}`;
  if (/^=|^[+-]?[\d.]+$/.test(text)) return `Say which side is good, or name a range. ${WAYS}`;
  if (/\d,\d/.test(text))
    return `Write the decimal point as a point, and thousands without a separator. ${WAYS}`;
  return WAYS;
}

/** Whether a value meets a condition; both ends of `between` belong to it. */
export function meets(condition: Condition, value: number): boolean {
  switch (condition.op) {
    case '<':
      return value < condition.limit;
    case '<=':
      return value <= condition.limit;
    case '>':
      return value > condition.limit;
    case '>=':
      return value >= condition.limit;
    case 'between':
      return value >= condition.low && value <= condition.high;
  }
}

/** The condition as `parseCondition` reads it. */
export function formatCondition(condition: Condition): string {
  return condition.op === 'between'
    ? `between ${condition.low} and ${condition.high}`
    : `${condition.op} ${condition.limit}`;
}

/** The numbers at which a condition changes its answer. */
export function limitsOf(condition: Condition): readonly number[] {
  return condition.op === 'between' ? [condition.low, condition.high] : [condition.limit];
}

/**
 * Whether a target's condition praises what the direction calls worse: `>= 5` where lower is better. A range
 * belongs to `within-range` and nothing else does.
 */
export function contradictsDirection(condition: Condition, direction: KpiDefinition['direction']): boolean {
  if (direction === 'within-range') return condition.op !== 'between';
  if (condition.op === 'between') return true;
  return condition.op.startsWith('<') !== (direction === 'lower-is-better');
}
