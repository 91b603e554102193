import type { TestProject } from 'vitest/node';
import { ping } from './database.js';
import { distProblem } from './dist.js';
import { findMariadbd, startMariadb } from './mariadb.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Root URL of the MySQL server of this run (`mysql://root@127.0.0.1:20001/`); absent where there is none. */
    mysqlUrl?: string | undefined;
  }
}

const HOW = 'install mariadb-server, or set ONEPUSH_TEST_MYSQL_URL to the root URL of an empty server';

/**
 * Runs once before all tests: gives the run its MySQL server. Under CI a missing server fails the run; elsewhere the
 * tests go on without MySQL and say so. The result is the teardown.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const stale = distProblem();
  if (stale) console.warn(`Tests that start processes will fail: ${stale}`);

  const given = process.env.ONEPUSH_TEST_MYSQL_URL;
  if (given) {
    if (!(await ping(given))) throw new Error('the server of ONEPUSH_TEST_MYSQL_URL does not answer');
    project.provide('mysqlUrl', given);
    return undefined;
  }
  if (!findMariadbd()) {
    if (process.env.CI) throw new Error(`MySQL cannot be covered: ${HOW}`);
    console.warn(`NOT COVERED: everything on MySQL, because no MariaDB server was found. To cover it, ${HOW}.`);
    return undefined;
  }
  const server = await startMariadb();
  project.provide('mysqlUrl', server.url(''));
  return () => server.stop();
}
