import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/dist.js';
import { type Documentable, readDocComments } from '../support/doc-comments.js';

/** Words that a doc comment does not begin with: they ask, where it should say. */
const QUESTION = /^(What|Whether|Who|Whom|Whose|Which|Where|When|Why|How)\b/;

/** Files of texts for pages, whose lines are long there too. */
const TEXTS = new Set([
  'common/settings/settings.ts',
  'common/settings/limit-settings.ts',
  'common/settings/tls-settings.ts',
  'common/settings/waking-settings.ts',
  'common/why/sentences.ts',
  'console/texts/settings-en.ts',
  'console/texts/webhooks-en.ts',
  'tools/api-docs/page.ts',
  'tools/settings/zh.ts',
]);

const FOLDERS = ['cli', 'console', 'core', 'edge', 'common', 'client', 'device', 'tools'];
const paths = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.config|\.d)\.tsx?$/.test(name) && !/node_modules|dist/.test(name))
    .map((name) => `${folder}/${name}`),
);
const sources = paths.map((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, ...readDocComments(text) };
});

/** The part of them that has a doc comment, and where others have none. */
function coverage(of: (source: (typeof sources)[number]) => readonly Documentable[]) {
  const all = sources.flatMap((source) => of(source).map((one) => ({ ...one, place: `${source.path}:${one.line}` })));
  const missing = all.filter(({ isDocumented }) => !isDocumented).map(({ place }) => place);
  return { share: 1 - missing.length / all.length, missing };
}

/** Lines of a file, beyond which it holds two concepts. */
const MAX_LINES = 300;

describe('the sources', () => {
  it('have at most 300 lines a file, comments too', () => {
    const lengths = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
  });
});

/** Files that the one may import, by the beginnings of their paths. */
const BROWSER_ARROWS = {
  'console/': ['console/', 'gen/', 'common/why/', 'common/errors.ts'],
  'edge/page/client/': ['edge/page/client/', 'device/'],
};

/** Returns what files with JSX, and what they lead to, import of our own: dependency-cruiser reads no JSX. */
function importsOf(folder: string): ReadonlyMap<string, readonly string[]> {
  const own = sources.filter(({ path }) => path.startsWith(folder));
  const known = new Set(paths);
  const targetOf = (path: string, name: string): string => {
    const target = join(dirname(path), name).replace(/\.js$/, '');
    return known.has(`${target}.tsx`) ? `${target}.tsx` : `${target}.ts`;
  };
  const importing = /^(?:import|export)\s[^;]*?from '(\.[^']+)'/gm;
  return new Map(
    own.map(({ path, text }) => [path, [...text.matchAll(importing)].map(([, name = '']) => targetOf(path, name))]),
  );
}

describe('the imports of pages', () => {
  it.each(Object.entries(BROWSER_ARROWS))('of %s go to what runs in browsers', (folder, allowed) => {
    const arrows = [...importsOf(folder)].flatMap(([path, targets]) => targets.map((target) => ({ path, target })));
    expect(arrows.length).toBeGreaterThan(5);
    expect(arrows.filter(({ target }) => !allowed.some((beginning) => target.startsWith(beginning)))).toEqual([]);
  });

  it.each(Object.keys(BROWSER_ARROWS))('of %s make no circle', (folder) => {
    const imports = importsOf(folder);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (done.has(path) || trail.includes(path)) return;
      for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
      done.add(path);
    };
    for (const path of imports.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });
});

describe('the comments', () => {
  it('document at least 85% of what is exported', () => {
    const { share, missing } = coverage(({ exports }) => exports);
    expect(share, missing.join('\n')).toBeGreaterThanOrEqual(0.85);
  });

  it('document at least 80% of the members of exported interfaces', () => {
    const { share, missing } = coverage(({ members }) => members);
    expect(share, missing.join('\n')).toBeGreaterThanOrEqual(0.8);
  });

  it('begin with a verb or a noun, not with a question', () => {
    const asking = sources.flatMap(({ path, comments }) =>
      comments
        .filter(({ text }) => QUESTION.test(text))
        .map(({ line, text }) => `${path}:${line} ${text.slice(0, 60)}`),
    );
    expect(asking).toEqual([]);
  });

  it('end at column 120, like the code', () => {
    const code = sources.filter(({ path }) => !TEXTS.has(path));
    const long = code.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (line.length > 120 ? [`${path}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });
});
