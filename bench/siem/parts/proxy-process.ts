/** The process of `proxy.ts`: carries HTTP to the server that it is told, and counts. Ends when its parent does. */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const target = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true });
const sockets = new Set<Socket>();
const closed = { sent: 0, received: 0 };
let taken = { sent: 0, received: 0 };
let requests: Record<string, number> = {};
let [matched, firstAt, first, last] = [0, 0, 0, 0];

const server = createServer((incoming, outgoing) => {
  if (firstAt === 0) {
    firstAt = Date.now();
    first = performance.now();
  }
  const name = nameOf(incoming.url ?? '/');
  requests[name] = (requests[name] ?? 0) + 1;
  carry(incoming, outgoing, name);
});

server.on('connection', (socket) => {
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.on('close', () => {
    closed.sent += socket.bytesRead;
    closed.received += socket.bytesWritten;
    sockets.delete(socket);
  });
});

function nameOf(path: string): string {
  const parts = path.split('?')[0]?.split('/') ?? [];
  return parts.findLast((part) => part.startsWith('_')) ?? '/';
}

function carry(incoming: IncomingMessage, outgoing: ServerResponse, name: string): void {
  const { method, url, headers } = incoming;
  const onward = request(
    { host: target.hostname, port: target.port, agent, method, path: url, headers: { ...headers } },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => {
        if (name === '_search') chunks.push(chunk);
        outgoing.write(chunk);
      });
      answer.on('end', () => {
        outgoing.end();
        last = performance.now();
        matched += totalIn(Buffer.concat(chunks).toString('latin1'));
      });
    },
  );
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}

const totalIn = (body: string): number => Number(/"total":\{"value":(\d+)/.exec(body)?.[1] ?? 0);

process.on('message', (what) => {
  const open = [...sockets];
  const all = {
    sent: closed.sent + open.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    received: closed.received + open.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
  };
  process.send?.({
    requests,
    sentBytes: all.sent - taken.sent,
    receivedBytes: all.received - taken.received,
    matched,
    spanMs: Math.max(0, last - first),
    firstAt,
  });
  if (what !== 'take') return;
  taken = all;
  requests = {};
  [matched, firstAt, first, last] = [0, 0, 0, 0];
});

process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.send?.(`http://127.0.0.1:${address.port}`);
});
