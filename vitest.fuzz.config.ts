import { defineConfig } from 'vitest/config';

/** `make fuzz` and `make fuzz-short`: with the machine to themselves. */
export default defineConfig({
  test: {
    include: ['test/fuzz/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    hookTimeout: 60_000,
  },
});
