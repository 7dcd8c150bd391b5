/** What the account may do at Splunk: its roles, and how they narrow what it sees without saying so. */
import { z } from 'zod';
import type { Dataset } from '../../src/config/model.ts';
import { ConnectorError } from '../../src/core/errors.ts';
import { entriesOf } from './answer.ts';
import { optionsOf } from './base.ts';
import type { Source } from './source.ts';

export interface Role {
  readonly name: string;
  /** Indexes that may be searched, filters and limits of time, own and inherited, as Splunk prints them. */
  readonly limits: Readonly<Record<string, string>>;
}

export interface Account {
  readonly user: string;
  readonly capabilities: readonly string[];
  /** Null: the account may not look at its own roles. */
  readonly roles: readonly Role[] | null;
}

const context = z.object({
  username: z.string(),
  roles: z.array(z.string()).default([]),
  capabilities: z.array(z.string()).default([]),
});

/** A role has limits of its own, and those of the roles that it inherits from. */
const andImported = (...names: readonly string[]) => names.flatMap((name) => [name, `imported_${name}`]);
export const FILTERS = andImported('srchFilter');
export const TIME_LIMITS = andImported('srchTimeWin', 'srchTimeEarliest');
/** What changes an answer without a word in it. */
const LIMITS = [
  ...andImported('srchIndexesAllowed', 'srchIndexesDisallowed', 'srchMaxTime'),
  ...[...FILTERS, ...TIME_LIMITS, 'srchDiskQuota', 'srchJobsQuota', 'fieldFilter'],
];

export async function accountOf({ session }: Source, signal: AbortSignal): Promise<Account> {
  const answer = await session.get('/services/authentication/current-context', signal);
  const { username, roles, capabilities } = context.parse(
    answer.status === 200 ? (entriesOf(answer.data)[0]?.content ?? {}) : { username: 'unknown' },
  );
  const read: Role[] = [];
  for (const name of [...roles].sort()) {
    const role = await session.get(`/services/authorization/roles/${encodeURIComponent(name)}`, signal);
    if (role.status !== 200) return { user: username, capabilities, roles: null };
    read.push({ name, limits: limitsOf(entriesOf(role.data)[0]?.content ?? {}) });
  }
  return { user: username, capabilities, roles: read };
}

function limitsOf(content: Readonly<Record<string, unknown>>): Role['limits'] {
  return Object.fromEntries(
    LIMITS.flatMap((key) => {
      const value = content[key];
      if (value === undefined || value === null || value === '') return [];
      if (Array.isArray(value))
        return value.length === 0 ? [] : [[key, [...value].map(String).sort().join(',')]];
      return [[key, String(value)]];
    }),
  );
}

const peer = z.object({ peerName: z.string().optional(), disabled: z.unknown() });

/** Search peers that are configured, whether they are up or not. None where the account may not look. */
export async function peersOf({ session }: Source, signal: AbortSignal): Promise<string[]> {
  const answer = await session.get('/services/search/distributed/peers', signal, { count: 0 });
  if (answer.status !== 200 || answer.data === null) return [];
  return entriesOf(answer.data)
    .map(({ name, content }) => ({ name, ...peer.parse(content) }))
    .filter(({ disabled }) => disabled !== true && disabled !== 1 && disabled !== '1')
    .map(({ name, peerName }) => peerName ?? name)
    .sort();
}

/** One line a role: a change of it is told. */
export function accessText({ user, roles }: Account, peers: readonly string[]): string {
  const lines =
    roles === null
      ? ['its roles can not be read']
      : roles.map(
          ({ name, limits }) =>
            `role ${name}: ${Object.entries(limits)
              .map(([key, value]) => `${key}=${value}`)
              .join(' ')}`,
        );
  return [`user ${user}`, ...lines, ...(peers.length > 0 ? [`peers ${peers.join(', ')}`] : [])].join('\n');
}

/** Limits that `tstats` does not keep to: those of a data model, and those of indexed fields. */
const UNKEPT = { datamodel: [...FILTERS, 'fieldFilter'], indexed: ['fieldFilter'] };

/** Throws where the index would show more than the account may see. */
export async function requireUnfiltered(dataset: Dataset, account: () => Promise<Account>): Promise<void> {
  const { datamodel, indexed } = optionsOf(dataset);
  if (datamodel === undefined && indexed === undefined) return;
  const option = datamodel === undefined ? 'indexed' : 'datamodel';
  const { roles } = await account();
  if (roles === null && option === 'datamodel')
    throw unkept(
      dataset.name,
      option,
      'The account may not read its own roles, which may have a filter (srchFilter)',
    );
  for (const { name, limits } of roles ?? [])
    for (const key of UNKEPT[option])
      if (limits[key] !== undefined && limits[key] !== '*')
        throw unkept(dataset.name, option, `The role ${name} has a filter (${key}: ${limits[key]})`);
}

function unkept(where: string, option: string, what: string): ConnectorError {
  return new ConnectorError(`${what}, to which tstats does not keep`, {
    retryable: false,
    where,
    help: `Give the account a role of its own without one, or take \`${option}\` out of the dataset.`,
  });
}
