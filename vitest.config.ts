import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'connectors/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/servers/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The slowest files wait for servers, deadlines and processes: one more than there are cores.
    maxWorkers: availableParallelism() + 1,
  },
});
