/** Sigma's expressions as Lucene's: they match the same, or are refused. The servers' own matching is in the contract. */
import { describe, expect, it } from 'vitest';
import { luceneRegex } from './regex.ts';

describe('An expression for Lucene', () => {
  it.each([
    ['a', '', '(.*a.*)'],
    ['^a$', '', '(a)'],
    ['^a|b$', '', '(a.*)|(.*b)'],
    ['^a$', 'm', '((.*\n)?a(\n.*)?)'],
    ['a.b', '', '(.*a[^\n]b.*)'],
    ['a.b', 's', '(.*a.b.*)'],
    ['a@#"~<>&', '', '(.*a\\@\\#\\"\\~\\<\\>\\&.*)'],
    ['[^a-c\\]]{2,}', '', '(.*[^a-c\\]]{2,}.*)'],
    ['Ab1', 'i', '(.*[aA][bB]1.*)'],
    ['k', 'i', '(.*[kK\u212a].*)'],
    ['(a|)', '', '(.*(a|()).*)'],
  ])('%j with %j is %j', (source, flags, expected) => {
    expect(luceneRegex(source, flags)).toBe(expected);
  });

  it.each([
    ['a^b', ''],
    ['(a$)b', ''],
    ['é', 'i'],
  ])('%j with %j is refused', (source, flags) => {
    expect(luceneRegex(source, flags)).toBeNull();
  });
});
