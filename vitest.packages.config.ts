import { defineConfig } from 'vitest/config';
import { RETRIES } from './test/support/retries.js';

/** `make packages`: what newcomers do with the checkout, the packages and the pages: it installs, packs and runs them. */
export default defineConfig({
  test: {
    include: ['test/packages/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: RETRIES,
  },
});
