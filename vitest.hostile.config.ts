import { defineConfig } from 'vitest/config';
import { RETRIES } from './test/support/retries.js';

/** `make hostile` and `make hostile-short`: one after the other, with the machine to themselves. */
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    env: { TEST_WAIT_MS: '60000' },
    retry: RETRIES,
  },
});
