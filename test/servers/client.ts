/** Talks to a test server as an administrator does: plain HTTP, no vendor's client. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { Instant } from '../../src/core/time/interval.ts';
import type { StoredRow } from '../contract/connector-harness.ts';

export interface Admin {
  /** Throws for any status but 2xx. */
  send(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** In this order, visible when it resolves. */
  bulk(index: string, documents: readonly object[]): Promise<void>;
}

export function adminOf(url: string): Admin {
  const request = async (
    method: string,
    path: string,
    type: string,
    body: string | null,
  ): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, { method, body, headers: { 'content-type': type } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  return {
    send: (method, path, body) =>
      request(method, path, 'application/json', body === undefined ? null : JSON.stringify(body)),
    bulk: async (index, documents) => {
      const lines = documents.flatMap((document) => ['{"create":{}}', JSON.stringify(document)]);
      if (lines.length === 0) {
        await request('POST', `/${index}/_refresh`, 'application/json', null);
        return;
      }
      const answer = await request(
        'POST',
        `/${index}/_bulk?refresh=true`,
        'application/x-ndjson',
        `${lines.join('\n')}\n`,
      );
      if (!JSON.stringify(answer).includes('"errors":false')) {
        throw new Error(`some documents were refused: ${JSON.stringify(answer).slice(0, 2_000)}`);
      }
    },
  };
}

/** What a server with TLS and users answers one of them, whatever the status; `close` its connections. */
export function askAs(url: string, caFile: string) {
  const agent = new Agent({ connect: { ca: readFileSync(caFile) } });
  return {
    ask: async (user: string, password: string, method: string, path: string, body?: unknown) => {
      const answer = await request(`${url}${path}`, {
        dispatcher: agent,
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: typeof body === 'string' ? body : body === undefined ? null : JSON.stringify(body),
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    close: () => agent.close(),
  };
}

/** Fields under their names, dots and all; times as ISO 8601. */
export function documentOf({ times, fields }: StoredRow): object {
  const iso = (time: Instant | null) => (time === null ? null : new Date(time).toISOString());
  return {
    ...Object.fromEntries(Object.entries(times).map(([name, time]) => [name, iso(time)])),
    ...fields,
  };
}
