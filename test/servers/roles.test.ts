/**
 * Rights on a real OpenSearch with its security plugin: the role of the guide suffices and gives nothing needless, and
 * whatever an account may not see ends in an error or stands beside the number.
 */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../src/core/errors.ts';
import { HOUR, MINUTE } from '../../src/core/time/interval.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { writeSet } from '../e2e/served.ts';
import { CALLS, logonsOf, NEVER, readHour, WHOLE } from './asked.ts';
import {
  type IndexRights,
  openSecureSite,
  PASSWORD,
  type Role,
  type SecureSite,
  START,
} from './secure-site.ts';
import { canStart, START_TIMEOUT_MS } from './server.ts';
import { is, sum } from './site.ts';

const keyword = { type: 'keyword' };
const date = { type: 'date' };
const LOGON = { ingested: date, user: keyword, bytes: { type: 'long' } };
const TICKET = { id: keyword, revision: { type: 'long' }, opened: date, closed: date };
const logons = (from: number, extra: object = {}) =>
  Array.from({ length: 12 }, (_, i) => {
    const at = from + i * MINUTE;
    const user = ['ann', 'bob', 'eve'][i % 3];
    return {
      '@timestamp': new Date(at).toISOString(),
      ingested: new Date(at).toISOString(),
      user,
      bytes: i,
      ...extra,
    };
  });

/** As it stands in the guide. */
function roleOfGuide(): Role {
  const page = readFileSync('docs/guide/connect-opensearch.md', 'utf8');
  const text = /^PUT _plugins\/_security\/api\/roles\/clause9_read\n(\{\n.*?\n\})$/ms.exec(page)?.[1];
  return JSON.parse(text ?? '');
}

/** The same for these indices, with whatever narrows it. */
function reading(index: string, narrowed: Partial<IndexRights> = {}): IndexRights {
  const [events] = roleOfGuide().index_permissions;
  return { allowed_actions: events?.allowed_actions ?? [], index_patterns: [index], ...narrowed };
}

const roleOf = (...index_permissions: readonly IndexRights[]): Role => ({
  ...roleOfGuide(),
  index_permissions,
});

/** Every permission, the role without it, and the call that needs it. */
function withoutEach(role: Role): [string, Role][] {
  return [
    ...role.cluster_permissions.map((one): [string, Role] => [
      one,
      { ...role, cluster_permissions: role.cluster_permissions.filter((other) => other !== one) },
    ]),
    ...role.index_permissions.flatMap((part, i) =>
      part.allowed_actions.map((one): [string, Role] => {
        const allowed_actions = part.allowed_actions.filter((other) => other !== one);
        return [
          one,
          { ...role, index_permissions: role.index_permissions.with(i, { ...part, allowed_actions }) },
        ];
      }),
    ),
  ];
}

describe.runIf(canStart('opensearch-secure'))(
  'opensearch-secure: an account',
  { timeout: START_TIMEOUT_MS },
  () => {
    let site: SecureSite;
    const opened: Connector[] = [];
    async function connect(user: string, change: object = {}): Promise<Connector> {
      const connector = await site.connect(user, change);
      opened.push(connector);
      return connector;
    }
    /** A user with this role alone, and its connector. */
    async function account(user: string, ...rights: readonly IndexRights[]): Promise<Connector> {
      await site.grant(user, roleOf(...rights));
      return connect(user);
    }

    beforeAll(async () => {
      site = await openSecureSite();
      for (const name of ['logs-logons-one', 'logs-logons-two', 'secret-logons'])
        await site.index(name, LOGON, logons(START));
      await site.index('logs-tickets', TICKET, [
        { id: 'T1', revision: 1, opened: new Date(START).toISOString() },
      ]);
      await site.index('logs-assets', { host: keyword }, [{ host: 'h1' }]);
      await site.send('POST', '/_aliases', {
        actions: ['logs-logons-one', 'secret-logons'].map((index) => ({
          add: { index, alias: 'every-logon' },
        })),
      });
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      for (const connector of opened) await connector.close();
      await site?.stop();
    });

    describe('with the role of the guide', () => {
      it('may do whatever clause9 asks, and sees only what it is given', async () => {
        await site.grant('guide', roleOfGuide());
        const connector = await connect('guide');
        const came: Record<string, unknown> = {};
        for (const [name, call] of Object.entries(CALLS)) came[name] = await call(connector);
        expect(came).toEqual(WHOLE);
        expect(await connector.inspect(logonsOf('logs-logons-*'), NEVER)).toMatchObject({ findings: [] });
      });

      it('has no permission that is not needed', async () => {
        const needs: Record<string, (connector: Connector) => Promise<unknown>> = {
          'cluster:monitor/main': async (connector) => CALLS.probe?.(connector),
          'indices:data/read/search': async (connector) => CALLS.slices?.(connector),
          'indices:data/read/field_caps*': async (connector) => CALLS.probe?.(connector),
          'indices:data/read/point_in_time/create': async (connector) => CALLS.groups?.(connector),
          // What can't be closed ends by itself: the call succeeds.
          'indices:data/read/point_in_time/delete': async (connector) => {
            await CALLS.groups?.(connector);
            const open = JSON.stringify(await site.send('GET', '/_search/point_in_time/_all'));
            if (open.includes('pit_id')) throw new ConnectorError('it stays open', { retryable: false });
          },
          'indices:admin/mappings/get': async (connector) => CALLS.inspect?.(connector),
          'indices:admin/resolve/index': async (connector) => CALLS.discover?.(connector),
        };
        for (const [permission, lacking] of withoutEach(roleOfGuide())) {
          await site.grant('lacking', lacking);
          const call = needs[permission] ?? (async () => `nothing needs ${permission}`);
          await expect(call(await connect('lacking')), permission).rejects.toThrow(ConnectorError);
        }
      });

      it('may not cancel searches, unless it is given that as well', async () => {
        const { cluster_permissions, ...rest } = roleOfGuide();
        const cancelling = ['cluster:monitor/tasks/lists', 'cluster:admin/tasks/cancel'];
        const page = readFileSync('docs/guide/connect-opensearch.md', 'utf8');
        for (const one of cancelling) expect(page).toContain(`\`${one}\``);
        await site.grant('guide', roleOfGuide());
        await site.grant('canceller', {
          ...rest,
          cluster_permissions: [...cluster_permissions, ...cancelling],
        });
        const status = async (user: string) => [
          await site.status(user, 'GET', '/_tasks?actions=indices:data/read/*'),
          await site.status(user, 'POST', '/_tasks/nobody:1/_cancel'),
        ];
        expect(await status('guide')).toEqual([403, 403]);
        const [listed, cancelled] = await status('canceller');
        expect([listed, cancelled === 403]).toEqual([200, false]);
      });
    });

    describe('that is not let in', () => {
      it('is told so, and no secret with it, where the password is wrong', async () => {
        const file = join(resolve(site.ca, '..'), 'wrong');
        writeFileSync(file, 'Another-password-7');
        const connector = await connect('guide', { auth: { username: 'guide', password: { file } } });
        const error: unknown = await connector
          .probe(logonsOf('logs-*'), NEVER)
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          retryable: false,
          message: expect.stringContaining('401'),
          help: expect.stringContaining('does not know this account'),
        });
        const said = String(error) + JSON.stringify(error);
        for (const secret of ['Another-password-7', PASSWORD]) {
          expect(said).not.toContain(secret);
          expect(said).not.toContain(Buffer.from(`guide:${secret}`).toString('base64'));
        }
      });

      it('does not send its password to a server whose certificate nobody known signed', async () => {
        const connector = await connect('guide', { tls: {} });
        await expect(connector.probe(logonsOf('logs-*'), NEVER)).rejects.toThrow(
          /can't be reached: .*certificate/,
        );
      });
    });

    describe('without rights on one of several indices', () => {
      const NAMES = ['logs-logons-*', 'every-logon', 'logs-logons-one,secret-logons'];

      it('gets an error for all of them where the server refuses', async () => {
        const connector = await account('part', reading('logs-logons-one'));
        for (const name of NAMES) {
          await expect(connector.probe(logonsOf(name), NEVER), name).rejects.toThrow(/no permissions for/);
          await expect(readHour(connector, {}, logonsOf(name)), name).rejects.toThrow(/no permissions for/);
        }
      });

      it('gets an error also where the server leaves out what is forbidden', async () => {
        const connector = await account('part', reading('logs-logons-one'));
        await site.leaveOutForbidden(true);
        try {
          for (const name of NAMES) {
            await expect(connector.probe(logonsOf(name), NEVER), name).rejects.toThrow(/leaves the rest out/);
            const other = await connect('part');
            await expect(readHour(other, {}, logonsOf(name)), name).rejects.toThrow(/leaves the rest out/);
          }
          expect((await readHour(connector, {}, logonsOf('logs-logons-one'))).reading.events).toBe(12);
        } finally {
          await site.leaveOutForbidden(false);
        }
      });

      it('gets an error in the next read when an index is taken from it there', async () => {
        await site.leaveOutForbidden(true);
        try {
          const connector = await account('shrinking', reading('logs-logons-*'));
          await connector.probe(logonsOf('logs-logons-*'), NEVER);
          expect((await readHour(connector)).reading.events).toBe(24);
          await site.grant('shrinking', roleOf(reading('logs-logons-one')));
          await expect(readHour(connector)).rejects.toThrow(/leaves the rest out/);
          await expect(CALLS.query?.(connector)).rejects.toThrow(/leaves the rest out/);
        } finally {
          await site.leaveOutForbidden(false);
        }
      });
    });

    describe('whose role hides documents', () => {
      const dls = JSON.stringify({ term: { user: 'ann' } });

      it('has a warning beside every number, in doctor, and another access', async () => {
        const connector = await account('filtered', reading('logs-*'));
        const before = await connector.probe(logonsOf('logs-logons-*'), NEVER);
        await site.grant('filtered', roleOf(reading('logs-*', { dls })));
        const after = await connector.probe(logonsOf('logs-logons-*'), NEVER);
        expect([before.access, after.access]).toEqual([
          expect.stringContaining('"documentFilter":false'),
          expect.stringContaining('"documentFilter":true'),
        ]);
        const { reading: hour, warnings } = await readHour(connector);
        expect([hour.events, warnings]).toEqual([8, [expect.stringContaining('document filter')]]);
        const { findings } = await connector.inspect(logonsOf('logs-logons-*'), NEVER);
        expect(findings).toContainEqual({
          level: 'warning',
          text: expect.stringContaining('document filter'),
        });
      });
    });

    it('that was not known before is looked at when it is', async () => {
      const connector = await connect('later');
      await expect(readHour(connector)).rejects.toThrow(/401/);
      const dls = JSON.stringify({ term: { user: 'ann' } });
      await site.grant('later', roleOf(reading('logs-*', { dls })));
      expect((await readHour(connector)).warnings).toEqual([expect.stringContaining('document filter')]);
    });

    describe('whose role hides a field', () => {
      const fls = ['~user'];

      it('gets an error where a measure asks for it', async () => {
        const connector = await account('blind', reading('logs-*', { fls }));
        await expect(readHour(connector, { where: is('user', 'ann') })).rejects.toThrow(
          /No index has a field "user"/,
        );
        expect((await readHour(connector, sum('bytes'))).reading.tallies.m).toMatchObject({
          '[]': { sum: [132] },
        });
      });

      it('gets an error where it is hidden in one of several indices, which seems not to know it', async () => {
        const part = reading('logs-logons-two', { fls });
        const connector = await account('half-blind', reading('logs-logons-one'), part);
        for (const measure of [{ where: is('user', 'ann') }, { groupBy: ['user'] }])
          await expect(readHour(connector, measure)).rejects.toThrow(
            /"user" is hidden .* in logs-logons-two/,
          );
        expect((await readHour(connector)).reading.events).toBe(24);
      });

      it('gets numbers where an index really does not know the field', async () => {
        await site.index('logs-varied-one', LOGON, logons(START));
        await site.index('logs-varied-two', { ...LOGON, host: keyword }, logons(START, { host: 'h1' }));
        const connector = await account('sighted', reading('logs-*'));
        const { reading: hour } = await readHour(connector, { groupBy: ['host'] }, logonsOf('logs-varied-*'));
        expect(hour.tallies.m).toMatchObject({ '["h1"]': { n: 12 }, '["(none)"]': { n: 12 } });
      });
    });

    describe('whose role masks a field', () => {
      it('gets an error where a measure asks for it, no hashes and no zero', async () => {
        const connector = await account('masked', reading('logs-*', { masked_fields: ['user'] }));
        for (const measure of [
          { where: is('user', 'ann') },
          { groupBy: ['user'] },
          { aggregate: { type: 'distinct', field: 'user' } as const },
        ])
          await expect(readHour(connector, measure)).rejects.toThrow(/"user" is masked/);
        await expect(CALLS.topValues?.(connector)).rejects.toThrow(/"user" is masked/);
        expect((await readHour(connector, sum('bytes'))).reading.tallies.m).toMatchObject({
          '[]': { sum: [132] },
        });
      });
    });

    describe('of the command line', () => {
      it('is found fit by doctor, counts, and says when its rights change', async () => {
        const hour = Math.floor(Date.now() / HOUR) * HOUR;
        await site.index('logs-now', LOGON, logons(hour - HOUR));
        await site.grant('service', roleOfGuide());
        const folder = writeSet({
          config: {
            store: './clause9.db',
            sources: {
              siem: { type: 'opensearch', url: site.url, tls: { ca: site.ca }, auth: site.authOf('service') },
            },
            datasets: {
              logons: {
                kind: 'events',
                source: 'siem',
                index: 'logs-now',
                ingested: 'ingested',
                settle: '0s',
              },
            },
          },
          kpis: [
            {
              id: 'all-logons',
              title: 'Logons',
              unit: 'count',
              measures: { n: { dataset: 'logons', aggregate: 'count' } },
              window: { rolling: '2h', every: '1h' },
            },
          ],
        });
        const clause9 = (...args: string[]) =>
          new Promise<string>((done) => {
            execFile(
              process.execPath,
              [resolve('src/main.ts'), ...args],
              { cwd: folder },
              (_, stdout, stderr) => done(stdout + stderr),
            );
          });
        try {
          const healthy = await clause9('doctor');
          expect(healthy).toContain('OpenSearch 2.19.1');
          expect(healthy).toContain('\n0 errors, ');
          expect(await clause9('run')).toMatch(/all-logons +12 /);
          const dls = JSON.stringify({ term: { user: 'ann' } });
          await site.grant('service', roleOf(reading('logs-*', { dls })));
          expect(await clause9('doctor')).toContain('a document filter in its role');
          expect(await clause9('run')).toContain('what the account may see changed');
          expect(await clause9('explain', 'all-logons')).toContain('what the account may see changed');
        } finally {
          rmSync(folder, { recursive: true });
        }
      });
    });
  },
);
