import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findViolations } from '../support/architecture/rules.js';
import { readSources } from '../support/architecture/sources.js';
import { ROOT } from '../support/dist.js';

const FOLDERS = ['core', 'edge', 'common', 'client', 'tools', 'gen'];

/** The violations in a tree made of these files. */
function violationsOf(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'onepush-tree-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return findViolations(readSources(root, FOLDERS));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** One file that imports this. */
function importing(path: string, specifier: string): Record<string, string> {
  return { [path]: `import { x } from '${specifier}';\n` };
}

describe('the sources', () => {
  it('keep the rules of the house', () => {
    expect(findViolations(readSources(ROOT, FOLDERS))).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['core/domain/push.ts', '../../common/ids.js'],
    ['core/delivery/inbox.ts', '../store/store.js'],
    ['core/delivery/inbox.ts', '../registry/registry.js'],
    ['core/rpc/service/push-core.ts', '../../gen/onepush/v1/push_pb.js'],
    ['core/app.ts', './store/mysql.js'],
    ['core/main.ts', './app.js'],
    ['core/store/mysql/open.ts', './schema.mysql.js'],
    ['core/channel/apns/client.ts', './token.js'],
    ['edge/link/wire.ts', '../../gen/onepush/link/v1/edge_link_pb.js'],
    ['edge/http/server.ts', 'uWebSockets.js'],
    ['common/grpc.ts', '../gen/onepush/v1/push_pb.js'],
    ['client/client.ts', '../gen/onepush/v1/push_pb.js'],
    ['client/grpc-transport.ts', '../common/text.js'],
  ])('%s may import %s', (path, specifier) => {
    expect(violationsOf(importing(path, specifier))).toEqual([]);
  });

  it.each([
    ['core/domain/push.ts', '../registry/apps.js', 'nothing but common'],
    ['core/domain/push.ts', 'node:fs', 'nothing but common'],
    ['core/domain/push.ts', 'mysql2/promise', 'nothing but common'],
    ['core/registry/apps.ts', '../rpc/auth.js', 'registry and delivery import'],
    ['core/registry/apps.ts', '../store/mysql.js', 'only in core/app.ts'],
    ['core/rpc/service/push-core.ts', '../store/store.js', 'core/rpc imports'],
    ['core/store/mysql/open.ts', '../delivery/inbox.js', 'store, engine and channel import'],
    ['core/store/mysql/open.ts', '../engine/memory.js', 'only in core/app.ts'],
    ['core/config.ts', './engine/memory.js', 'only in core/app.ts'],
    ['core/delivery/inbox.ts', '../../gen/onepush/v1/push_pb.js', 'gen is imported only'],
    ['edge/http/send.ts', '../../gen/onepush/v1/push_pb.js', 'gen is imported only'],
    ['edge/app.ts', '../core/app.js', 'edge imports nothing of core'],
    ['core/app.ts', '../edge/app.js', 'core imports nothing of edge'],
    ['bin/run.ts', '../core/app.js', 'neither core nor edge'],
    ['client/client.ts', '../common/errors.js', 'client imports gen and common/text.ts'],
    ['client/client.ts', '../core/rpc/wire.js', 'client imports gen and common/text.ts'],
    ['edge/app.ts', './main.js', 'nobody imports main.ts'],
  ])('%s may not import %s', (path, specifier, rule) => {
    const violations = violationsOf(importing(path, specifier));
    expect(violations.join('\n')).toContain(rule);
    for (const violation of violations) expect(violation).toContain(`${path}: `);
  });

  it.each([
    "import type { X } from './main.js';",
    "import './main.js';",
    "export * from './main.js';",
    "export {\n  x,\n  y,\n} from './main.js';",
    "const main = await import('./main.js');",
    "let x: import('./main.js').X;",
  ])('see the import in %j', (text) => {
    expect(violationsOf({ 'edge/app.ts': text })).toHaveLength(1);
  });

  it('see no import in a comment', () => {
    expect(violationsOf({ 'edge/app.ts': "// import './main.js';\n/* import './main.js'; */\n" })).toEqual([]);
  });

  it('find a circle, even one of types', () => {
    const violations = violationsOf({
      'edge/a.ts': "import type { B } from './ws/b.js';",
      'edge/ws/b.ts': "export { c } from '../c.js';",
      'edge/c.ts': "import { a } from './a.js';",
      'edge/d.ts': "import { a } from './a.js';",
    });
    expect(violations).toEqual(['edge/a.ts: edge/a.ts → edge/ws/b.ts → edge/c.ts → edge/a.ts — no import cycles']);
  });

  it.each([
    'let x: any;',
    'f(x as any);',
    'new Map<any, string>();',
    'new Map<string, any>();',
    'let x: string | any[];',
  ])('find `any` in %j', (text) => {
    expect(violationsOf({ 'common/x.ts': `\n${text}\n` })).toEqual(['common/x.ts: line 2 — no `any`']);
  });

  it.each(['/** As any other: any. */', "const s = 'x as any';", 'const s = `: any`;', 'const any = { any: 1 };'])(
    'find no `any` in %j',
    (text) => {
      expect(violationsOf({ 'common/x.ts': text })).toEqual([]);
    },
  );

  it('allow 300 lines and not one more, but in what is generated', () => {
    expect(violationsOf({ 'common/x.ts': '\n'.repeat(300), 'gen/x_pb.ts': '\n'.repeat(900) })).toEqual([]);
    expect(violationsOf({ 'common/x.ts': '\n'.repeat(301) })).toEqual([
      'common/x.ts: 301 lines — no file over 300 lines',
    ]);
  });
});
