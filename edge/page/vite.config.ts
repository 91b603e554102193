import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Bundles the page's script, or with the mode `worker` its service worker, into dist/edge/page/. */
export default defineConfig(({ mode }) => {
  const [entry, fileName] = mode === 'worker' ? ['client/worker.ts', 'sw.js'] : ['client/main.tsx', 'client.js'];
  return {
    root: pathOf('.'),
    configFile: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: pathOf('../../dist/edge/page'),
      emptyOutDir: false,
      copyPublicDir: false,
      target: 'es2022',
      minify: true,
      lib: { entry: pathOf(entry), formats: ['iife'], name: 'page', fileName: () => fileName },
    },
  };
});
