import { defineConfig } from 'vitest/config';
import { RETRIES } from './test/support/retries.js';

/** `make fault` and `make fault-short`: one after the other, with the machine to themselves. */
export default defineConfig({
  test: {
    include: ['test/fault/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    retry: RETRIES,
  },
});
