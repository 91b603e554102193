import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

/** One TypeScript file. */
export interface Source {
  /** From the root, with forward slashes: `core/domain/push.ts`. */
  path: string;
  lines: string[];
  /** The same lines with comments and the insides of strings blanked out. */
  code: string[];
  imports: Import[];
}

/** One import, re-export or `import()`. */
export interface Import {
  /** As written. */
  specifier: string;
  /** The file it names, from the root; undefined for a package or a builtin of Node. */
  target: string | undefined;
}

// A string, a template or a comment. A quote inside a regular expression misleads it, but to the end of the line at
// most.
const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
const IMPORT = /\b(?:import|export)\b(?:[^'"`;]*?\bfrom\b)?\s*['"]([^'"\n]+)['"]|\bimport\s*\(\s*['"]([^'"\n]+)['"]/g;

/** Reads the .ts files under these folders of `root`; a folder that is absent counts as empty. */
export function readSources(root: string, folders: string[]): Source[] {
  return folders
    .flatMap((folder) => typescriptFiles(root, folder))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

function typescriptFiles(root: string, folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !/(?:^|\/)node_modules\//.test(name))
    .map((name) => posix.join(folder, name.split(sep).join('/')));
}

function parseSource(path: string, text: string): Source {
  const uncommented = text.replace(TOKEN, (token) => (token.startsWith('/') ? blank(token) : token));
  const code = uncommented.replace(TOKEN, (token) => token[0] + blank(token.slice(1, -1)) + token.at(-1));
  const imports = [...uncommented.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? '';
    return { specifier, target: resolve(path, specifier) };
  });
  return { path, lines: text.replace(/\n$/, '').split('\n'), code: code.split('\n'), imports };
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
