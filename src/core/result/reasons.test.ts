import { describe, expect, it } from 'vitest';
import { REASONS } from './model.ts';
import { reasonSentence } from './reasons.ts';

describe('A reason has a sentence for people', () => {
  it('of its own, for each of them', () => {
    const sentences = REASONS.map((reason) => reasonSentence(reason));
    expect(new Set(sentences).size).toBe(REASONS.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    [
      reasonSentence('partial', { dataset: 'logons' }),
      'The source answered, but left out part of the data of “logons”.',
    ],
    [
      reasonSentence('small-sample', { sample: 3, atLeast: 50 }),
      'There are too few cases to judge by: 3, where at least 50 are wanted.',
    ],
    [
      reasonSentence('undecided', { undecided: 1521 }),
      '1521 cases are not decided yet, and the verdict depends on how they end.',
    ],
    [
      reasonSentence('undecided', { undecided: 0 }),
      'Some cases were still open, and the verdict depends on how they end.',
    ],
  ])('that names what is known: %s', (sentence, expected) => {
    expect(sentence).toBe(expected);
  });
});
