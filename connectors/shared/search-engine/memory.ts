/** What the last probe of an index expression found, so that the reads after it need not ask again. */
import { readSchema, type Schema } from './schema.ts';
import type { Session } from './search.ts';

export interface Memory {
  /** Asks only where nothing is known. */
  schema(session: Session): Promise<Schema>;
  refresh(session: Session): Promise<Schema>;
  known(index: string): Schema | null;
}

export function openMemory(): Memory {
  const schemas = new Map<string, Schema>();
  const refresh = async (session: Session): Promise<Schema> => {
    const schema = await readSchema(session);
    schemas.set(session.index, schema);
    return schema;
  };
  return {
    schema: async (session) => schemas.get(session.index) ?? refresh(session),
    refresh,
    known: (index) => schemas.get(index) ?? null,
  };
}
