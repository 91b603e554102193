import { defineConfig } from 'vitest/config';

/** `make browser`: the page, its service worker, the example and the device package, in a real browser. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Now and then Chromium drops a push message that DevTools hands it.
    retry: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
