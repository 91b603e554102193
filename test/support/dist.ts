import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, absolute. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const FOLDERS = ['cli', 'core', 'edge', 'common', 'client', 'device', 'gen'];
/** What is built or installed there is no source. */
const NO_SOURCE = /^(?:dist|node_modules)(?:\/|$)/;
const COMPILED_OR_COPIED = /\.(ts|html|sql|json)$|worker\.js$/;

/** Why `dist/` cannot stand for the sources (absent, or older than the newest of them), or undefined when it can. */
export function distProblem(root = ROOT): string | undefined {
  const built = statSync(join(root, 'dist', '.stamp'), { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return 'dist/ is missing or incomplete: run `make build`';
  const newer = FOLDERS.flatMap((folder) => newerThan(built, root, folder))[0];
  return newer && `dist/ is older than ${newer}: run \`make build\``;
}

let checked = false;

/** Throws when `dist/` is missing or out of date; looks once per process, so an edit during a run does not end it. */
export function requireDist(): void {
  if (checked) return;
  const problem = distProblem();
  if (problem) throw new Error(problem);
  checked = true;
}

function newerThan(built: number, root: string, folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return entries
    .filter((name) => COMPILED_OR_COPIED.test(name) && !NO_SOURCE.test(name))
    .map((name) => join(folder, name))
    .filter((path) => (statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > built);
}
