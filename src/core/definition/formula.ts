/** Checks a KPI's formula against its measures and its unit: right names, one number, and no share shown as a percentage. */
import { compileFormula } from '../result/formula.ts';
import type { Measure } from './model.ts';
import { atKey, error, warning } from './problem.ts';
import type { WrittenSections } from './schema.ts';
import type { Report } from './words.ts';

export interface FormulaFacts {
  readonly measures: Readonly<Record<string, Measure>>;
  /** Also of the measures that could not be read. */
  readonly names: readonly string[];
}

/** The formula, by default the only measure's name; null where none can be had. */
export function checkFormula(written: WrittenSections, facts: FormulaFacts, report: Report): string | null {
  const formula = written.formula ?? (facts.names.length === 1 ? facts.names[0] : undefined);
  if (formula === undefined) {
    if (facts.names.length > 1) {
      report(
        error(
          'formula',
          ['formula'],
          '`formula` is missing: there is more than one measure',
          `Say how they make one number, e.g. \`100.0 * ${facts.names[0]} / ${facts.names[1]}\`.`,
        ),
      );
    }
    return null;
  }
  if (written.formula !== undefined && facts.names.length > 0)
    checkNames(written, written.formula, facts.names, report);
  checkUnit(written.unit, formula.trim(), facts.measures, report);
  return formula;
}

function checkNames(
  written: WrittenSections,
  formula: string,
  names: readonly string[],
  report: Report,
): void {
  const compiled = compileFormula(formula, names);
  if (!compiled.ok) {
    const problem = error('formula', ['formula'], lowerFirst(compiled.message), compiled.help ?? '');
    report(compiled.position === undefined ? problem : { ...problem, offset: compiled.position });
    return;
  }
  for (const name of names) {
    if (compiled.names.includes(name) || written.minimumSample?.measure === name) continue;
    report(
      atKey(
        warning(
          'unused-measure',
          ['measures', name],
          `the formula does not use the measure "${name}"`,
          'Use it, or leave it out.',
        ),
      ),
    );
  }
}

const SHARES: readonly string[] = ['share', 'within', 'within-due'];
const DURATION_UNITS: readonly string[] = ['seconds', 'minutes', 'hours', 'days'];

/** Only where the formula is a bare name can the unit be known to be wrong. */
function checkUnit(
  unit: string | undefined,
  formula: string,
  measures: Readonly<Record<string, Measure>>,
  report: Report,
): void {
  const measure = Object.hasOwn(measures, formula) ? measures[formula] : undefined;
  if (unit === undefined || measure?.kind !== 'records') return;
  const { aggregate } = measure;
  if (SHARES.includes(aggregate.type) && /^(percent|%)$/i.test(unit)) {
    report(
      error(
        'unit',
        ['unit'],
        `"${formula}" is a share from 0 to 1, but the unit is ${unit}`,
        `Write \`formula: 100.0 * ${formula}\`, or \`unit: share\`.`,
      ),
    );
  }
  if (
    (aggregate.type === 'duration' || aggregate.type === 'age') &&
    DURATION_UNITS.includes(unit) &&
    unit !== aggregate.unit
  ) {
    report(
      error(
        'unit',
        ['unit'],
        `"${formula}" is measured in ${aggregate.unit}, but the unit is ${unit}`,
        `Write the same unit in both places.`,
      ),
    );
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
