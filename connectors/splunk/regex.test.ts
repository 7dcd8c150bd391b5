/** Expressions for `match` find what the reference evaluator finds. JavaScript's `u` flag reads them as PCRE does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkContains, parseAddress, parseNetwork } from '../../src/core/filter/address.ts';
import { compilePattern, parsePattern } from '../../src/core/filter/pattern.ts';
import { checkRegex, compileRegex } from '../../src/core/filter/regex.ts';
import { foldCase, numericValue } from '../../src/core/filter/value.ts';
import { networkRegex } from './network.ts';
import { NUMBER, oneOf, translate, wildcard } from './regex.ts';

const test = (regex: string, value: string): boolean => new RegExp(regex, 'u').test(value);

const TEXTS = [
  '',
  'a',
  'A',
  'ab',
  'aab',
  'abab',
  'Ba',
  'K',
  'k',
  'ſ',
  'S',
  'é',
  'É',
  '😀',
  'a\n',
  '\na',
  'a\nb',
  '\\',
  '*',
  '?',
];
const value = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        'A',
        'B',
        'k',
        'K',
        '\u212a',
        'ä',
        '😀',
        '\n',
        '.',
        '\\',
        '\x85',
        '`',
        '-',
        ']',
      ),
      { maxLength: 7 },
    )
    .map((list) => list.join('')),
  fc.constantFrom(...TEXTS),
);

describe('A wildcard', () => {
  it('fits the values that the reference says', () => {
    const pattern = fc
      .array(fc.constantFrom('a', 'B', 'ä', '\\', '.', '\n', '`', '*', '?', '😀', '\\*'), { maxLength: 6 })
      .map((list) => parsePattern(list.join('')));
    fc.assert(
      fc.property(pattern, value, fc.boolean(), (tokens, text, cased) => {
        // A text without characters is no value to Splunk.
        if (text === '' || tokens.length === 0) return;
        expect(test(wildcard(tokens, cased), text)).toBe(compilePattern(tokens, cased)(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes time in proportion to the value, however many stars it has', () => {
    const regex = new RegExp(wildcard(parsePattern('*a*a*a*a*a*a*b*c'), false), 'u');
    expect(regex.test('a'.repeat(200_000))).toBe(false);
  });
});

describe('A list of texts', () => {
  it('fits its texts, ASCII case aside, and is cut where it would grow too large', () => {
    const names = Array.from({ length: 500 }, (_, i) => `user-${i}`);
    const parts = oneOf(names);
    expect(parts.length).toBeGreaterThan(1);
    for (const name of ['USER-0', 'user-499']) expect(parts.some((part) => test(part, name))).toBe(true);
    for (const name of ['user-500', 'user-49 ', 'xuser-4', 'user-4\n'])
      expect(parts.some((part) => test(part, name))).toBe(false);
    fc.assert(
      fc.property(
        fc.array(
          value.filter((one) => one !== ''),
          { minLength: 1, maxLength: 4 },
        ),
        value,
        (list, text) => {
          expect(oneOf(list).some((part) => test(part, text))).toBe(
            list.map(foldCase).includes(foldCase(text)),
          );
        },
      ),
    );
  });
});

describe('A number in full', () => {
  it('looks as the reference says', () => {
    for (const text of [
      '1',
      '-1.5',
      '1e3',
      '1E-3',
      '01',
      '.5',
      '5.',
      '+1',
      ' 1',
      '1 ',
      '1\n',
      '0x1',
      'inf',
      '1,0',
      '-',
      '',
    ]) {
      expect(test(NUMBER, text), text).toBe(numericValue(text) !== null);
    }
  });
});

describe('An expression', () => {
  const atom = fc.constantFrom(
    'a',
    'B',
    'k',
    's',
    '.',
    '[a-c]',
    '[^a]',
    '[k]',
    '[\\-a]',
    '[^S]',
    '\\.',
    '\\\\',
    '(a|b)',
    '(ab)',
    '(a|bk)',
    '^',
    '$',
    '|',
  );
  const repeat = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{1,}');
  const source = fc
    .array(fc.tuple(atom, repeat), { minLength: 1, maxLength: 5 })
    .map((list) => list.map(([one, times]) => (/^[\^$|]$/.test(one) ? one : one + times)).join(''))
    .filter((text) => checkRegex(text) === null);

  it('finds what RE2 finds, under every flag', () => {
    fc.assert(
      fc.property(
        source,
        fc.constantFrom('', 'i', 'm', 's', 'im', 'is', 'ims'),
        value,
        (regex, flags, text) => {
          expect(test(translate(regex, flags), text), JSON.stringify([regex, flags, text])).toBe(
            compileRegex(regex, flags)(text),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('that repeats a repeat is refused, as PCRE may give up on it silently', () => {
    for (const regex of ['(a+)+', '(a|b*)*c', '((ab)*c)+', '(a{1,})*'])
      expect(() => translate(regex, ''), regex).toThrow('repeat');
    for (const regex of ['(ab)+', '[a+]+', '(a?b)*', '(\\+)+', '(a+)b+', '(a{2})+'])
      expect(() => translate(regex, ''), regex).not.toThrow();
  });

  it('that ignores case beyond ASCII is refused', () => {
    expect(() => translate('ä', 'i')).toThrow('case');
    expect(() => translate('[ä]', 'i')).toThrow('case');
    expect(translate('ä', '')).toBe('ä');
  });
});

describe('A network', () => {
  const NETWORKS = [
    '10.0.0.0/8',
    '192.168.1.64/26',
    '0.0.0.0/0',
    '172.16.0.0/12',
    '10.1.2.3',
    '10.1.2.0/23',
    '2001:db8::/32',
    '::/0',
    '::/64',
    'fe80::/10',
    '::1',
    '2001:db8:0:8000::/49',
    '1:0:0:2::/67',
    '::ffff:0:0/96',
    '::ffff:10.0.0.0/104',
    '::fffe:0:0/95',
  ];
  const group = fc.constantFrom(
    '0',
    '00',
    '0000',
    '1',
    '8000',
    'ffff',
    'FFFF',
    'fe80',
    'febf',
    '2001',
    'db8',
    '0DB8',
    'a01',
    '203',
    '8001',
    '2',
    'fffe',
  );
  const dotted = fc
    .array(
      fc.constantFrom(
        '0',
        '1',
        '2',
        '3',
        '10',
        '16',
        '31',
        '32',
        '64',
        '127',
        '128',
        '168',
        '172',
        '192',
        '255',
        '256',
        '01',
      ),
      { minLength: 4, maxLength: 4 },
    )
    .map((list) => list.join('.'));
  const colons = fc
    .tuple(fc.array(group, { maxLength: 8 }), fc.option(fc.nat(8)), fc.option(dotted))
    .map(([groups, gap, tail]) => {
      const parts = tail === null ? groups : [...groups, tail];
      if (gap === null) return parts.join(':');
      return `${parts.slice(0, gap).join(':')}::${parts.slice(gap).join(':')}`;
    });
  const zeros = fc
    .tuple(
      fc.integer({ min: 0, max: 6 }),
      fc.constantFrom('0', '0000'),
      fc.constantFrom('ffff', 'FFFF', '0', '1'),
      fc.oneof(
        dotted,
        fc.tuple(group, group).map((pair) => pair.join(':')),
      ),
    )
    .map(([n, zero, lead, tail]) => [...Array(n).fill(zero), lead, tail].join(':'));
  const text = fc.oneof(
    dotted,
    colons,
    zeros,
    zeros.map((one) => `::${one}`),
    fc.constantFrom('host', '', '::', '10.0.0.1 ', '1::2::3', ':1', '1:', '10.0.0.1\n'),
  );

  it('holds the addresses that the reference says, in all their notations', () => {
    const compiled = NETWORKS.map((cidr) => ({ cidr, network: parseNetwork(cidr), ...networkRegex(cidr) }));
    fc.assert(
      fc.property(text, (address) => {
        for (const { cidr, network, inside, outside } of compiled) {
          if ('problem' in network) throw new Error(`${cidr} ${network.problem}`);
          const parsed = parseAddress(address);
          const found = test(inside, address) && (outside === null || !test(outside, address));
          expect(found, `${address} in ${cidr}`).toBe(parsed !== null && networkContains(network, parsed));
        }
      }),
      { numRuns: 1_500 },
    );
  });
});
