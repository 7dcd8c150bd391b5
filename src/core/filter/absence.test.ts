import { describe, expect, it } from 'vitest';
import { fieldsAskedAway } from './absence.ts';
import { parseFilter } from './parse.ts';

describe('the fields whose absence a filter asks for', () => {
  it.each<[unknown, readonly string[]]>([
    [{ 'user.name': null, action: 'logon' }, ['user.name']],
    [{ 'user.name|exists': false }, ['user.name']],
    [{ 'user.name|exists': true }, []],
    [{ a: { user: 'x' }, b: { user: null }, condition: 'a or b' }, ['user']],
    [{ a: { action: 'logon' }, b: { 'mfa|exists': true }, condition: 'a and not b' }, ['mfa']],
    [{ a: { mfa: null }, condition: 'not a' }, []],
    [{ 'action|neq': 'logoff' }, []],
  ])('of %j are %j', (written, expected) => {
    const parsed = parseFilter(written);
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    expect(fieldsAskedAway(parsed.filter)).toEqual(expected);
  });
});
