import { defineConfig } from 'vitest/config';
import { RETRIES } from './test/support/retries.js';

/** `make fault` and `make fault-short`: one after the other, with the machine to themselves. */
export default defineConfig({
  test: {
    // Suites that run over SQLite in `make test` run over MySQL here.
    include: ['test/fault/**/*.test.ts', 'test/unit/core/delivery/webhooks/*.test.ts', 'test/e2e/webhooks.test.ts'],
    env: { SUITE_STORE: 'mysql', TEST_WAIT_MS: '60000' },
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    retry: RETRIES,
  },
});
