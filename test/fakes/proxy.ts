/**
 * A TCP proxy that spoils what it carries, on demand and at any call. A call is a turn of the conversation: bytes of
 * the client after bytes of the server (or none), so requests on a kept connection are told apart, also inside TLS.
 * The last four faults answer in the server's place, as broken proxies and login pages do: for plain HTTP only.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type Fault =
  /** The connection breaks before anything of the call is passed on: as if nobody listened. */
  | { readonly kind: 'refuse' }
  /** The server gets the call; the connection breaks with the first byte of its answer. */
  | { readonly kind: 'reset' }
  /** Nothing comes through any more, and nothing is closed. */
  | { readonly kind: 'black-hole' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** So many bytes of the answer come through, then the connection ends as if all were said. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'html' | 'truncated-json' | 'wrong-type' | 'huge-error' };

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Asked at each call, with its first bytes; null: let it through. */
  fault: (bytes: Buffer) => Fault | null;
  stop(): Promise<void>;
}

const answer = (status: string, type: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;

const ANSWERS = {
  html: () => answer('200 OK', 'text/html', '<!doctype html><title>Sign in</title><p>Please sign in.</p>'),
  'truncated-json': () =>
    answer('200 OK', 'application/json', '{"took":3,"timed_out":false,"hits":{"total":{"va'),
  'wrong-type': () => answer('200 OK', 'application/octet-stream', '\u0000\u0001\u0002'),
  'huge-error': () => answer('502 Bad Gateway', 'text/plain', 'upstream failed '.repeat(655_360)),
} as const;

export async function startProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
      // A broken connection is what this is for; the other side learns of it below.
      socket.on('error', () => {});
    }
    carry(client, upstream, (bytes) => proxy.fault(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const proxy: TcpProxy = {
    host: '127.0.0.1',
    port: address.port,
    fault: () => null,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  return proxy;
}

/** One connection: each turn of the client is a call, with a fault of its own. */
function carry(client: Socket, upstream: Socket, next: (bytes: Buffer) => Fault | null): void {
  let fault: Fault | null = null;
  let isTurn = true;
  let passed = 0;
  const breakAll = () => {
    client.resetAndDestroy();
    upstream.destroy();
  };
  client.on('data', (bytes) => {
    if (isTurn) {
      fault = next(bytes);
      passed = 0;
      isTurn = false;
    }
    if (fault?.kind === 'refuse') breakAll();
    else if (fault !== null && fault.kind in ANSWERS) reply(client, upstream, fault);
    else if (fault?.kind !== 'black-hole') upstream.write(bytes);
  });
  upstream.on('data', (bytes) => {
    isTurn = true;
    if (fault?.kind === 'reset') breakAll();
    else if (fault?.kind === 'delay') setTimeout(() => client.write(bytes), fault.ms);
    else if (fault?.kind === 'cut') {
      client.write(bytes.subarray(0, Math.max(0, fault.afterBytes - passed)));
      passed += bytes.length;
      if (passed < fault.afterBytes) return;
      client.end();
      upstream.destroy();
    } else if (fault?.kind !== 'black-hole') client.write(bytes);
  });
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => {
    if (fault?.kind !== 'black-hole' && fault?.kind !== 'delay') client.end();
  });
}

function reply(client: Socket, upstream: Socket, fault: Fault): void {
  const { kind } = fault;
  if (kind !== 'html' && kind !== 'truncated-json' && kind !== 'wrong-type' && kind !== 'huge-error') return;
  client.removeAllListeners('data');
  client.resume();
  client.end(ANSWERS[kind]());
  upstream.destroy();
}
