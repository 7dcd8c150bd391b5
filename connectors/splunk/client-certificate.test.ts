/** A server that lets in only who has a certificate that it knows. */
import { spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { counts, event, type Opened, openSplunkd } from '../../test/fakes/splunk.ts';
import { makeCertificate } from '../../test/fakes/splunkd/certificate.ts';

const PASSPHRASE = 'sesame, open';

let opened: Opened;
let folder: string;
const file = (name: string): string => join(folder, name);
const OWN = () => ({ certificate: file('own.pem'), key: file('own.key') });
const OTHER = () => ({ certificate: file('other.pem'), key: file('other.key') });
const LOCKED = () => ({
  certificate: file('own.pem'),
  key: file('locked.key'),
  passphrase: { env: 'CLAUSE9_TEST_PASSPHRASE' },
});

beforeAll(async () => {
  opened = await openSplunkd();
  opened.splunkd.addEvents('main', [event(1), event(2), event(61)]);
  folder = await mkdtemp(join(tmpdir(), 'clause9-splunk-'));
  process.env.CLAUSE9_TEST_PASSPHRASE = PASSPHRASE;
  const [own, other] = [makeCertificate(), makeCertificate()];
  const locked = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
  const files = {
    'ca.pem': own.ca,
    'own.pem': own.cert,
    'own.key': own.key,
    'locked.key': createPrivateKey(own.key).export(locked),
    'other.pem': other.cert,
    'other.key': other.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
  door = createServer({ ca: own.ca, cert: own.cert, key: own.key, requestCert: true }, (socket) => {
    const server = connect(Number(new URL(opened.splunkd.url).port), '127.0.0.1');
    server.pipe(socket).pipe(server);
    for (const end of [server, socket]) end.on('error', () => socket.destroy());
  });
  await once(door.listen(0, '127.0.0.1'), 'listening');
});
afterAll(async () => {
  await opened.close();
  door.close();
  await rm(folder, { recursive: true });
});

/** In front of the fake: it opens the connection only to whom it knows. */
let door: Server;

const open = (url: string, own: object) => opened.another({ url, tls: { ca: file('ca.pem'), ...own } });

describe('A certificate of clause9’s own', () => {
  it.for([
    ['', OWN],
    [', its key opened by a passphrase', LOCKED],
  ] as const)('is shown to a server that wants one%s', async ([, own]) => {
    expect(await counts(await open(urlOf(door), own()))).toEqual([2, 1, 0, 0]);
  });

  it('that is missing, or that the server does not know, lets nothing through', async () => {
    const before = opened.splunkd.requests.length;
    for (const own of [{}, OTHER()])
      await expect(counts(await open(urlOf(door), own))).rejects.toMatchObject({
        message: expect.stringContaining("can't be reached"),
        help: expect.stringContaining('tls.certificate'),
      });
    expect(opened.splunkd.requests.length).toBe(before);
  });

  it('is asked for by its name where the server says why it turns us away', async () => {
    const server = spawn(
      'openssl',
      [
        ...['s_server', '-accept', '127.0.0.1:0', '-www', '-tls1_2', '-Verify', '1', '-verify_return_error'],
        ...['-cert', 'own.pem', '-key', 'own.key', '-CAfile', 'ca.pem'],
      ],
      { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    try {
      const url = `https://127.0.0.1:${await portOf(server.stdout)}`;
      for (const own of [{}, OTHER()])
        await expect(counts(await open(url, own))).rejects.toMatchObject({
          message: expect.stringContaining('own certificate, or wants one'),
          help: expect.stringContaining('tls.certificate'),
          retryable: false,
        });
    } finally {
      server.kill();
    }
  });
});

function urlOf(server: Server): string {
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** As `openssl` prints it: `ACCEPT 127.0.0.1:4433`. */
async function portOf(output: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of output) {
    text += String(chunk);
    const port = /ACCEPT \S*:(\d+)/.exec(text)?.[1];
    if (port !== undefined) return port;
  }
  throw new Error(`openssl s_server did not start: ${text}`);
}
