import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../cli/variables.js';
import { NODE_OPTIONS } from '../../common/node-options.js';
import { SETTINGS } from '../../common/settings/settings.js';
import { commandPage } from '../../tools/command/page.js';
import { FIRST_SETTINGS, settingsTable } from '../../tools/settings/table.js';
import { ROOT } from '../support/dist.js';

const README = 'README.md';
const README_ZH = 'README.zh-CN.md';
const CONTRACT = 'docs/contract.md';
const OPERATIONS = 'docs/operations.md';
const OPERATIONS_ZH = 'docs/operations.zh-CN.md';
const ARCHITECTURE = 'docs/architecture.md';
const PAGES = [
  README,
  README_ZH,
  'CHANGELOG.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
/** Pages whose tables come from the schema, or are results of runs. */
const GENERATED = ['docs/api.md', 'docs/rest.md', 'docs/reliability.md', 'docs/benchmarks.md'];
/** In characters. */
const LONGEST_CELL = 300;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** The first groups of all matches, without repetitions. */
function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? match[0]))];
}

/** What the text between `from` and `to` holds; throws when a source has lost the place that a test reads. */
function between(text: string, from: string, to: string): string {
  const start = text.indexOf(from);
  const end = text.indexOf(to, start + from.length);
  if (start < 0 || end < 0) throw new Error(`no text between ${from} and ${to}`);
  return text.slice(start, end);
}

/** A page without its blocks of code. */
const prose = (page: string): string => read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
/** The names in backticks in the first column of tables. */
const firstColumn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) => matches(line.split('|')[1] ?? '', /`([^`]+)`/g));

describe('the settings', () => {
  it.each([
    [README, settingsTable('en', 'docs/', FIRST_SETTINGS)],
    [README_ZH, settingsTable('zh', 'docs/', FIRST_SETTINGS)],
    [OPERATIONS, settingsTable('en', '')],
    [OPERATIONS_ZH, settingsTable('zh', '')],
  ])('have their table in %s, as it is generated', (page, table) => {
    // The formatter aligns the columns.
    const unaligned = read(page).replaceAll(/-{3,}/g, '---').replaceAll(/ {2,}/g, ' ');
    expect(unaligned).toContain(table);
  });

  it.each(PAGES)('are the only ONEPUSH_ names of %s', (page) => {
    expect(
      matches(read(page), /ONEPUSH_[A-Z0-9_]+/g).filter((name) => !(name in { ...SETTINGS, ...VARIABLES })),
    ).toEqual([]);
  });
});

describe('docs/command.md', () => {
  it('has all commands, options and exit codes, as they are generated', () => {
    // The formatter aligns the columns, and sets what is generated apart.
    const unaligned = (text: string) => text.replaceAll(/-{3,}/g, '---').replaceAll(/ {2,}/g, ' ');
    expect(unaligned(read('docs/command.md'))).toContain(unaligned(commandPage()));
  });
});

describe('docs/security.md', () => {
  it('names tests that exist, for each of those it makes promises against', () => {
    const page = read('docs/security.md');
    const named = matches(page, /`(test\/[\w./-]+\.test\.ts)`/g);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const rows = between(page, '## Who may do what', '\n## ')
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2);
    expect(rows.length).toBeGreaterThan(8);
    for (const row of rows) expect(row.split('|').at(-2)).toMatch(/`test\/[\w./-]+\.test\.ts`/);
    const threats = between(page, '## Threats', '\n## ')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (who +\||-+)/.test(line));
    expect(threats.length).toBeGreaterThan(30);
    for (const row of threats) expect(row.split('|').at(-2)).toMatch(/`test\/[\w./-]+\.test\.ts`/);
  });
});

describe('the close codes', () => {
  const edge = matches(between(read('edge/ws/close-codes.ts'), 'export const CLOSE', 'as const'), /\b(\d{4})\b/g);
  const core = matches(
    between(read('core/delivery/sessions/edge-port.ts'), 'export const CLOSE', 'as const'),
    /\b(\d{4})\b/g,
  );

  it('are found in the sources', () => {
    expect(edge.length).toBeGreaterThan(0);
    expect(core.length).toBeGreaterThan(0);
  });

  it('are all counted by their names, and the device package knows those of its own', () => {
    const counted = matches(between(read('edge/metrics.ts'), 'const CLOSE_CODES', '];'), /'(\d{4})'/g);
    const judged = matches(read('device/close-codes.ts'), /case (\d{4}):/g);
    expect(counted).toEqual(expect.arrayContaining([...edge, ...core]));
    expect(judged).toEqual(expect.arrayContaining([...edge, ...core].filter((code) => code >= '4000')));
  });

  it('are all in the contract', () => {
    const table = between(read(CONTRACT), '### Close codes', '### Heartbeats');
    const documented = table
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .flatMap((line) => matches(line.split('|')[1] ?? '', /\d{4}/g));
    expect(documented).toEqual(expect.arrayContaining([...edge, ...core]));
  });
});

describe('the fields of REST', () => {
  /** The keys of the first schema of a file, and those of the section's table. */
  it.each([
    ['edge/http/register.ts', '### POST /msgpush/register', '### Vendor tokens'],
    ['edge/http/vendor-token.ts', '### Vendor tokens', '### Signed registration'],
    ['edge/http/send.ts', '### POST /msgpush/send', '### Notifications'],
    ['edge/http/notification.ts', '### Notifications', '### Idempotency-Key'],
  ])('of %s are all in the contract', (source, from, to) => {
    const text = read(source);
    const schema = between(
      text.slice(text.search(/^(export )?const (Body|fields|Notification|VendorToken)\b/m)),
      'Type.Object(',
      '\n/**',
    );
    const fields = matches(schema, /^\s+(\w+): (?:Type|Name|Label|Text|Word)\b/gm);
    const documented = firstColumn(between(read(CONTRACT), from, to));
    expect(fields.length).toBeGreaterThan(5);
    expect(documented.toSorted()).toEqual(fields.toSorted());
  });

  it('of a message are all in the contract', () => {
    const fields = matches(between(read('core/domain/push.ts'), 'function toFrame', '\n}\n'), /"(\w+)":/g);
    const documented = firstColumn(between(read(CONTRACT), '### Frames', '### Close codes'));
    expect(fields.length).toBeGreaterThan(7);
    expect(documented).toEqual(expect.arrayContaining(fields));
  });
});

describe('the paths of REST', () => {
  it('are all in the contract', () => {
    const routes = between(read('edge/http/routes.ts'), 'const routes', '\n  };');
    const paths = matches(routes, /'(\/[^']*)'/g).map((path) => path.replace(/:(\w+)/, '{$1}'));
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths) expect(read(CONTRACT)).toContain(path);
  });
});

describe('the methods of PushCore', () => {
  it('are all in the contract', () => {
    const methods = matches(read('proto/onepush/v1/push_core.proto'), /rpc (\w+)/g);
    const documented = firstColumn(between(read(CONTRACT), '## PushCore', '### With curl'));
    expect(methods.length).toBeGreaterThan(0);
    expect(documented.toSorted()).toEqual(methods.toSorted());
  });
});

describe('the dependencies', () => {
  it('are all accounted for in the architecture', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    const names = Object.keys({ ...dependencies, ...devDependencies });
    const section = read(ARCHITECTURE).slice(read(ARCHITECTURE).indexOf('\n## Dependencies'));
    expect(firstColumn(section).toSorted()).toEqual(names.toSorted());
  });

  it('have the README say where uWebSockets.js comes from', () => {
    const source: string = JSON.parse(read('package.json')).dependencies['uWebSockets.js'];
    // A line may end within it.
    const said = (page: string) => read(page).replaceAll(/\s+/g, ' ').includes(`"uWebSockets.js": "${source}"`);
    expect([README, README_ZH].filter((page) => !said(page))).toEqual([]);
  });
});

describe('the tables of the store', () => {
  it('are all in the architecture', () => {
    const schema = ['sqlite', 'sqlite-callers'].map((name) => read(`core/store/schema/${name}.ts`)).join('\n');
    const tables = matches(schema, /sqliteTable\(\s*'(\w+)'/g);
    const documented = firstColumn(between(read(ARCHITECTURE), '## The store', '## Trade-offs'));
    expect(tables.length).toBeGreaterThan(5);
    expect(documented.toSorted()).toEqual(tables.toSorted());
  });
});

describe.each(PAGES)('%s', (page) => {
  it('links to files and headings that exist', () => {
    const targets = matches(prose(page), /\]\(([^)\s]+)\)/g).filter((target) => !/^https?:/.test(target));
    const broken = targets.filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(decodeURIComponent(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('names files that exist', () => {
    const named = matches(read(page), /`((?:core|edge|common|client|device|proto|test|docs|gen)\/[\w./-]*)`/g);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.skipIf(GENERATED.includes(page))('has no table cell that is too long to read', () => {
    const cells = prose(page)
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
      // A bar within a cell is escaped.
      .flatMap((line) => line.split(/(?<!\\)\|/))
      .map((cell) => cell.trim());
    expect(cells.filter((cell) => cell.length > LONGEST_CELL)).toEqual([]);
  });

  it('says nothing of machines and other projects', () => {
    expect(read(page)).not.toMatch(/\/(?:work|home|root|tmp)\//);
    expect(read(page)).not.toMatch(/\p{Extended_Pictographic}/u);
  });
});

it.each(PAGES)('%s names make targets that exist', (page) => {
  const targets = matches(read('Makefile'), /^([a-z-]+):/gm);
  const named = matches(read(page), /(?:`|^|\s)make ([a-z-]+)(?=`|$|\s+#)/gm);
  expect(named.filter((name) => !targets.includes(name))).toEqual([]);
});

/** Pages in English, each with its translation. */
const TRANSLATIONS = PAGES.filter((page) => page.endsWith('.zh-CN.md')).map(
  (chinese) => [chinese.replace('.zh-CN.md', '.md'), chinese] as const,
);

describe.each(TRANSLATIONS)('%s and %s', (english, chinese) => {
  const expectSame = (part: (page: string) => unknown) => expect(part(chinese)).toEqual(part(english));

  it('link to each other at the top', () => {
    const top = (page: string) => read(page).split('\n').slice(0, 4).join('\n');
    expect(top(english)).toContain(`](${basename(chinese)})`);
    expect(top(chinese)).toContain(`](${basename(english)})`);
  });

  it('have headings of the same levels', () => {
    expectSame((page) => prose(page).match(/^#+(?= )/gm));
  });

  it('have the same tables: rows, columns, and what stands in code in the first column', () => {
    const rows = (page: string) => prose(page).match(/^\|.*/gm) ?? [];
    expectSame((page) => rows(page).map((row) => [row.split('|').length, ...firstColumn(row).toSorted()]));
  });

  it('have the same blocks of code, comments aside', () => {
    const blocks = (page: string) => read(page).match(/^```[\s\S]*?^```/gm) ?? [];
    expectSame((page) => blocks(page).map((block) => block.replaceAll(/(?<=^|\s)(?:#|\/\/) .*$/gm, '')));
  });

  it('name the same settings, metrics, errors and close codes', () => {
    const names = /\b(?:ONEPUSH_[A-Z0-9_]+|onepush_[a-z_]+|4[0-9]{3}|[45][0-9]{2}0[0-9])\b/g;
    expectSame((page) => matches(read(page), names).toSorted());
  });

  // Placeholders in the README are translated.
  it.skipIf(english === README)('have the same in code', () => {
    expectSame((page) =>
      matches(prose(page), /`([^`]+)`/g)
        .map((code) => code.replaceAll(/\s+/g, ' '))
        .toSorted(),
    );
  });
});

/** The anchors that GitHub gives to the headings of a page; none for a file that is no page. */
function anchorsOf(file: string): string[] {
  if (statSync(join(ROOT, file)).isDirectory() || !file.endsWith('.md')) return [];
  return matches(prose(file), /^#{1,6} (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

it.each(['core', 'edge'] as const)(
  'the command that starts the %s has the options of Node.js that it should',
  (name) => {
    const command = ['node', ...NODE_OPTIONS[name], `dist/${name}/main.js`].join(' ');
    const { scripts } = JSON.parse(read('package.json'));
    // Without exec a signal to npm would end a shell and leave the process.
    expect(scripts[name]).toBe(`exec ${command}`);
    expect(read(OPERATIONS)).toContain(`or: ${command}\n`);
  },
);
