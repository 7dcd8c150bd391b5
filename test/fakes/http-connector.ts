/**
 * The source in memory behind HTTP, and a connector to it: what the proxy can be put between. The connector believes
 * an answer only when it is whole.
 */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { ConnectorError } from '../../src/core/errors.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { all, NEVER } from './asking.ts';
import type { MemorySource } from './memory-connector.ts';

interface Address {
  readonly host: string;
  readonly port: number;
}

const METHODS = ['probe', 'readSlices', 'findRevised', 'readRecords', 'readSnapshot', 'runQuery'] as const;
type Method = (typeof METHODS)[number];

/** Answers each call with all that the connector gives, as one JSON text. */
export async function startMemoryServer({
  connector,
}: MemorySource): Promise<Address & { stop(): Promise<void> }> {
  const answers: Readonly<Record<Method, (text: string) => Promise<unknown>>> = {
    probe: (text) => connector.probe(JSON.parse(text), NEVER),
    readSlices: (text) => all(connector.readSlices(JSON.parse(text), NEVER)),
    readSnapshot: (text) => connector.readSnapshot(JSON.parse(text), NEVER),
    runQuery: (text) => connector.runQuery(JSON.parse(text), NEVER),
    readRecords: (text) => all(connector.readRecords(JSON.parse(text), NEVER)),
    findRevised: (text) => {
      const { known, ...rest } = JSON.parse(text);
      return connector.findRevised({ ...rest, known: new Map(known) }, NEVER);
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

/** What the loop asks; the rest of the port is not needed under fire. */
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
    readSnapshot: (request, signal) => call('readSnapshot', request, signal),
    runQuery: (request, signal) => call('runQuery', request, signal),
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
