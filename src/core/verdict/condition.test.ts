import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '../definition/model.ts';
import { contradictsDirection, formatCondition, meets, parseCondition } from './condition.ts';

describe('A condition is written as people say it', () => {
  it.each<[string, Condition]>([
    ['<= 5', { op: '<=', limit: 5 }],
    ['<5', { op: '<', limit: 5 }],
    [' >=  95.5 ', { op: '>=', limit: 95.5 }],
    ['> -0.5', { op: '>', limit: -0.5 }],
    ['<= 1e-7', { op: '<=', limit: 1e-7 }],
    ['> +.5', { op: '>', limit: 0.5 }],
    ['between 3 and 5', { op: 'between', low: 3, high: 5 }],
    ['between -2.5 and -2.5', { op: 'between', low: -2.5, high: -2.5 }],
  ])('%s', (text, condition) => {
    expect(parseCondition(text)).toEqual({ ok: true, condition });
  });

  it.each([
    ['= 5', 'Say which side is good'],
    ['5', 'Say which side is good'],
    ['<= 5 %', 'Leave the unit off'],
    ['<= 5 hours', 'Leave the unit off'],
    ['≤ 5', 'Write <= for ≤'],
    ['=> 5', 'Write >= or <='],
    ['<= 5,5', 'decimal point'],
    ['between 5 and 3', '`between 3 and 5`'],
    ['between 3 to 5', 'between 3 and 5'],
    [`<= ${'9'.repeat(400)}`, 'Write `<= 5`'],
    ['', 'Write `<= 5`'],
  ])('%s is refused with what to write', (text, help) => {
    expect(parseCondition(text)).toMatchObject({ ok: false, help: expect.stringContaining(help) });
  });

  it('reads back what it writes', () => {
    const number = fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 1000);
    fc.assert(
      fc.property(fc.constantFrom('<', '<=', '>', '>='), number, number, (op, a, b) => {
        const between: Condition = { op: 'between', low: Math.min(a, b), high: Math.max(a, b) };
        for (const condition of [{ op, limit: a } as const, between]) {
          expect(parseCondition(formatCondition(condition))).toEqual({ ok: true, condition });
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('A value meets a condition', () => {
  it.each([
    ['< 5', [4.9], [5, 5.1]],
    ['<= 5', [4.9, 5], [5.1]],
    ['> 5', [5.1], [5, 4.9]],
    ['>= 5', [5.1, 5], [4.9]],
    ['between 3 and 5', [3, 4, 5], [2.9, 5.1]],
  ])('%s', (text, yes, no) => {
    const parsed = parseCondition(text);
    if (!parsed.ok) throw new Error(parsed.message);
    expect(yes.map((value) => meets(parsed.condition, value))).not.toContain(false);
    expect(no.map((value) => meets(parsed.condition, value))).not.toContain(true);
  });
});

describe('A target may not praise what its direction calls worse', () => {
  const conditions: Condition[] = [
    { op: '<=', limit: 5 },
    { op: '>', limit: 5 },
    { op: 'between', low: 3, high: 5 },
  ];
  it.each([
    ['lower-is-better', [false, true, true]],
    ['higher-is-better', [true, false, true]],
    ['within-range', [true, true, false]],
  ] as const)('%s', (direction, expected) => {
    expect(conditions.map((condition) => contradictsDirection(condition, direction))).toEqual(expected);
  });
});
