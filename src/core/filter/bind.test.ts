import { describe, expect, it } from 'vitest';
import { bindFilter, filterDatasets, filterFields, filterLookups } from './bind.ts';
import { matches } from './evaluate.ts';
import { EVERYTHING, type Filter } from './model.ts';
import { parseFilter } from './parse.ts';

function filterOf(where: unknown): Filter {
  const parsed = parseFilter(where);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.filter;
}

const fields = { 'user.domain': 'TargetDomainName', 'event.outcome': 'result' };
const values = {
  'event.outcome': { failure: ['Failed', '0xC000006D', 'a*b'], success: ['ok'] },
  priority: { 1: ['1 - Critical'], true: ['yes'] },
};
const bind = (where: unknown) => bindFilter(filterOf(where), fields, values);

describe('binding a filter to a dataset', () => {
  it('puts the names of the source for the standard ones, wherever they stand', () => {
    const where = {
      a: [{ 'user.domain': 'X' }, { 'user.domain|exists': true }],
      b: { other: 1 },
      condition: 'not a or b',
    };
    expect(filterFields(bind(where))).toEqual(['TargetDomainName', 'other']);
  });

  it('leaves names alone that are not mapped, whatever objects inherit', () => {
    expect(bind({ constructor: 'x' })).toEqual(filterOf({ constructor: 'x' }));
    expect(bindFilter(EVERYTHING, fields, values)).toEqual(EVERYTHING);
  });

  it('asks for any of the own values where a test asks for a standard one', () => {
    const bound = bind({ 'event.outcome': 'FAILURE' });
    expect(
      ['failed', '0xc000006d', 'a*b', 'failure', 'axb', 'ok'].map((result) => matches(bound, { result })),
    ).toEqual([true, true, true, false, false, false]);
    expect(bind({ 'event.outcome': 'success' })).toEqual(filterOf({ result: 'ok' }));
  });

  it('does so in a list, under neq and in a negation', () => {
    expect(bind({ 'event.outcome': ['success', 'other'] })).toEqual(filterOf({ result: ['ok', 'other'] }));
    expect(matches(bind({ 'event.outcome|neq': 'success' }), { result: 'OK' })).toBe(false);
    expect(
      matches(bind({ a: { 'event.outcome': 'success' }, condition: 'not a' }), { result: 'failed' }),
    ).toBe(true);
  });

  it('takes a number or boolean for the standard value that it is written as', () => {
    expect(bind({ priority: 1 })).toEqual(filterOf({ priority: '1 - Critical' }));
    expect(bind({ priority: true })).toEqual(filterOf({ priority: 'yes' }));
    expect(bind({ priority: 2 })).toEqual(filterOf({ priority: 2 }));
  });

  it('compares with case where the test does', () => {
    expect(bind({ 'event.outcome|cased': 'Success' })).toEqual(filterOf({ 'result|cased': 'Success' }));
    expect(bind({ 'event.outcome|cased': 'success' })).toEqual(filterOf({ 'result|cased': 'ok' }));
  });

  it('leaves wildcards, comparisons and expressions to the own values', () => {
    for (const where of [
      { 'event.outcome|startswith': 'fail' },
      { 'event.outcome': 'fail*' },
      { 'event.outcome|re': 'fail' },
    ]) {
      expect(filterFields(bind(where))).toEqual(['result']);
      expect(matches(bind(where), { result: 'failure' })).toBe(true);
    }
  });
});

describe('what a filter names', () => {
  const filter = filterOf({
    a: { x: [1, 2], 'y|in': { dataset: 'kev', field: 'cveID' } },
    b: { x: 3, 'z|in': { dataset: 'kev', field: 'product' } },
    condition: 'a and not b',
  });

  it('is each field once', () => expect(filterFields(filter)).toEqual(['x', 'y', 'z']));
  it('is each dataset once', () => expect(filterDatasets(filter)).toEqual(['kev']));
  it('is each column that it looks values up in', () => {
    expect(filterLookups(filter)).toEqual([
      { dataset: 'kev', field: 'cveID' },
      { dataset: 'kev', field: 'product' },
    ]);
  });
  it('is nothing for everything', () => {
    expect([filterFields(EVERYTHING), filterDatasets(EVERYTHING)]).toEqual([[], []]);
  });
});
