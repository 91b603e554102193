import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: './core/store/schema/sqlite.ts',
  out: './core/store/migrations/sqlite',
});
