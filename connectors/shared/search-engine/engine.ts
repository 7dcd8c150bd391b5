/** What Elasticsearch and OpenSearch have in common, as the rest of this folder needs it: calls, versions, points in time. */
import { ConnectorError } from '../../../src/core/errors.ts';
import { type Json, textAt } from './json.ts';
import type { Rights } from './rights.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: Json;
}

export interface Answer {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Server {
  /** `9.5.3` */
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  readonly clusterId: string;
}

export interface Engine {
  readonly product: 'Elasticsearch' | 'OpenSearch';
  /** The source's name. */
  readonly source: string;
  /** Throws `ConnectorError`, or the signal's reason. */
  call(call: Call, signal: AbortSignal): Promise<Answer>;
  /** Asked anew each time: a wrong cluster must not pass for the one that was there before. */
  server(signal: AbortSignal): Promise<Server>;
  /** What the last such answer said; null before the first. */
  known(): Server | null;
  /** Opens a point in time over the indices, with these parameters: its id, and what the server said of its shards. */
  openPoint(
    index: string,
    query: NonNullable<Call['query']>,
    signal: AbortSignal,
  ): Promise<{ id: string; answer: unknown }>;
  closePoint(id: string, signal: AbortSignal): Promise<void>;
  readonly rights: Rights;
  close(): Promise<void>;
}

/** The server could not take so much at once: half the range may do. Never leaves the folder unless nothing is left to halve. */
export class TooMuchError extends ConnectorError {}

/** From the answer to `GET /`. */
export function parseServer(body: unknown): Server {
  const version = textAt(body, 'version', 'number');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { version, major, minor, clusterId: textAt(body, 'cluster_uuid') };
}

/** A name or expression of indices as a part of a path. */
export function indexPath(index: string): string {
  return index.split(',').map(encodeURIComponent).join(',');
}
