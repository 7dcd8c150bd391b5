/** What the last probe of an index expression found, so that the reads after it need not ask again. */
import type { Dataset } from '../../../src/config/model.ts';
import { readSchema } from './caps.ts';
import type { Engine } from './engine.ts';
import type { Schema } from './schema.ts';
import { sessionOf } from './scope.ts';
import { type Session, thaw } from './search.ts';

/** A cluster, and the schemas that are known of it by index expression. */
export interface Source {
  readonly engine: Engine;
  readonly schemas: Map<string, Schema>;
}

export interface Opened {
  readonly session: Session;
  readonly schema: Schema;
}

/** Asks for the schema only where none is known. */
export async function open(source: Source, dataset: Dataset, signal: AbortSignal): Promise<Opened> {
  const session = sessionOf(source.engine, dataset, signal);
  await source.engine.rights.requireAll(session.index, signal);
  const schema = source.schemas.get(session.index);
  return schema === undefined ? openAnew(source, dataset, signal) : { session, schema };
}

export async function openAnew(
  { engine, schemas }: Source,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<Opened> {
  const session = sessionOf(engine, dataset, signal);
  const schema = await readSchema(session);
  schemas.set(session.index, schema);
  return { session, schema };
}

/** Ends the session's frozen view, if it has one. */
export async function opening<T>(
  source: Source,
  dataset: Dataset,
  signal: AbortSignal,
  read: (opened: Opened) => Promise<T>,
): Promise<T> {
  const opened = await open(source, dataset, signal);
  try {
    return await read(opened);
  } finally {
    await thaw(opened.session);
  }
}
