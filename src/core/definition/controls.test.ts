import { describe, expect, it } from 'vitest';
import { normaliseControl } from './controls.ts';

describe('a control number of ISO/IEC 27002:2022', () => {
  it.each(['A.8.5', '8.5', 'a.8.5', 'A8.5', ' 8.5 '])('is taken as %j', (text) => {
    expect(normaliseControl(text)).toBe('A.8.5');
  });

  it('exists exactly 93 times', () => {
    const numbers = ['4', '5', '6', '7', '8', '9'].flatMap((theme) =>
      Array.from({ length: 99 }, (_, index) => `${theme}.${index + 1}`),
    );
    const controls = numbers.map(normaliseControl).filter((control) => control !== null);
    expect([controls.length, controls[0], controls.at(-1)]).toEqual([93, 'A.5.1', 'A.8.34']);
  });

  it.each(['8.0', '8.05', '8.35', '7.15', '6.9', '5.38', '8', 'A.12.4.1', 'B.8.5', ''])(
    'is not %j',
    (text) => {
      expect(normaliseControl(text)).toBeNull();
    },
  );
});
