/** What the fake knows, Splunk knows: every command and function stands in the vocabulary of Splunk's own editor. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { AGGREGATES } from './spl/aggregates.ts';
import { FUNCTIONS } from './spl/functions.ts';
import { COMMANDS, OTHERS } from './spl/run.ts';

const require = createRequire(import.meta.url);

interface Entry {
  readonly functions?: readonly { readonly name: string }[];
  readonly args?: readonly { readonly key: string }[];
}

const vocabulary: Readonly<Record<string, Entry>> =
  require('@splunk/dashboard-utils/defaultSPLSyntax.json.js').default;

/** In the documentation of 9 and 10 only. */
const NEWER = ['fromjson', 'in'];

const functionsOf = (command: string): readonly string[] =>
  (vocabulary[`${command}-command`]?.functions ?? []).map(({ name }) => name.toLowerCase());

describe("Splunk's own vocabulary", () => {
  it('has every command that the fake runs or knows of', () => {
    const known = (name: string): boolean =>
      NEWER.includes(name) || vocabulary[`${name}-command`] !== undefined;
    expect(Object.keys(vocabulary).length).toBeGreaterThan(150);
    expect([...Object.keys(COMMANDS), ...OTHERS].filter((name) => !known(name))).toEqual([]);
  });

  it('has every eval function, but for those that are newer than it', () => {
    const names = functionsOf('eval');
    expect(names.length).toBeGreaterThan(80);
    expect(Object.keys(FUNCTIONS).filter((name) => !NEWER.includes(name) && !names.includes(name))).toEqual(
      [],
    );
  });

  it('has every function of stats', () => {
    const names = functionsOf('stats');
    expect(names.length).toBeGreaterThan(30);
    expect(Object.keys(AGGREGATES).filter((name) => !names.includes(name))).toEqual([]);
  });
});
