/** What a connector says of its kinds of field is true: what it says it compiles is exact, what it refuses is refused. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { compileFilter } from '../../src/core/filter/evaluate.ts';
import type { Filter, Predicate } from '../../src/core/filter/model.ts';
import { PIECES } from '../../src/core/filter/pieces.ts';
import { NO_GROUP } from '../../src/core/measure/tally.ts';
import { HOUR } from '../../src/core/time/interval.ts';
import type { FieldKind } from '../../src/ports/connector.ts';
import { measure, readSlices } from '../fakes/asking.ts';
import { ROWS, START } from './connector-data.ts';
import type { ConnectorHarness, ContractSource } from './connector-harness.ts';
import { heldBy } from './connector-reading.ts';

const RANGE = { start: START - HOUR, end: START + 7 * HOUR };
const EXAMPLES = PIECES.flatMap(({ name, examples }) => examples.map((predicate) => ({ name, predicate })));

interface Case {
  readonly label: string;
  readonly where: Filter;
  readonly refusal: string | null;
}

export function filterContract(name: string, harness: ConnectorHarness, source: () => ContractSource): void {
  const stated = harness.fieldKinds;
  if (stated === undefined) return;
  const rows = () => ROWS.map(heldBy(harness));
  const count = async (cases: readonly Case[]): Promise<number[]> => {
    const { connector, events: dataset } = source();
    const measures = cases.map(({ where }, i) => measure({ id: String(i), where }));
    const readings = await readSlices(connector, { dataset, range: RANGE, measures });
    return cases.map((_, i) =>
      readings.reduce((sum, { tallies }) => sum + (tallies[String(i)]?.[NO_GROUP]?.n ?? 0), 0),
    );
  };

  describe(`${name}: the pieces of the filter language`, () => {
    let cases: readonly Case[];
    beforeAll(async () => {
      await source().replace(source().events, ROWS);
      const kinds = await stated.kinds();
      expect(Object.keys(stated.fields)).toEqual(kinds.map((kind) => kind.name));
      cases = kinds.flatMap((kind) =>
        (stated.fields[kind.name] ?? []).flatMap((field) => casesOf(kind, field)),
      );
    });

    it('that are said to be compiled are exact, also when they are negated', async () => {
      const compiled = cases.filter(({ refusal }) => refusal === null);
      const counts = await count(compiled);
      const expected = compiled.map(
        ({ label, where }) => `${label}: ${rows().filter(compileFilter(where)).length}`,
      );
      expect(compiled.map(({ label }, i) => `${label}: ${counts[i]}`)).toEqual(expected);
    });

    it('that are said to be refused are refused, by a sentence', async () => {
      for (const refused of cases.filter(({ refusal }) => refusal !== null)) {
        const asked = count([refused]);
        await expect(asked, refused.label).rejects.toBeInstanceOf(ConnectorError);
        await expect(asked, refused.label).rejects.toMatchObject({ retryable: false });
      }
    });
  });
}

/** Each piece on the field, plain and negated: as different as they can be where a value is missing. */
function casesOf(kind: FieldKind, field: string): Case[] {
  return EXAMPLES.flatMap(({ name, predicate }) => {
    const label = `${kind.name} ${field} ${name} ${JSON.stringify(predicate)}`;
    const refusal = kind.refusal(predicate);
    const where = test(field, predicate);
    return [
      { label, where, refusal },
      ...(refusal === null
        ? [{ label: `not ${label}`, where: { op: 'not' as const, of: where }, refusal }]
        : []),
    ];
  });
}

const test = (field: string, predicate: Predicate): Filter => ({ op: 'test', field, predicate });
