/** The servers of tests are real ones, shared by all files of a run. */
import { describe, expect, it } from 'vitest';
import { canStart, SERVER_KINDS, START_TIMEOUT_MS, sharedServer } from './server.ts';

describe.each(SERVER_KINDS)('%s', (kind) => {
  it.runIf(canStart(kind))(
    'is started once, and is ready',
    async () => {
      const [one, other] = await Promise.all([sharedServer(kind), sharedServer(kind)]);
      expect(other).toBe(one);
      const answer: unknown = await (await fetch(one)).json();
      expect(answer).toMatchObject({ version: { number: expect.any(String) } });
    },
    START_TIMEOUT_MS,
  );
});
