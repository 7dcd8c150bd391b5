import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FilterProblem, parseFilter, parseSigmaRule } from './parse.ts';

function problemsOf(where: unknown): readonly FilterProblem[] {
  const parsed = parseFilter(where);
  return 'problems' in parsed ? parsed.problems : [];
}

/** Where the problem is, what the message says of it, and what the help does. */
type Wrong = [where: unknown, path: FilterProblem['path'], message: string, help?: string];

function refuses(promise: string, cases: readonly Wrong[]): void {
  describe(promise, () => {
    it.each(cases)('%j at %j: %s', (where, path, message, help) => {
      const [problem, ...others] = problemsOf(where);
      expect(others).toEqual([]);
      expect(problem).toMatchObject({ path, message: expect.stringContaining(message) });
      if (help !== undefined) expect(problem?.help).toContain(help);
    });
  });
}

describe('a filter that is right', () => {
  it('comes back as tests joined by and, or and not', () => {
    expect(parseFilter({ 'event.action': 'log*', n: [1, true] })).toEqual({
      filter: {
        op: 'and',
        of: [
          {
            op: 'test',
            field: 'event.action',
            predicate: { kind: 'text', pattern: [{ literal: 'log' }, '*'], cased: false },
          },
          {
            op: 'or',
            of: [
              { op: 'test', field: 'n', predicate: { kind: 'number', value: 1 } },
              { op: 'test', field: 'n', predicate: { kind: 'boolean', value: true } },
            ],
          },
        ],
      },
    });
  });

  it('says the same in the same way: neighbouring stars are one', () => {
    expect(parseFilter({ 'f|contains': '*a**b*' })).toEqual(parseFilter({ f: '*a*b*' }));
  });

  it('may have a selection named by any word but those of conditions', () => {
    expect(
      problemsOf({ 'sel-1.x': { a: 1 }, Ünder_score: { b: 1 }, condition: 'sel-1.x and not Ünder_score' }),
    ).toEqual([]);
  });

  it('may leave selections unused, as an overlay that changes only the condition does', () => {
    expect(problemsOf({ a: { x: 1 }, b: { y: 1 }, condition: 'a' })).toEqual([]);
  });

  it('may test a field called condition inside a selection', () => {
    expect(problemsOf({ a: { condition: 'x' }, condition: 'a' })).toEqual([]);
  });
});

refuses('the shape of a filter', [
  [null, [], 'this is empty'],
  ['logon', [], 'this is text'],
  [7, [], 'this is a number'],
  [[], [], 'the list is empty'],
  [{}, [], 'the map is empty', 'Leave it out'],
  [[{ a: 1 }, {}], [1], 'the map is empty'],
  [['logon'], [0], 'keyword search', 'field: value'],
  [[[{ a: 1 }]], [0], 'this is a list'],
  [{ '|all': ['a', 'b'] }, ['|all'], 'keyword search'],
  [{ user: { name: 'x' } }, ['user'], 'map as its value', 'user.name'],
  [{ sel: { a: 1 } }, ['sel'], 'map as its value', '`condition`'],
]);

refuses('named selections', [
  [{ condition: 'a', a: 'logon' }, ['a'], 'is a selection here'],
  [{ condition: 'keywords', keywords: ['x'] }, ['keywords', 0], 'keyword search'],
  [{ condition: 'a', a: { x: 1 }, b: { y: [] } }, ['b', 'y'], 'list of values is empty'],
  [{ condition: 'a', a: { x: 1 }, 'b c': { y: 1 } }, ['b c'], 'characters that a condition cannot hold'],
  [{ condition: 'a', a: { x: 1 }, Them: { y: 1 } }, ['Them'], 'is a word of conditions'],
  [{ condition: 'a', a: { x: 1 }, timeframe: '5m' }, ['timeframe'], '`timeframe`', 'window'],
  [{ condition: 5, a: { x: 1 } }, ['condition'], 'a condition is text'],
  [{ condition: ['a', null], a: { x: 1 } }, ['condition', 1], 'a condition is text'],
]);

const sel = { selection: { a: 1 }, filter_x: { b: 1 } };
refuses('conditions', [
  [{ ...sel, condition: 'selektion' }, ['condition'], 'no such selection', '`selection`'],
  [{ ...sel, condition: 'zzz' }, ['condition'], 'no such selection', 'Selections: selection, filter_x.'],
  [
    { ...sel, condition: 'selection and not 1 of fliter_*' },
    ['condition'],
    'fits no selection',
    '`filter_x`',
  ],
  [{ _a: { x: 1 }, condition: 'all of them' }, ['condition'], 'fits no selection'],
  [{ ...sel, condition: 'selection AND filter_x' }, ['condition'], '`AND` is not known', '`and`'],
  [{ ...sel, condition: 'selection filter_x' }, ['condition'], '`filter_x` is not expected'],
  [{ ...sel, condition: 'selection and' }, ['condition'], 'ends where a selection should stand'],
  [{ ...sel, condition: '' }, ['condition'], 'ends where a selection should stand'],
  [{ ...sel, condition: '(selection' }, ['condition'], '`(` is not closed'],
  [{ ...sel, condition: 'selection)' }, ['condition'], '`)` is not expected'],
  [{ ...sel, condition: 'and selection' }, ['condition'], '`and` is not expected'],
  [{ ...sel, condition: '2 of them' }, ['condition'], '`2 of` is not part of Sigma', '`1 of`'],
  [{ ...sel, condition: 'any of them' }, ['condition'], '`any of` is not part of Sigma'],
  [{ ...sel, condition: '1 of' }, ['condition'], 'names no selections'],
  [{ ...sel, condition: '1 of (selection)' }, ['condition'], '`(` is not expected'],
  [{ ...sel, condition: 'selection | count() > 5' }, ['condition'], 'aggregations', 'aggregate'],
  [{ ...sel, condition: `${'not '.repeat(60)}selection` }, ['condition'], 'nested 50 deep'],
  [{ ...sel, condition: '('.repeat(1_000) }, ['condition'], 'nested 50 deep'],
  [{ ...sel, condition: `${'selection or '.repeat(400)}selection` }, ['condition'], '4000 characters'],
  [
    { big: { f: Array(9_000).fill('x') }, condition: 'big or big or big' },
    ['condition'],
    'more than 20000 tests',
  ],
]);

refuses('modifiers', [
  [{ 'f|contians': 'x' }, ['f|contians'], 'no modifier `contians`', '`contains`'],
  [{ 'f|Contains': 'x' }, ['f|Contains'], 'no modifier `Contains`', '`contains`'],
  [{ 'f|xyzzyx': 'x' }, ['f|xyzzyx'], 'no modifier `xyzzyx`', 'Known modifiers: contains'],
  [{ 'f|equals': 'x' }, ['f|equals'], 'no modifier `equals`'],
  [{ 'f|': 'x' }, ['f|'], 'no modifier ``'],
  [{ 'f | contains': 'x' }, ['f | contains'], 'has blanks around a name'],
  [{ 'f|contains|contains': 'x' }, ['f|contains|contains'], 'stands twice'],
  [{ 'f|contains|endswith': 'x' }, ['f|contains|endswith'], 'do not go together'],
  [{ 'f|i': 'x' }, ['f|i'], '`i` goes only with `re`', 're|i'],
  [{ 'f|cidr|cased': '::/0' }, ['f|cidr|cased'], '`cased` does not go with `cidr`'],
  [{ 'f|gt|all': [1] }, ['f|gt|all'], '`all` does not go with `gt`'],
  [{ 'f|all|neq': ['a', 'b'] }, ['f|all|neq'], '`all` and `neq`', 'not'],
  [{ 'f|all': 'x' }, ['f|all'], '`all` needs a list'],
  [{ 'f|constructor': 'x' }, ['f|constructor'], 'no modifier `constructor`'],
]);

describe('modifiers of Sigma that clause9 does not take', () => {
  const refused = [
    'fieldref',
    'expand',
    'base64',
    'base64offset',
    'utf16',
    'utf16le',
    'utf16be',
    'wide',
    'windash',
    'minute',
    'hour',
    'day',
    'week',
    'month',
    'year',
  ];
  it.each(refused)('%s is refused with its reason', (name) => {
    expect(problemsOf({ [`f|${name}|contains`]: 'x' })).toEqual([
      {
        path: [`f|${name}|contains`],
        message: expect.stringMatching(new RegExp(`^the modifier .${name}. is not supported: it .{20}`)),
      },
    ]);
  });
});

refuses('values', [
  [{ f: [] }, ['f'], 'the list of values is empty'],
  [{ f: ['a', null] }, ['f', 1], '`null` may not stand in a list'],
  [{ f: ['a', ['b']] }, ['f', 1], 'a list is no value'],
  [{ f: ['a', { b: 1 }] }, ['f', 1], 'map as its value'],
  [{ f: undefined }, ['f'], '`null` may not stand'],
  [{ 'f|contains': null }, ['f|contains'], '`null` does not go with a modifier', 'f: null'],
  [{ 'f|contains': 5 }, ['f|contains'], '`contains` takes text; this is a number', 'quotes'],
  [{ 'f|cased': 5 }, ['f|cased'], '`cased` takes text', 'quotes'],
  [{ 'f|endswith': true }, ['f|endswith'], 'this is a boolean', 'quotes'],
  [{ 'f|contains': '' }, ['f|contains'], 'matches every value', 'exists'],
  [{ 'f|gt': '5' }, ['f|gt'], '`gt` takes a number; this is text', 'without quotes'],
  [{ 'f|lt': [1, 2] }, ['f|lt'], 'one number, not a list'],
  [{ 'f|gt': Number.NaN }, ['f|gt'], '`gt` takes a number'],
  [{ f: Number.POSITIVE_INFINITY }, ['f'], 'Infinity is no value'],
  [{ f: 2 ** 60 }, ['f'], 'too large to be held exactly', 'quotes'],
  [{ 'f|exists': 'yes' }, ['f|exists'], '`exists` takes `true` or `false`'],
  [{ 'f|exists': [true] }, ['f|exists'], 'this is a list'],
  [{ 'f|cidr': '10.0.0.5/8' }, ['f|cidr'], 'the network starts at 10.0.0.0'],
  [{ 'f|cidr': ['::/0', '10.0.0.0/33'] }, ['f|cidr', 1], 'prefix length from 0 to 32'],
  [{ 'f|cidr': '10.0.0.0/' }, ['f|cidr'], 'prefix length'],
  [{ 'f|cidr': '10.0.*' }, ['f|cidr'], 'is no IPv4 or IPv6 network', '10.0.0.0/8'],
  [{ 'f|in': ['a'] }, ['f|in'], '`in` takes a map; this is a list', 'just a list'],
  [{ 'f|in': { dataset: 'kev' } }, ['f|in'], 'needs a `dataset` and a `field`'],
  [
    { 'f|in': { dataset: 'kev', field: 'x', feild: 'y' } },
    ['f|in', 'feild'],
    'knows no key `feild`',
    '`field`',
  ],
  [{ f: 'x'.repeat(8_001) }, ['f'], '8000 characters'],
  [{ f: Array(10_001).fill('x') }, ['f'], '10000 values', '`in`'],
]);

describe('regular expressions', () => {
  it.each([
    'a',
    '^a|b$',
    '[a-z0-9._-]+@[^.]{1,63}',
    '(a|(b|c))*x?',
    '\\.\\*\\\\',
    'a{2}',
    'a{2,}',
    '[\\]\\[^-]',
    '()',
    'x|',
    '😀+',
  ])('may be %s', (source) => expect(problemsOf({ 'f|re': source })).toEqual([]));

  it.each([
    ['', 'matches everything', 'exists'],
    ['\\d+', '`\\d` is not among the metacharacters', '`[0-9]`'],
    ['\\bx', '`\\b` is not among the metacharacters', 'without a backslash'],
    ['(a)\\1', '`\\1` is not among the metacharacters', ''],
    ['[\\w]', '`\\w` is not among the metacharacters', '`[A-Za-z0-9_]`'],
    ['a\\é', '`\\é` is not among', ''],
    ['(?:a)', '`(?` is not among', 'plain group'],
    ['(?i)a', '`(?` is not among', 'modifiers'],
    ['a(?=b)', '`(?` is not among', ''],
    ['a*?', '`*?`: lazy', ''],
    ['a++', '`++`: lazy', ''],
    ['a{2}{3}', '`{2}{`: lazy', ''],
    ['*a', '`*` has nothing to repeat', '`\\*`'],
    ['(+a)', '`+` has nothing to repeat', ''],
    ['a|?', '`?` has nothing to repeat', ''],
    ['^*', '`*` has nothing to repeat', ''],
    ['a{,3}', '`{` has nothing to repeat', '`\\{`'],
    ['(a', '`(` is not closed', ''],
    ['a)', '`)` closes nothing', ''],
    ['a]', '`]` closes nothing', '`\\]`'],
    ['[a', '`[` is not closed', ''],
    ['[]a]', '`[]` may not be empty', ''],
    ['[[:alpha:]]', '`[` inside a class', ''],
    ['a\\', 'backslash stands at the end', ''],
    ['[z-a]', 'z-a', ''],
    ['a{3,2}', '{3,2}', ''],
    ['(.{100}){100}', 'too large', 'smaller'],
    ['(((a{40}){40}){40}){40}', 'too large', ''],
    ['('.repeat(60) + ')'.repeat(60), 'nested 50 deep', ''],
    ['a'.repeat(1_001), '1000 characters', ''],
  ])('may not be %s', (source, message, help) => {
    const [problem, ...others] = problemsOf({ 'f|re': source });
    expect(others).toEqual([]);
    expect(problem?.message).toContain(message);
    expect(problem?.help ?? '').toContain(help);
  });
});

describe('all problems', () => {
  it('are told at once, in their order, each with its place', () => {
    const where = {
      a: { 'x|contians': 1, y: ['ok', null], 'z|gt|lt|base65': 2 },
      b: [{ 'f|re': '(' }, 'keyword'],
      condition: 'a and nope and 1 of nope*',
    };
    expect(problemsOf(where).map(({ path }) => path.join('/'))).toEqual([
      'a/x|contians',
      'a/y/1',
      'a/z|gt|lt|base65',
      'b/0/f|re',
      'b/1',
      'condition',
      'condition',
    ]);
  });
});

describe('any input at all', () => {
  const node = fc.anything({
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withBigInt: true,
    withTypedArray: true,
  });

  it('comes back as a filter or as problems, never as an exception', () => {
    fc.assert(
      fc.property(node, (input) => {
        for (const parsed of [
          parseFilter(input),
          parseSigmaRule(input),
          parseSigmaRule({ logsource: input, detection: input }),
        ]) {
          if ('problems' in parsed) expect(parsed.problems.length).toBeGreaterThan(0);
          else expect(parsed.filter).toBeDefined();
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('neither where it nearly is a filter', () => {
    const word = fc.constantFrom(
      'a',
      'sel',
      'x|re',
      'x|re|i',
      'x|cidr',
      'x|gt',
      'x|in',
      'x|all',
      '|',
      'x|neq',
      'condition',
      '__proto__',
    );
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('a', 'sel', 'and', 'or', 'not', '(', ')', '1', 'of', 'them', '*', '|'))
        .map((list) => list.join(' ')),
    );
    const regex = fc
      .array(
        fc.constantFrom('a', '(', ')', '[', ']', '{', '}', '2', ',', '*', '?', '\\', '^', '|', '-', '😀'),
      )
      .map((list) => list.join(''));
    const leaf = fc.oneof(text, regex, fc.double(), fc.boolean(), fc.constant(null));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(word, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (input) => void parseFilter(input)),
      { numRuns: 2_000 },
    );
  });

  it('may go round in a circle', () => {
    const circle: Record<string, unknown> = { a: 1 };
    circle.b = circle;
    circle.c = [circle];
    expect(problemsOf(circle).map(({ path }) => path)).toEqual([['b'], ['c', 0]]);
  });
});

describe('a Sigma rule', () => {
  const rule = {
    title: 'Failed logon',
    logsource: { product: 'windows', service: 'security', definition: 'audit' },
    detection: { selection: { EventID: [4625, 4771] }, condition: 'selection' },
    level: 'low',
  };

  it('gives its detection as a filter, and its log source', () => {
    expect(parseSigmaRule(rule)).toEqual({
      ...parseFilter(rule.detection),
      logsource: { category: null, product: 'windows', service: 'security' },
    });
  });

  it.each([
    [null, [], 'a Sigma rule is a map'],
    [{ logsource: rule.logsource }, [], 'needs a `detection`'],
    [{ ...rule, detection: 'x' }, ['detection'], 'needs a `detection`'],
    [{ ...rule, detection: { selection: { a: 1 } } }, ['detection'], 'has no `condition`'],
    [{ ...rule, detection: { condition: 'a' } }, ['detection'], 'no selection'],
    [
      { ...rule, detection: { s: { 'a|contians': 'x' }, condition: 's' } },
      ['detection', 's', 'a|contians'],
      'no modifier',
    ],
    [{ ...rule, detection: undefined, correlation: {} }, ['correlation'], 'correlation rules'],
    [{ detection: rule.detection }, [], 'needs a `logsource`'],
    [{ ...rule, logsource: {} }, ['logsource'], 'needs a `logsource`'],
    [{ ...rule, logsource: { product: 5 } }, ['logsource', 'product'], 'must be text'],
  ])('%j is wrong at %j: %s', (node, path, message) => {
    const parsed = parseSigmaRule(node);
    expect('problems' in parsed && parsed.problems[0]).toMatchObject({
      path,
      message: expect.stringContaining(message),
    });
  });
});
