import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFilter } from './format.ts';
import { EVERYTHING } from './model.ts';
import { parseFilter } from './parse.ts';
import { literalPattern, parsePattern, patternText } from './pattern.ts';

function lineOf(where: unknown): string {
  const parsed = parseFilter(where);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return formatFilter(parsed.filter);
}

const three = { a: { x: 1 }, b: { y: 2 }, c: { z: 3 } };

describe('a filter as one line', () => {
  it.each([
    [{ 'event.action': 'logon' }, 'event.action = logon'],
    [{ f: 'two words' }, 'f = "two words"'],
    [{ f: '' }, 'f = ""'],
    [{ f: '517' }, 'f = "517"'],
    [{ f: 517 }, 'f = 517'],
    [{ f: true }, 'f = true'],
    [{ f: 'true' }, 'f = "true"'],
    [{ f: 'say "a"\n' }, 'f = "say \\"a\\"\\n"'],
    [{ f: [4625, 4771] }, 'f = (4625 or 4771)'],
    [{ f: ['a', 'b*'] }, 'f = a or f starts with b'],
    [{ 'f|cased': 'A' }, 'f = A (case matters)'],
    [{ 'f|cased|all': ['A', 'B'] }, 'f = (A and B) (case matters)'],
    [[{ 'f|cased': 'A' }, { f: 'b' }], 'f = A (case matters) or f = b'],
    [[{ 'f|exists': true }, { 'f|exists': true }], 'f has a value or f has a value'],
    [{ 'f|contains': ['a', 'b c'] }, 'f contains (a or "b c")'],
    [{ 'f|contains|all': ['a', 'b'], g: [1] }, 'f contains (a and b) and g = 1'],
    [{ a: { f: 1 }, b: { g: 1 }, condition: 'a or b' }, 'f = 1 or g = 1'],
    [{ 'f|contains': 'a b' }, 'f contains "a b"'],
    [{ 'f|endswith': '$' }, 'f ends with $'],
    [{ 'f|endswith': '\\\\cmd.exe' }, 'f ends with \\cmd.exe'],
    [{ f: 'a?b*' }, 'f is like a?b*'],
    [{ f: '?' }, 'f is like ?'],
    [{ f: '*' }, 'f is like *'],
    [{ f: 'a\\*' }, 'f = a\\*'],
    [{ 'f|gte': 1.5 }, 'f >= 1.5'],
    [{ 'f|exists': true }, 'f has a value'],
    [{ f: null }, 'f has no value'],
    [{ 'f|neq': 'a' }, 'f has a value and not f = a'],
    [{ 'f|cidr': '10.0.0.0/8' }, 'f is an address in 10.0.0.0/8'],
    [{ 'f|re|i': '^a b$' }, 'f matches /^a b$/i'],
    [{ 'f|in': { dataset: 'kev', field: 'cveID' } }, 'f is in kev.cveID'],
    [{ x: 1, y: [2, 3] }, 'x = 1 and y = (2 or 3)'],
    [{ ...three, condition: 'a and (b or c)' }, 'x = 1 and (y = 2 or z = 3)'],
    [{ ...three, condition: 'a and b or c' }, 'x = 1 and y = 2 or z = 3'],
    [{ ...three, condition: 'a and (b and c)' }, 'x = 1 and y = 2 and z = 3'],
    [{ ...three, condition: 'not (a and b)' }, 'not (x = 1 and y = 2)'],
    [{ ...three, condition: 'not a and b' }, 'not x = 1 and y = 2'],
    [{ ...three, condition: 'not not a' }, 'not not x = 1'],
    [{ a: { x: [1, 2] }, condition: 'not a' }, 'not x = (1 or 2)'],
    [
      { a: { 'event.action': 'logon' }, b: { 'user.name|startswith': 'svc-' }, condition: 'a and not b' },
      'event.action = logon and not user.name starts with svc-',
    ],
  ])('%j reads: %s', (where, line) => expect(lineOf(where)).toBe(line));

  it('says everything and nothing in a word', () => {
    expect(formatFilter(EVERYTHING)).toBe('everything');
    expect(formatFilter({ op: 'and', of: [] })).toBe('everything');
    expect(formatFilter({ op: 'or', of: [] })).toBe('nothing');
  });
});

describe('a pattern as a person writes it', () => {
  const text = fc.array(fc.constantFrom('a', '*', '?', '\\', '😀')).map((characters) => characters.join(''));

  it('means the same when it is read again', () => {
    fc.assert(
      fc.property(text, (written) => {
        for (const pattern of [parsePattern(written), literalPattern(written)]) {
          expect(parsePattern(patternText(pattern))).toEqual(pattern);
        }
      }),
    );
  });
});
