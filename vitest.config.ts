import { configDefaults, defineConfig } from 'vitest/config';
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
    // A worker keeps the modules that it has loaded: that halves the time of the unit tests. No test may leave anything behind.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    retry: RETRIES,
  },
});
