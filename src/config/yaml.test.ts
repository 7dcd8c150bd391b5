import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readYaml } from './yaml.ts';

function said(text: string): string[] {
  return readYaml(text).problems.map(
    ({ position, severity, message }) => `${position.line}:${position.column} ${severity} ${message}`,
  );
}

describe('YAML is read as YAML 1.2', () => {
  it('keeps words, dates and times of day as text', () => {
    const text = 'on: yes\noff: no\nn: N\nday: 2026-01-31\ntime: 12:30\nquoted: "8.10"\nempty:\n';
    expect(readYaml(text).value).toEqual({
      on: 'yes',
      off: 'no',
      n: 'N',
      day: '2026-01-31',
      time: '12:30',
      quoted: '8.10',
      empty: null,
    });
    expect(said(text)).toEqual([]);
  });

  it('takes a number as a key as it is spelled', () => {
    expect(readYaml('{007: a, 1e3: b, true: c}').value).toEqual({ '007': 'a', '1e3': 'b', true: 'c' });
  });

  it('follows aliases, also to anchors that are set again', () => {
    expect(readYaml('a: &x 1\nb: *x\nc: &x 2\nd: [*x, *x]\n').value).toEqual({ a: 1, b: 1, c: 2, d: [2, 2] });
  });

  it('reads back whatever the library writes', () => {
    const value = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.integer(),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('node'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).node;
    fc.assert(
      fc.property(
        value.filter((one) => one !== null && one !== undefined),
        (one) => {
          expect(readYaml(stringify(one, { aliasDuplicateObjects: false })).value).toEqual(one);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('traps are named', () => {
  const traps: readonly (readonly [text: string, problem: string])[] = [
    ['a: 012\n', '1:4 warning 012 is read as the number 12'],
    ['a: 0x1F\n', '1:4 warning 0x1F is read as the number 31'],
    ['a: 0o17\n', '1:4 warning 0o17 is read as the number 15'],
    ['a: 1e3\n', '1:4 warning 1e3 is read as the number 1000'],
    ['a: .inf\n', "1:4 error .inf can't be held exactly as a number"],
    ['a: 9007199254740993\n', "1:4 error 9007199254740993 can't be held exactly as a number"],
    ['a: 1\nb: 2\na: 3\n', '3:1 error the key `a` stands in this map twice'],
    ['a:\n\t- b\n', '2:1 error a tab stands where only spaces may'],
    ['a: &a [*a]\n', '1:8 error the alias *a stands inside what it stands for'],
    ['a: *b\n', '1:4 error there is no anchor &b before this alias'],
    ['a: !secret x\n', '1:12 error the tag !secret means nothing here'],
    ['__proto__: {a: 1}\n', "1:1 error `__proto__` can't be a key"],
    ['? [a]\n: b\n', '1:3 error a key must be a plain text'],
    ['a: 1\n---\nb: 2\n', '2:1 error a second document begins here (`---`)'],
    ['a: b: c\n', '1:4 error a second `key: value` stands on this line'],
    ['@a: b\n', "1:1 error a plain text can't begin with @"],
    ['', '1:1 error the file is empty'],
  ];
  it.each(traps)('%j', (text, problem) => {
    expect(said(text)).toEqual([problem]);
  });

  it('all tabs at once, but of other slips only the first', () => {
    expect(said('a:\n\tb: 1\nc:\n\td: 1\n')).toHaveLength(2);
    expect(said('a: [\nb: ]\n}')).toHaveLength(1);
  });

  it('what explodes or nests without end stops early', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(10)}]`)
      .join('\n')}\n`;
    expect(said(bomb)).toEqual([expect.stringContaining('more than 200000 values')]);
    expect(said(`${'['.repeat(70)}${']'.repeat(70)}`)).toEqual([
      expect.stringContaining('deeper than 64 levels'),
    ]);
  });
});

describe('every part of the text has its place', () => {
  const text = 'a: 1\nlist:\n  - {x: "quoted text", y: plain text}\n  - &n {z: 3}\nagain: *n\nempty:\n';
  const yaml = readYaml(text);
  const at = (path: (string | number)[], where: 'key' | 'value' = 'value', offset?: number) => {
    const { line, column } = yaml.locate({ path, at: where, ...(offset !== undefined && { offset }) });
    return `${line}:${column}`;
  };

  it('a value, a key, an item of a list, the whole', () => {
    expect([at(['list', 0, 'y']), at(['list', 0, 'y'], 'key'), at(['list', 1]), at([])]).toEqual([
      '3:27',
      '3:24',
      '4:8',
      '1:1',
    ]);
  });

  it('a character inside a text, plain or quoted', () => {
    expect([at(['list', 0, 'x'], 'value', 7), at(['list', 0, 'y'], 'value', 6)]).toEqual(['3:17', '3:33']);
  });

  it('the nearest part of what is not there, the key of what is empty, the anchor of an alias', () => {
    expect([at(['list', 0, 'none']), at(['list', 7]), at(['empty']), at(['again', 'z'])]).toEqual([
      '3:5',
      '2:1',
      '6:1',
      '4:12',
    ]);
  });
});
