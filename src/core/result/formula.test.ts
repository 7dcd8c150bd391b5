import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFormula, type FormulaValue } from './formula.ts';

const VALUES = { failed: 3, all: 40, none: 0, kept: 2925 };
const NAMES = Object.keys(VALUES);

function value(text: string): FormulaValue {
  const formula = compileFormula(text, NAMES);
  if (!formula.ok) throw new Error(`${formula.message} ${formula.help}`);
  return formula.evaluate(VALUES);
}

describe('A formula computes with doubles, as a reader expects', () => {
  it.each<[string, FormulaValue]>([
    ['100.0 * failed / all', 7.5],
    ['100 * failed / all', 7.5],
    ['1 / 2', 0.5],
    ['failed - 1 - 1', 1],
    ['failed - (1 - 1)', 3],
    ['12 / 2 / 3', 2],
    ['12 / (2 / 4)', 24],
    ['-failed * -2', 6],
    ['0xFF + 1e3', 1255],
    ['failed > 2 && !(all < 1) ? 1 : 0', 1],
    ['min(failed, all) + max(1, 2.5) + abs(-4)', 9.5],
    ['9223372036854775807 * 0', 0],
    ['(failed - 3) * -1', 0],
    [Array.from({ length: 120 }, () => 'failed').join(' + '), 360],
  ])('%s = %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it('agrees with arithmetic for any two numbers', () => {
    const number = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const formula = compileFormula(`(a - 2 * b) / 4 + abs(b)`, ['a', 'b']);
        expect(formula.ok && formula.evaluate({ a, b })).toBe((a - 2 * b) / 4 + Math.abs(b) + 0);
      }),
      { numRuns: 50 },
    );
  });

  it('says which measures it uses', () => {
    expect(compileFormula('all > 0 ? failed / all : 0', NAMES)).toMatchObject({
      ok: true,
      names: ['all', 'failed'],
    });
  });
});

describe('A formula never hides that it has no value', () => {
  it.each<[string, FormulaValue]>([
    ['failed / none', 'division-by-zero'],
    ['none / none', 'division-by-zero'],
    ['failed / -none', 'division-by-zero'],
    ['failed / none > 5 ? 1 : 2', 'division-by-zero'],
    ['none == 0 ? 0 : failed / none', 0],
    ['failed * 1e308', 'not-finite'],
    ['1e308 * 10 - 1e308 * 10', 'not-finite'],
  ])('%s is %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it('lets unbounded values through where they are asked for', () => {
    const formula = compileFormula('100 / failed', NAMES);
    expect(formula.ok && formula.evaluateRaw({ failed: Number.POSITIVE_INFINITY })).toBe(0);
  });
});

describe('A formula that is wrong is refused with what, where and what to do', () => {
  it.each([
    ['100 * fialed / all', 'names no measure: fialed', 'Did you mean `failed`?', 6],
    ['xyzzy', 'names no measure: xyzzy', 'Known here: failed, all, none, kept.', 0],
    ['toString', 'names no measure: toString', 'Known here', 0],
    ['failed > 2', 'gives true or false, not a number', '? 1 : 0', 0],
    ['100 * failed + (all > 2)', 'mixes numbers and conditions', 'A formula may use', 0],
    ['failed > 1 ? 1 : true', 'mixes numbers and conditions', 'A formula may use', 0],
    ['1 + failed ? 1 : 2', 'mixes numbers and conditions', 'A formula may use', 0],
    ['failed +', "can't be read", 'A formula may use', 8],
    ['', "can't be read", 'A formula may use', 0],
    ['1e999', "can't be read", 'A formula may use', 0],
    ['1 + "x"', 'may not use "x"', 'plain numbers', 4],
    ['5u', 'may not use 5u', 'plain numbers', 0],
    ['failed % 2', 'may not use failed % 2', 'A formula may use', 0],
    ['[1, 2].map(x, x)', 'may not use', 'A formula may use', 0],
    ['1 + divide(failed, all)', 'knows no function divide', 'A formula may use', 4],
    ['constructor(1)', 'knows no function constructor', 'A formula may use', 0],
    ['min(failed)', 'gives min 1 values instead of 2', 'A formula may use', 0],
    [`${'('.repeat(400)}1${')'.repeat(400)}`, "can't be read", 'A formula may use', undefined],
  ])('%s', (text, message, help, position) => {
    const formula = compileFormula(text, NAMES);
    expect(formula).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
      help: expect.stringContaining(help),
    });
    if (position !== undefined) expect(formula).toMatchObject({ position });
  });

  it('says that a word of CEL is no name for a measure', () => {
    expect(compileFormula('1 + double', ['double'])).toMatchObject({
      ok: false,
      help: expect.stringContaining('Rename'),
      position: 4,
    });
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[fa()0-9.+*/<>?:!&|\- ]{0,20}$/)), (text) => {
        expect(typeof compileFormula(text, ['f', 'a']).ok).toBe('boolean');
      }),
      { numRuns: 300 },
    );
  });
});
