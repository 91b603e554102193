import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Fault, hostile and benchmark programs take minutes and a quiet machine: they have targets of their own.
    exclude: [
      ...configDefaults.exclude,
      'dist/**',
      'test/fault/**',
      'test/hostile/**',
      'test/fuzz/**',
      'test/bench/**',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
