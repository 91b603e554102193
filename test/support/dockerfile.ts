import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A step of a Dockerfile, such as `RUN` with a command. */
export interface Step {
  readonly instruction: string;
  readonly text: string;
}

/** Reads the steps of a Dockerfile: without comments, one for each instruction, whatever the number of its lines. */
export function readSteps(path: string): Step[] {
  const lines = readFileSync(path, 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, instruction = '', text = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
      return { instruction, text };
    });
}

/** What of a folder a `.dockerignore` leaves that ignores all but the entries of its top that it names with `!`. */
export function readContext(root: string): (path: string) => boolean {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').trim().split('\n');
  const kept = lines.filter((line) => line.startsWith('!')).map((line) => join(root, line.slice(1)));
  const nowhere = lines.filter((line) => line.startsWith('**/')).map((line) => line.slice(3));
  if (lines.length !== 1 + kept.length + nowhere.length || lines[0] !== '*') throw new Error('another .dockerignore');
  return (path) =>
    !nowhere.includes(basename(path)) &&
    kept.some((entry) => `${path}/`.startsWith(`${entry}/`) || `${entry}/`.startsWith(`${path}/`));
}

/**
 * Carries out `COPY`, `RUN`, `ARG` and `WORKDIR` of a stage without an engine.
 *
 * @param places each folder of the image, and the one that stands for it
 * @param run runs a command in place of the shell, if it returns true
 */
export function carryOut(
  steps: readonly Step[],
  options: {
    root: string;
    places: Readonly<Record<string, string>>;
    /** The folder to begin in, where the steps do not say. */
    cwd: string;
    run(command: string, cwd: string): boolean;
  },
): void {
  const { root, places } = options;
  const inContext = readContext(root);
  const toPlace = (text: string): string =>
    Object.entries(places).reduce(
      (rest, [from, to]) => rest.replaceAll(new RegExp(`(?<=^| )${from}\\b`, 'g'), to),
      text,
    );
  const env: NodeJS.ProcessEnv = { ...process.env };
  let { cwd } = options;
  for (const { instruction, text } of steps) {
    if (instruction === 'WORKDIR') {
      cwd = toPlace(text);
      mkdirSync(cwd, { recursive: true });
    } else if (instruction === 'ARG') {
      const [name = '', value = ''] = text.split('=');
      env[name] = value;
    } else if (instruction === 'COPY') {
      copy(text.split(' '), cwd);
    } else if (instruction === 'RUN') {
      const command = toPlace(text);
      if (!options.run(command, cwd))
        execFileSync('bash', ['-o', 'pipefail', '-ec', command], { cwd, env, stdio: 'pipe' });
    } else if (instruction !== 'SHELL' && instruction !== 'FROM') {
      throw new Error(`cannot carry out ${instruction}`);
    }
  }

  /** The content of a folder goes into the target, not the folder itself. */
  function copy(words: string[], to: string): void {
    const target = join(to, words.at(-1) ?? '');
    for (const source of words.slice(0, -1).map((word) => join(root, word))) {
      if (!existsSync(source) || !inContext(source)) throw new Error(`${source} is not in the context`);
      const entries = statSync(source).isDirectory() ? readdirSync(source).map((name) => join(source, name)) : [source];
      for (const entry of entries.filter(inContext)) {
        cpSync(entry, join(target, basename(entry)), { recursive: true, filter: inContext });
      }
    }
  }
}
