import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctOf } from './measure/distinct.ts';
import { talliesOfRows } from './measure/fold.ts';
import { pseudonymous, pseudonymousTallies, pseudonymsBy } from './pseudonym.ts';

const pseudonyms = pseudonymsBy('a key');

describe('A pseudonym', () => {
  it('is a keyed hash, as another program computes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(pseudonyms(text)).toBe(
          createHmac('sha256', 'a key').update(text, 'utf8').digest('hex').slice(0, 32),
        );
      }),
    );
    expect(pseudonyms('alice')).not.toBe(pseudonymsBy('another key')('alice'));
  });

  it('stands for each value of a field, and for none where there is none', () => {
    expect(pseudonymous(['alice', null, 7], pseudonyms)).toEqual([
      pseudonyms('alice'),
      null,
      pseudonyms('7'),
    ]);
    expect([pseudonymous(null, pseudonyms), pseudonymous(undefined, pseudonyms)]).toEqual([null, undefined]);
  });
});

describe('Tallies under pseudonyms', () => {
  const rows = [
    { user: 'alice', team: 'blue' },
    { user: null, team: 'blue' },
    { user: 'bob', team: 'red' },
  ];
  const hide = (groupBy: string[], aggregate: Parameters<typeof talliesOfRows>[0], distinct = false) =>
    pseudonymousTallies(
      talliesOfRows(aggregate, rows, groupBy),
      groupBy,
      { groups: new Set(['user']), distinct },
      pseudonyms,
    );

  it('have them in the groups of hidden fields alone', () => {
    expect(hide(['team', 'user'], { type: 'count' })).toEqual({
      [JSON.stringify(['blue', pseudonyms('alice')])]: { n: 1 },
      '["blue","(none)"]': { n: 1 },
      [JSON.stringify(['red', pseudonyms('bob')])]: { n: 1 },
    });
    expect(Object.keys(hide(['team'], { type: 'count' }))).toEqual(['["blue"]', '["red"]']);
  });

  it('count as many distinct texts', () => {
    const hidden = hide([], { type: 'distinct', field: 'user' }, true)['[]']?.distinct;
    expect(hidden).toEqual(distinctOf([pseudonyms('alice'), pseudonyms('bob')]));
  });

  it('can not be had of an estimate: those are too many', () => {
    const many = talliesOfRows({ type: 'distinct', field: 'user' }, rows, [], { maxDistinct: 1 });
    expect(pseudonymousTallies(many, [], { groups: new Set(), distinct: true }, pseudonyms)).toEqual({
      '*': { n: 0 },
    });
  });
});
