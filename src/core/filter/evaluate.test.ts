import { BlockList, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, compileFilter, type Lookups, matches } from './evaluate.ts';
import { EVERYTHING, type FieldValue, type Filter } from './model.ts';
import { parseFilter } from './parse.ts';

function filterOf(where: unknown): Filter {
  const parsed = parseFilter(where);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.filter;
}

/** `[test, value that matches, …]`: whether `{f: value}` passes `{key: expected}`. */
function passes(key: string, expected: unknown, value: FieldValue): boolean {
  return matches(filterOf({ [key]: expected }), value === undefined ? {} : { f: value });
}

interface Row {
  readonly key: string;
  readonly expected: unknown;
  readonly yes: readonly FieldValue[];
  readonly no: readonly FieldValue[];
}

function table(promise: string, rows: readonly Row[]): void {
  describe(promise, () => {
    for (const { key, expected, yes, no } of rows) {
      it(`{${key}: ${JSON.stringify(expected)}} matches ${JSON.stringify(yes)}, not ${JSON.stringify(no)}`, () => {
        expect(yes.filter((value) => !passes(key, expected, value))).toEqual([]);
        expect(no.filter((value) => passes(key, expected, value))).toEqual([]);
      });
    }
  });
}

const none = [undefined, null, [], [null]] as const;

table('plain text is equal, ignoring the case of ASCII letters', [
  {
    key: 'f',
    expected: 'Logon',
    yes: ['logon', 'LOGON', ['x', 'Logon'], [null, 'logon']],
    no: ['logons', '', ' logon', ...none],
  },
  { key: 'f', expected: 'É', yes: ['É'], no: ['é'] },
  { key: 'f', expected: 'k', yes: ['K'], no: ['\u212a'] },
  { key: 'f', expected: 'true', yes: ['True', true], no: [false, 1] },
  { key: 'f', expected: '517', yes: ['517', 517], no: ['517.0', '0517', 518] },
  { key: 'f', expected: '517.0', yes: ['517.0'], no: [517, '517'] },
  { key: 'f', expected: ['a', 'b', 3], yes: ['A', 'b', '3', 3, ['x', 'b']], no: ['c', 'ab', ...none] },
  { key: 'f', expected: '', yes: ['', ['x', '']], no: ['x', ' ', 0, false, ...none] },
]);

table('* is any run of characters, ? exactly one', [
  {
    key: 'f',
    expected: 'prog?.exe',
    yes: ['progA.exe', 'PROGb.EXE', 'prog😀.exe'],
    no: ['prog.exe', 'progAB.exe'],
  },
  {
    key: 'f',
    expected: 'av_V*.exe',
    yes: ['av_V1.exe', 'av_v21.2.1.exe', 'av_V.exe'],
    no: ['av_V1.exe ', 'xav_V1.exe'],
  },
  { key: 'f', expected: '*', yes: ['', 'x', 0, false], no: [...none] },
  { key: 'f', expected: '*a*b?', yes: ['abc', 'xaybz', 'a\nb\n'], no: ['ab', 'bac'] },
  { key: 'f', expected: '4?2*', yes: [412, 4121, '402'], no: [42, '42'] },
]);

table('a backslash takes away the meaning of a wildcard and of a backslash', [
  { key: 'f', expected: 'a\\b', yes: ['a\\b'], no: ['a\\\\b', 'ab'] },
  { key: 'f', expected: 'a\\\\b', yes: ['a\\b'], no: ['a\\\\b'] },
  { key: 'f', expected: 'a\\*', yes: ['a*'], no: ['a\\', 'ab', 'a\\*'] },
  { key: 'f', expected: 'a\\?', yes: ['a?'], no: ['ab', 'a\\b'] },
  { key: 'f', expected: 'a\\\\*', yes: ['a\\', 'a\\xyz'], no: ['a*', 'axyz'] },
  { key: 'f', expected: 'a\\\\\\*', yes: ['a\\*'], no: ['a\\x', 'a*'] },
  { key: 'f', expected: 'a\\\\\\b', yes: ['a\\\\b'], no: ['a\\b'] },
  { key: 'f', expected: 'a\\\\\\\\b', yes: ['a\\\\b'], no: ['a\\b'] },
  { key: 'f', expected: 'C:\\', yes: ['c:\\'], no: ['c:'] },
  {
    key: 'f|endswith',
    expected: '\\\\example.exe',
    yes: ['C:\\example.exe'],
    no: ['C:\\\\otherexample.exe', 'C:/example.exe'],
  },
]);

table('cased, contains, startswith and endswith', [
  { key: 'f|cased', expected: 'Logon', yes: ['Logon', ['x', 'Logon']], no: ['logon', ...none] },
  { key: 'f|cased', expected: 'A*z', yes: ['Az', 'A-z'], no: ['AZ', 'az'] },
  { key: 'f|contains', expected: 'enc', yes: ['-ENC x', 'enc', ['x', 'xency']], no: ['en c', ...none] },
  { key: 'f|contains', expected: 'a?c*e', yes: ['xabcde', 'abce'], no: ['xacxe'] },
  { key: 'f|contains', expected: '23', yes: [1234, '123'], no: [132] },
  { key: 'f|contains|cased', expected: 'Enc', yes: ['xEncx'], no: ['xencx'] },
  { key: 'f|startswith', expected: 'svc-', yes: ['SVC-a', 'svc-'], no: ['a-svc-', ...none] },
  { key: 'f|startswith', expected: 'a*c', yes: ['abcd', 'acc'], no: ['ab'] },
  { key: 'f|endswith', expected: '$', yes: ['HOST$', '$', ['a', 'b$']], no: ['$a', ...none] },
  { key: 'f|endswith', expected: '\\*', yes: ['a*'], no: ['ab'] },
]);

table('all asks for every listed value', [
  {
    key: 'f|contains|all',
    expected: ['-enc', '-nop'],
    yes: ['p -nop -enc', ['-enc', '-nop']],
    no: ['-enc', '-nop', ...none],
  },
  { key: 'f|all', expected: ['a', 'b'], yes: [['b', 'a', 'c']], no: ['a', ['a'], ...none] },
]);

table('a number is equal as a number, or exactly the text it is written as', [
  {
    key: 'f',
    expected: 517,
    yes: [517, '517', '517.0', [1, 517]],
    no: ['0517', '517.00', ' 517', '5.17e2', 51, true, ...none],
  },
  { key: 'f', expected: 0.5, yes: [0.5, '0.5'], no: ['.5', '0.50', '0.5.0'] },
  { key: 'f', expected: -3, yes: [-3, '-3', '-3.0'], no: [3, '--3'] },
  { key: 'f', expected: 0, yes: [0, '0', -0], no: ['', false, 'false', ...none] },
  { key: 'f', expected: 1, yes: [1], no: [true, 'true'] },
]);

table('a boolean is a boolean, or the text true or false in any case', [
  {
    key: 'f',
    expected: true,
    yes: [true, 'true', 'TRUE', [false, true]],
    no: [false, 1, '1', 'yes', ...none],
  },
  { key: 'f', expected: false, yes: [false, 'False'], no: [true, 0, '', ...none] },
]);

table('lt, lte, gt, gte compare numbers, also those held as text', [
  {
    key: 'f|gt',
    expected: 5,
    yes: [6, '12', '5.5', '1e3', '007', [1, 6]],
    no: [5, '5', '12 ', '0x10', 'twelve', true, '', ...none],
  },
  { key: 'f|gte', expected: 5, yes: [5, '5.0'], no: [4.9] },
  { key: 'f|lt', expected: 5, yes: [4, '-1', '4.9e0'], no: [5, '', 'inf', '-inf', ...none] },
  { key: 'f|lte', expected: -1.5, yes: [-1.5, '-2'], no: [-1, '−2'] },
  { key: 'f|gt', expected: 0, yes: ['0.1'], no: [true, 'true', '1e999', Number.NaN] },
]);

table('neq: the field is there, and none of its values equals', [
  { key: 'f|neq', expected: 'a', yes: ['b', ['b', 'c'], 0], no: ['a', 'A', ['b', 'a'], ...none] },
  { key: 'f|neq', expected: ['a', 2], yes: ['b'], no: ['a', 2, '2', ...none] },
  { key: 'f|startswith|neq', expected: 'svc-', yes: ['bob'], no: ['svc-1', ...none] },
  { key: 'f|neq', expected: null, yes: ['', 0, [null, 1]], no: [...none] },
]);

table('exists, null and the empty text are three things', [
  { key: 'f|exists', expected: true, yes: ['', 0, false, [null, 'x']], no: [...none] },
  { key: 'f|exists', expected: false, yes: [...none], no: ['', 0, false, [null, 'x']] },
  { key: 'f', expected: null, yes: [...none], no: ['', 0, false, 'null', [null, 'x']] },
]);

table('cidr holds addresses of both families; what is no address does not match', [
  {
    key: 'f|cidr',
    expected: '10.0.0.0/8',
    yes: ['10.1.2.3', ['x', '10.0.0.0'], '::ffff:10.9.9.9'],
    no: ['11.0.0.1', '010.0.0.1', '10.0.0', '10.0.0.1/8', '10.0.0.256', 10, 'host', '::10.0.0.1', ...none],
  },
  {
    key: 'f|cidr',
    expected: '192.168.17.160/27',
    yes: ['192.168.17.160', '192.168.17.191'],
    no: ['192.168.17.159', '192.168.17.192'],
  },
  { key: 'f|cidr', expected: '0.0.0.0/0', yes: ['1.2.3.4'], no: ['::1'] },
  { key: 'f|cidr', expected: '10.0.0.7', yes: ['10.0.0.7'], no: ['10.0.0.8'] },
  {
    key: 'f|cidr',
    expected: '2001:db8::/32',
    yes: ['2001:DB8::1', '2001:db8:ffff:0:0:0:0:1'],
    no: ['2001:db9::', '2001:db8::1%eth0', '2001:db8:::1', '2001:db8', '1.2.3.4'],
  },
  {
    key: 'f|cidr',
    expected: '::/0',
    yes: ['::', '1:2:3:4::6:7:8', '::1.2.3.4'],
    no: ['1:2:3:4::5:6:7:8', '1::2::3', '1:2:3:4:5:6:7', '::1.2.3.4:5', ':', ''],
  },
  { key: 'f|cidr', expected: 'fe80::/10', yes: ['febf::1', 'fe80::'], no: ['fec0::', '[fe80::1]'] },
  {
    key: 'f|cidr',
    expected: ['::1', '127.0.0.0/8'],
    yes: ['::1', '127.3.2.1', '0:0:0:0:0:0:0.0.0.1'],
    no: ['::2', '128.0.0.1'],
  },
]);

table('re finds an expression anywhere, with case, unless i, m or s say otherwise', [
  { key: 'f|re', expected: 'b+c', yes: ['abbcd', ['x', 'bc'], 'bc'], no: ['aBc', 'ac', ...none] },
  { key: 'f|re', expected: '^a.c$', yes: ['abc', 'a😀c'], no: ['xabc', 'abcd', 'a\nc', 'abc\n'] },
  { key: 'f|re|i', expected: '^ABC', yes: ['abcd'], no: ['xabc'] },
  { key: 'f|re|m', expected: '^b$', yes: ['a\nb\nc'], no: ['ab'] },
  { key: 'f|re|s', expected: 'a.b', yes: ['a\nb', 'axb'], no: ['ab'] },
  { key: 'f|re|i|m|s', expected: '^A.B$', yes: ['x\na\nb\ny'], no: ['x a\nb'] },
  { key: 'f|re', expected: '^(4[0-9]{2}|5[0-9]{2,})$', yes: [404, '500', '5000'], no: ['40', 4040] },
  { key: 'f|re', expected: '[^a-c.]\\.[x\\-\\]]', yes: ['d.x', 'd.-', 'd.]'], no: ['a.x', 'dxx', 'd.y'] },
]);

describe('in looks a value up in a column of a snapshot', () => {
  const lookups: Lookups = (dataset, field) =>
    new Set(dataset === 'kev' && field === 'cveID' ? ['CVE-1', '7'] : []);
  const filter = filterOf({ 'f|in': { dataset: 'kev', field: 'cveID' } });

  it('compares canonical texts exactly', () => {
    expect(matches(filter, { f: 'CVE-1' }, lookups)).toBe(true);
    expect(matches(filter, { f: ['x', 7] }, lookups)).toBe(true);
    expect(matches(filter, { f: 'cve-1' }, lookups)).toBe(false);
    expect(matches(filter, {}, lookups)).toBe(false);
  });

  it('cannot be evaluated without the snapshots', () => {
    expect(() => matches(filter, { f: 'CVE-1' })).toThrow(/"kev"/);
  });
});

describe('selections', () => {
  it('join a map by and, a list of maps by or', () => {
    const and = filterOf({ a: 1, b: 2 });
    const or = filterOf([{ a: 1 }, { b: 2, c: 3 }]);
    expect([{ a: 1, b: 2 }, { a: 1 }, {}].map((row) => matches(and, row))).toEqual([true, false, false]);
    expect([{ a: 1 }, { b: 2 }, { b: 2, c: 3 }].map((row) => matches(or, row))).toEqual([true, false, true]);
  });

  it('may test a field that every object seems to have', () => {
    expect(matches(filterOf({ 'constructor|exists': true }), {})).toBe(false);
    expect(matches(filterOf({ constructor: 'x' }), JSON.parse('{"constructor": "x"}'))).toBe(true);
  });
});

describe('conditions', () => {
  const selections = { a: { x: 'a' }, b: { y: 'b' }, sel_1: { p: 1 }, sel_2: { q: 1 }, _hidden: { z: 1 } };
  const rows = { x: 'a', y: 'b', p: 1, q: 1, z: 1 };
  const cases: readonly [condition: string, fields: string, expected: boolean][] = [
    ['a or b and sel_1', 'x', true],
    ['(a or b) and sel_1', 'x', false],
    ['a and not b', 'x', true],
    ['a and not b', 'xy', false],
    ['not a or b', '', true],
    ['not (a or b)', 'y', false],
    ['not not a', 'x', true],
    ['a and b or sel_1 and sel_2', 'pq', true],
    ['1 of them', 'z', false],
    ['1 of them', 'q', true],
    ['all of them', 'xypq', true],
    ['all of them', 'xyp', false],
    ['1 of sel_*', 'q', true],
    ['1 of sel_*', 'xy', false],
    ['all of sel_*', 'pq', true],
    ['all of sel_*', 'p', false],
    ['all of s*_*', 'pq', true],
    ['1 of *hid*', 'z', true],
    ['1 of a', 'x', true],
    ['not 1 of sel_*', 'xyz', true],
    ['a and not 1 of sel_* or b', 'y', true],
    ['_hidden', 'z', true],
  ];
  it.each(cases)('%s, of a row with %j: %j', (condition, fields, expected) => {
    const row = Object.fromEntries(Object.entries(rows).filter(([name]) => fields.includes(name)));
    expect(matches(filterOf({ ...selections, condition }), row)).toBe(expected);
  });

  it('in a list are joined by or', () => {
    const filter = filterOf({ a: { x: 1 }, b: { y: 1 }, condition: ['a', 'b'] });
    expect([{ x: 1 }, { y: 1 }, {}].map((row) => matches(filter, row))).toEqual([true, true, false]);
  });
});

describe('canonicalText', () => {
  it.each([
    [1, '1'],
    [1.5, '1.5'],
    [-0, '0'],
    [1e21, '1e+21'],
    [true, 'true'],
    [' A ', ' A '],
    ['1.0', '1.0'],
  ])('of %j is %j', (value, text) => expect(canonicalText(value)).toBe(text));
});

const scalar = fc.oneof(
  fc.constantFrom('a', 'A', 'ab', '', '1', '1.0', 'true', '10.0.0.1', 1, 2, 0.5, true, false),
  fc.string(),
);
const value = fc.oneof(scalar, fc.constant(null), fc.array(fc.option(scalar), { maxLength: 3 }));
const row = fc.record({ f: value, g: value }, { requiredKeys: [] });
const leaf = fc
  .tuple(
    fc.constantFrom('f', 'g'),
    fc.constantFrom<[string, unknown]>(
      ['', 'a'],
      ['', 1],
      ['', true],
      ['', null],
      ['', ''],
      ['', ['a', 'ab', '1']],
      ['|contains', 'b'],
      ['|startswith', 'A'],
      ['|neq', 'a'],
      ['|gt', 0.5],
      ['|exists', true],
      ['|cidr', '10.0.0.0/8'],
      ['|re', '^a?b'],
      ['|cased', 'A*'],
    ),
  )
  .map(([field, [modifier, expected]]) => filterOf({ [field + modifier]: expected }));
const { filter: anyFilter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.constant(EVERYTHING),
    fc.record({ op: fc.constant('not' as const), of: tie('filter') }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('filter'), { maxLength: 3 }),
    }),
  ),
}));

describe('the laws of and, or and not hold for any filter and row', () => {
  it('a double negation changes nothing, one negation everything', () => {
    fc.assert(
      fc.property(anyFilter, row, (filter, event) => {
        const plain = matches(filter, event);
        expect(matches({ op: 'not', of: filter }, event)).toBe(!plain);
        expect(matches({ op: 'not', of: { op: 'not', of: filter } }, event)).toBe(plain);
      }),
    );
  });

  it('and and or do not care for order', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 4 }), row, (of, event) => {
        for (const op of ['and', 'or'] as const) {
          expect(matches({ op, of: of.toReversed() }, event)).toBe(matches({ op, of }, event));
        }
      }),
    );
  });

  it('and is or of the negations, negated', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 4 }), row, (of, event) => {
        const negations = of.map((part) => ({ op: 'not' as const, of: part }));
        expect(matches({ op: 'and', of }, event)).toBe(!matches({ op: 'or', of: negations }, event));
      }),
    );
  });

  it('a positive test matches a field of several values when it matches one of them', () => {
    const positive = leaf.filter((filter) => filter.op === 'test' || filter.op === 'or');
    fc.assert(
      fc.property(positive, fc.array(scalar, { maxLength: 3 }), (filter, values) => {
        const test = compileFilter(filter);
        expect(test({ f: values, g: values })).toBe(values.some((one) => test({ f: one, g: one })));
      }),
    );
  });
});

describe('matching agrees with independent implementations', () => {
  const short = (...characters: string[]) =>
    fc.array(fc.constantFrom(...characters), { maxLength: 8 }).map((list) => list.join(''));

  it('wildcards, with an expression that says the same', () => {
    fc.assert(
      fc.property(short('a', 'B', '*', '?', '😀'), short('a', 'b', 'A', '😀', '\n'), (pattern, text) => {
        const source = pattern.replace(/[*?]/g, (wildcard) => (wildcard === '*' ? '.*' : '.'));
        expect(passes('f', pattern, text)).toBe(new RegExp(`^${source}$`, 'isu').test(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('expressions, with the engine of JavaScript', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab)', '\\.', '(^a|b$)');
    const piece = fc
      .tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{1,2}', '{2}'))
      .map((parts) => parts.join(''));
    const source = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(source, short('a', 'b', 'c', '.', '\n'), (expression, text) => {
        expect(passes('f|re', expression, text)).toBe(new RegExp(expression, 'u').test(text));
      }),
      { numRuns: 500 },
    );
  });

  it('networks, with the block list of Node', () => {
    const mapped = /^[0:]+:ffff:/i;
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6().filter((text) => !mapped.test(text)),
    );
    const family = (text: string) => (isIPv4(text) ? 'ipv4' : 'ipv6');
    /** The network around an address: a base with bits behind the prefix is refused, and told where it starts. */
    const around = (base: string, prefix: number): Filter => {
      const parsed = parseFilter({ 'f|cidr': `${base}/${prefix}` });
      if ('filter' in parsed) return parsed.filter;
      const start = /starts at ([0-9a-f.:]+)$/.exec(parsed.problems[0]?.message ?? '')?.[1] ?? '';
      return filterOf({ 'f|cidr': `${start}/${prefix}` });
    };
    fc.assert(
      fc.property(address, fc.nat(128), address, fc.boolean(), (base, size, other, same) => {
        const prefix = isIPv4(base) ? size % 33 : size;
        const list = new BlockList();
        list.addSubnet(base, prefix, family(base));
        const text = same ? base : other;
        const expected = family(text) === family(base) && list.check(text, family(text));
        expect(matches(around(base, prefix), { f: text })).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('what is an address, with Node', () => {
    const nearly = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      short('1', '25', '6', '.', ':', '::', 'f', '0'),
    );
    fc.assert(
      fc.property(nearly, (text) => {
        const known = passes('f|cidr', ['0.0.0.0/0', '::/0'], text);
        expect(known).toBe(isIPv4(text) || (isIPv6(text) && !text.includes('%')));
      }),
      { numRuns: 1000 },
    );
  });

  it('an expression that would make a backtracking engine run away comes to its end', () => {
    expect(passes('f|re', '^(a+)+$', `${'a'.repeat(50_000)}b`)).toBe(false);
  });
});
