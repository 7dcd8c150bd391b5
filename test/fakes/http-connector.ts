/**
 * The source in memory behind HTTP, and a connector to it: what the proxy can be put between. The connector believes
 * an answer only when it is whole.
 */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { inlineConnector } from '../../connectors/inline/connector.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import type { Row } from '../../src/core/filter/model.ts';
import type { Connector } from '../../src/ports/connector.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

const METHODS = ['probe', 'readSlices', 'findRevised', 'readRecords'] as const;
type Method = (typeof METHODS)[number];

/** Answers each call with all that the connector gives, as one JSON text. */
export async function startMemoryServer(
  data: ReadonlyMap<string, readonly Row[]>,
): Promise<Address & { stop(): Promise<void> }> {
  const never = new AbortController().signal;
  const connector = inlineConnector(data, { batchSize: () => 3, now: () => 0 });
  const answers: Readonly<Record<Method, (text: string) => Promise<unknown>>> = {
    probe: (text) => connector.probe(JSON.parse(text), never),
    readSlices: (text) => collected(connector.readSlices(JSON.parse(text), never)),
    readRecords: (text) => collected(connector.readRecords(JSON.parse(text), never)),
    findRevised: (text) => {
      const { known, ...rest } = JSON.parse(text);
      return connector.findRevised({ ...rest, known: new Map(known) }, never);
    },
  };
  const server = createServer(async (incoming, outgoing) => {
    const method = METHODS.find((name) => incoming.url === `/${name}`);
    if (method === undefined) return outgoing.writeHead(404).end();
    const body = JSON.stringify({ answer: await answers[method](await textOf(incoming, 1e9)) });
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    host: '127.0.0.1',
    port: address.port,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function collected<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** Probes, slices, late data and records; the rest of the port is not needed under fire. */
export function httpConnector(address: Address): Connector {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const call = async (method: Method, body: unknown, signal: AbortSignal) => {
    try {
      return await send(address, agent, method, JSON.stringify(body), signal);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof ConnectorError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConnectorError(`the call failed: ${why}`, { retryable: true, cause });
    }
  };
  const unused = async () => {
    throw new ConnectorError('not needed here', { retryable: false });
  };
  return {
    probe: (dataset, signal) => call('probe', dataset, signal),
    async *readSlices(request, signal) {
      yield* await call('readSlices', request, signal);
    },
    findRevised: (request, signal) => call('findRevised', { ...request, known: [...request.known] }, signal),
    async *readRecords(request, signal) {
      yield* await call('readRecords', request, signal);
    },
    readSnapshot: unused,
    runQuery: unused,
    readRows: unused,
    link: () => null,
    topValues: unused,
    inspect: unused,
    discover: unused,
    close: async () => agent.destroy(),
  };
}

async function send(address: Address, agent: Agent, method: Method, body: string, signal: AbortSignal) {
  const sent = request({ ...address, agent, signal, method: 'POST', path: `/${method}` });
  sent.end(body);
  const [incoming]: IncomingMessage[] = await once(sent, 'response', { signal });
  if (incoming === undefined) throw new Error('no answer');
  const { statusCode, headers } = incoming;
  const isJson = headers['content-type'] === 'application/json';
  const text = await textOf(incoming, isJson ? 1e9 : 1_000);
  if (statusCode !== 200 || !isJson) {
    throw new ConnectorError(`${statusCode} ${headers['content-type']}: ${text.slice(0, 80)}`, {
      retryable: statusCode !== 200,
    });
  }
  const whole: { answer?: unknown } = JSON.parse(text);
  if (!('answer' in whole)) throw new Error('the answer is not whole');
  return JSON.parse(text).answer;
}

/** At most so many bytes of it; the rest is not even read. */
async function textOf(message: IncomingMessage, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message) {
    parts.push(part);
    size += part.length;
    if (size >= most) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
