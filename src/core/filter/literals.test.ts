import { describe, expect, it } from 'vitest';
import { formatFilter } from './format.ts';
import { canMatch, filterLiterals } from './literals.ts';
import type { Filter } from './model.ts';
import { parseFilter } from './parse.ts';

function filterOf(written: unknown): Filter {
  const parsed = parseFilter(written);
  if (!('filter' in parsed) || parsed.filter === null) throw new Error(JSON.stringify(parsed));
  return parsed.filter;
}

const literals = (written: unknown) => filterLiterals(filterOf(written)).map(formatFilter);

describe('the literals of a filter', () => {
  it.each([
    [{ action: 'logon', code: 4625, flag: true }, ['action = logon', 'code = 4625', 'flag = true']],
    [{ action: ['logon', 'logged-in'] }, ['action = logon', 'action = logged-in']],
    [{ 'action|cased': 'Logon' }, ['action = Logon (case matters)']],
    [{ 'action|contains': 'log', 'name|startswith': 'a', 'code|gt': 3, 'host|exists': true }, []],
    [{ action: 'log*', 'ip|cidr': '10.0.0.0/8', 'name|re': '^a' }, []],
    [{ a: { x: 1 }, b: { y: 2 }, condition: 'a and not b' }, ['x = 1']],
    [{ 'action|neq': 'logoff' }, []],
  ])('%j are %j', (written, expected) => {
    expect(literals(written)).toEqual(expected);
  });
});

describe('a filter can match', () => {
  const never = new Set(['action = logon', 'code = 1']);
  it.each([
    [{ action: 'logon' }, false],
    [{ action: 'logon', outcome: 'failure' }, false],
    [{ action: ['logon', 'logged-in'] }, true],
    [{ action: ['logon', 'logged-in'], code: 1 }, false],
    [{ a: { action: 'logon' }, b: { code: 1 }, condition: 'a or b' }, false],
    [{ a: { action: 'logon' }, condition: 'not a' }, true],
    [{ 'action|contains': 'logon' }, true],
    [{ outcome: 'failure' }, true],
  ])('%j where two literals never occurred: %j', (written, expected) => {
    expect(canMatch(filterOf(written), (test) => never.has(formatFilter(test)))).toBe(expected);
  });
});
