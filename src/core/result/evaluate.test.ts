import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combine } from './evaluate.ts';
import { compileFormula, type Formula } from './formula.ts';
import type { MeasureValue } from './model.ts';
import type { WindowQuality } from './quality.ts';

const COMPLETE: WindowQuality = { quality: 'complete', reason: null, dataset: null };

function formula(text: string, names = ['a', 'b']): Formula {
  const compiled = compileFormula(text, names);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled;
}

function exact(value: number | null, n = 100): MeasureValue {
  return { value, lower: value, upper: value, n, undecided: 0 };
}

function between(lower: number | null, value: number | null, upper: number | null): MeasureValue {
  return { value, lower, upper, n: 100, undecided: 7 };
}

describe('A result is its formula over its measures', () => {
  it('with the bounds of the measures carried through', () => {
    const a = between(2132, 3652, 3653);
    expect(combine(formula('100 * a / b'), { a, b: exact(6878, 6878) }, COMPLETE)).toEqual({
      value: expect.closeTo(53.1, 2),
      lower: expect.closeTo(31.0, 2),
      upper: expect.closeTo(53.11, 2),
      sample: 6878,
      undecided: 7,
      quality: 'complete',
      reason: null,
      measures: { a, b: exact(6878, 6878) },
    });
  });

  it('with the lower bound first where the formula falls', () => {
    expect(combine(formula('100 - a'), { a: between(2, 3, 5) }, COMPLETE)).toMatchObject({
      lower: 95,
      upper: 98,
    });
  });

  it.each([
    ['an open side stays open', 'a', between(5, 6, null), { value: 6, lower: 5, upper: null }],
    ['or changes sides', '-a', between(5, 6, null), { value: -6, lower: null, upper: -5 }],
    ['or closes', '100 / a', between(5, 10, null), { value: 10, lower: 0, upper: 20 }],
    [
      'a division by zero at a bound opens both',
      '100 / a',
      between(0, 10, 20),
      { value: 10, lower: null, upper: null },
    ],
    [
      'no value may still have a bound',
      'a',
      between(50, null, null),
      { value: null, lower: 50, upper: null, reason: 'no-value' },
    ],
  ])('%s', (_, text, a, expected) => {
    expect(combine(formula(text), { a }, COMPLETE)).toMatchObject(expected);
  });

  it('whose bounds hold for any measures between theirs', () => {
    const ends = fc.tuple(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 50 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(
        ends,
        ends,
        fc.constantFrom('a + b', 'a - b', 'a * b', 'a / (b + 1)', '100 * a / (a + b + 1)'),
        (p, q, text) => {
          const [a, b] = [p, q].map(([x, y, share]) => {
            const [low, high] = [Math.min(x, y), Math.max(x, y)];
            return between(low, low + share * (high - low), high);
          });
          if (a === undefined || b === undefined) return;
          const { value, lower, upper } = combine(
            formula(text),
            { a: { ...a, value: a.lower }, b: { ...b, value: b.upper } },
            COMPLETE,
          );
          const inside = formula(text).evaluate({ a: a.value ?? 0, b: b.value ?? 0 });
          for (const one of [value, inside]) {
            expect(one).toBeGreaterThanOrEqual((lower ?? Number.NaN) - 1e-9);
            expect(one).toBeLessThanOrEqual((upper ?? Number.NaN) + 1e-9);
          }
        },
      ),
    );
  });

  it('says unbounded rather than try thousands of corners', () => {
    const names = Array.from({ length: 11 }, (_, i) => `m${i}`);
    const measures = Object.fromEntries(names.map((name) => [name, between(0, 1, 2)]));
    expect(combine(formula(names.join(' + '), names), measures, COMPLETE)).toMatchObject({
      value: 11,
      lower: null,
      upper: null,
    });
  });
});

describe('A result that has no value says why', () => {
  it.each([
    ['a measure without one', 'a / b', { a: exact(null, 0), b: exact(5) }, 'no-value'],
    ['a measure that is not there', 'a / b', { a: exact(1) }, 'no-value'],
    ['a division by zero', 'a / b', { a: exact(1), b: exact(0) }, 'division-by-zero'],
    ['an overflow', 'a * b', { a: exact(1e300), b: exact(1e300) }, 'not-finite'],
  ])('%s', (_, text, measures, reason) => {
    expect(combine(formula(text), measures, COMPLETE)).toMatchObject({
      value: null,
      lower: null,
      upper: null,
      reason,
      quality: 'complete',
    });
  });

  it.each([
    ['missing', null],
    ['silent', null],
    ['partial', 3],
    ['stale', 3],
  ] as const)('quality %s goes before the arithmetic', (quality, value) => {
    const spoiled = { quality, reason: quality, dataset: 'logons' };
    expect(combine(formula('a'), { a: exact(3) }, spoiled)).toMatchObject({
      value,
      lower: value,
      quality,
      reason: quality,
    });
  });

  it('keeps the value of a quality that is tolerated', () => {
    const tolerated: WindowQuality = { quality: 'missing', reason: null, dataset: null };
    expect(combine(formula('a'), { a: exact(3) }, tolerated)).toMatchObject({
      value: 3,
      quality: 'missing',
      reason: null,
    });
  });

  it('withholds the values of too many groups', () => {
    expect(combine(formula('a'), { a: exact(3) }, COMPLETE, { withheld: 'too-many-groups' })).toMatchObject({
      value: null,
      reason: 'too-many-groups',
    });
  });
});

describe('The sample', () => {
  const measures = { a: exact(3, 3), b: exact(40, 40), c: exact(1, 900) };

  it('is the largest among the formula’s measures', () => {
    expect(combine(formula('a / b'), measures, COMPLETE).sample).toBe(40);
  });

  it('is that of the measure that the minimum names, and small below it', () => {
    const at = (atLeast: number) =>
      combine(formula('a / b'), measures, COMPLETE, { minimumSample: { measure: 'b', atLeast } });
    expect(at(40)).toMatchObject({ sample: 40, quality: 'complete', reason: null });
    expect(at(41)).toMatchObject({
      sample: 40,
      quality: 'small-sample',
      reason: 'small-sample',
      value: 0.075,
    });
  });
});
