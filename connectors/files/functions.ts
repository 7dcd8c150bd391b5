/**
 * The few functions that DuckDB lacks. Three are the reference evaluator's own code, called from SQL, so that they
 * can't mean anything else; the others are SQL. Evidence shows queries that use them: docs/guide/files.md lists them.
 */
import {
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBScalarFunction,
  type DuckDBType,
  VARCHAR,
} from '@duckdb/node-api';
import { type Network, networkContains, parseAddress, parseNetwork } from '../../src/core/filter/address.ts';
import { NUMBER_TEXT } from '../../src/core/filter/value.ts';

const MACROS = [
  // Lower case for ASCII letters alone. Texts of ASCII alone, nearly all, take the fast way.
  `CREATE OR REPLACE MACRO c9_fold(x) AS CASE WHEN strlen(x) = length(x) THEN lower(x)
     ELSE translate(x, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END`,
  // The number that a text is in full, else NULL; as infinity, 1e400 is none.
  `CREATE OR REPLACE MACRO c9_number(x) AS CASE WHEN regexp_matches(x, '${NUMBER_TEXT}') AND isfinite(try_cast(x AS DOUBLE)) THEN try_cast(x AS DOUBLE) END`,
  // A number's canonical text.
  `CREATE OR REPLACE MACRO c9_text(x) AS CASE WHEN abs(x) < 1e15 AND x = trunc(x) THEN CAST(CAST(x AS BIGINT) AS VARCHAR)
     ELSE c9_number_text(x) END`,
];

export async function registerFunctions(connection: DuckDBConnection): Promise<void> {
  connection.registerScalarFunction(scalar('c9_number_text', [DOUBLE], VARCHAR, ([x]) => String(x)));
  connection.registerScalarFunction(
    scalar('c9_in_network', [VARCHAR, VARCHAR], BOOLEAN, ([address, network]) =>
      contains(String(network), String(address)),
    ),
  );
  for (const macro of MACROS) await connection.run(macro);
}

/** A function of non-null arguments; NULL in gives NULL out. */
function scalar(
  name: string,
  parameterTypes: readonly DuckDBType[],
  returnType: DuckDBType,
  compute: (values: readonly unknown[]) => string | boolean,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes,
    returnType,
    mainFunction: (_info, input, output) => {
      const columns = parameterTypes.map((_, i) => input.getColumnVector(i));
      for (let row = 0; row < input.rowCount; row += 1) {
        const values = columns.map((column) => column.getItem(row));
        output.setItem(row, values.includes(null) ? null : compute(values));
      }
      output.flush();
    },
  });
}

const networks = new Map<string, Network | null>();

function contains(network: string, address: string): boolean {
  let parsed = networks.get(network);
  if (parsed === undefined) {
    const result = parseNetwork(network);
    parsed = 'problem' in result ? null : result;
    networks.set(network, parsed);
  }
  const value = parseAddress(address);
  return parsed !== null && value !== null && networkContains(parsed, value);
}
