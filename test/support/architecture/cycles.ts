import type { Source } from './sources.js';

/** The circles of imports, type-only ones included: each as its path of files, the first repeated at the end. */
export function findCycles(sources: Source[]): string[][] {
  const imports = new Map(sources.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[][] = [];

  function visit(path: string): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      cycles.push([...trail.slice(start), path]);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of new Set(imports.get(path))) if (target !== undefined && imports.has(target)) visit(target);
    trail.pop();
    done.add(path);
  }

  for (const path of imports.keys()) visit(path);
  return cycles;
}
