import { defineConfig } from 'vite';

/** Builds the console into dist/console, which the core serves. */
export default defineConfig({
  root: 'console',
  base: './',
  logLevel: 'warn',
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    // Nothing is inline: the content security policy allows no such thing.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
