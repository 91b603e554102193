import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'mysql',
  schema: './core/store/schema/mysql.ts',
  out: './core/store/migrations/mysql',
});
