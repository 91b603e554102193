import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../../test/support/mariadb.js';

/**
 * `make matrix`: runs the unit tests with each Node.js of `MATRIX_NODES`, and the contract suites of the store, and a
 * core with an edge, with each of them and on each server of `MATRIX_SERVERS`, and prints a table. Absent, they are the
 * Node.js that runs this, and the MariaDB of this machine. The exit code is 1 if anything failed.
 */
const nodes = list('MATRIX_NODES', process.execPath);
const servers = list('MATRIX_SERVERS', '');

/** Suites of the store: the beginnings of their names. */
const STORE = ['test/contract/store-', 'test/contract/mysql-'];
const STACK = ['test/e2e/app-management.test.ts', 'test/e2e/delivery.test.ts'];

/** Paths or root URLs such as `mysql://root@127.0.0.1:3306/`, with blanks between them. */
function list(name: string, fallback: string): string[] {
  return process.env[name]?.split(/\s+/).filter(Boolean) ?? [fallback];
}

/** Runs test files under a Node.js, MySQL on a server; resolves to what is to be read in the table. */
function run(node: string, serverUrl: string, files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'onepush-matrix-'));
  const report = join(folder, 'report.json');
  try {
    spawnSync(
      node,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--reporter=json',
        `--outputFile=${report}`,
        '--maxWorkers=2',
        // A server of the matrix may be slower than the machine's own.
        '--testTimeout=60000',
        ...files,
      ],
      { env: { ...process.env, ONEPUSH_TEST_MYSQL_URL: serverUrl }, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    // vitest's own report, in Jest's form.
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8')) as Record<
      string,
      number
    >;
    if (numFailedTests === 0 && numFailedTestSuites === 0) return `${numPassedTests} passed`;
    process.exitCode = 1;
    return `${numPassedTests} passed, ${numFailedTests} failed, ${numFailedTestSuites} suites failed`;
  } catch (error) {
    process.exitCode = 1;
    return `did not run: ${error instanceof Error ? error.message.split('\n')[0] : 'no report'}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same for a core with an edge, if the binary of uWebSockets.js for this Node.js loads on this system. */
function runStack(node: string, serverUrl: string): string {
  const { status } = spawnSync(node, ['-e', 'require("uWebSockets.js")'], { stdio: 'ignore' });
  return status === 0 ? run(node, serverUrl, STACK) : 'uWebSockets.js does not load here';
}

async function versionOf(serverUrl: string): Promise<string> {
  const connection = await createConnection({ uri: serverUrl });
  try {
    const [rows] = await connection.query('SELECT VERSION() AS version');
    const [row] = rows as { version: string }[];
    const version = row?.version ?? 'unknown';
    return version.includes('MariaDB') ? `MariaDB ${version.split('-')[0]}` : `MySQL ${version.split('-')[0]}`;
  } finally {
    connection.destroy();
  }
}

const own = servers.includes('') || nodes.length > 1 ? await startMariadb() : undefined;
const urls = servers.map((url) => url || own?.url('') || '');
const combinations = [
  ...urls.map((url) => [nodes[0] ?? process.execPath, url] as const),
  ...nodes.slice(1).map((node) => [node, own?.url('') ?? ''] as const),
];
const rows = [
  '| Node.js | server | unit tests | the store, SQLite and MySQL | core and edge |',
  '| --- | --- | --- | --- | --- |',
];
const units = new Map<string, string>();
try {
  for (const [node, url] of combinations) {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1);
    if (!units.has(node)) units.set(node, run(node, url, ['test/unit']));
    const cells = [version, await versionOf(url), units.get(node), run(node, url, STORE), runStack(node, url)];
    const row = `| ${cells.join(' | ')} |`;
    process.stderr.write(`${row}\n`);
    rows.push(row);
  }
} finally {
  await own?.stop();
}
process.stdout.write(`${rows.join('\n')}\n`);
