import { configDefaults, defineConfig } from 'vitest/config';
import { WAIT_MS } from './test/support/eventually.js';
import { RETRIES } from './test/support/retries.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Packages, browsers, faults, attacks and benchmarks take minutes or a quiet machine: they have targets of their own.
    exclude: [
      ...configDefaults.exclude,
      'dist/**',
      'test/packages/**',
      'test/browser/**',
      'test/fault/**',
      'test/hostile/**',
      'test/fuzz/**',
      'test/bench/**',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Many wait: three keep two cores busy.
    maxWorkers: 3,
    // A worker keeps the modules that it has loaded: that halves the time of the unit tests. No test may leave anything
    // behind, which is looked after.
    isolate: false,
    setupFiles: ['test/support/leftovers.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is polled for comes at once, but for a busy machine.
    expect: { poll: { timeout: WAIT_MS } },
    retry: RETRIES,
  },
});
