import { createLogger, describeError } from '../common/logs/log.js';
import { ConfigError, EnvReader } from '../common/settings/env.js';
import { openExistingStore, readDatabaseUrl } from '../core/open-store.js';
import type { Store } from '../core/store/store.js';

/**
 * `make verify`: checks for every directed push of the store in ONEPUSH_DATABASE_URL that targeted = ended + pending,
 * that is that each delivery is in an inbox or has exactly one receipt. Prints the pushes for which it is not so; exits
 * with 1 if there are any, with 2 if it could not look. Run it while the core is stopped, or on a copy: what is
 * delivered meanwhile may be counted in between.
 */
const PAGE = 1000;

async function verify(store: Store): Promise<number> {
  let pushes = 0;
  let deliveries = 0;
  let wrong = 0;
  for (let after = 0; ; ) {
    const sums = await store.sumDeliveries(after, PAGE);
    for (const { pushId, targeted, ended, pending } of sums) {
      pushes++;
      deliveries += targeted;
      if (targeted === ended + pending) continue;
      wrong++;
      process.stdout.write(`push ${pushId}: targeted ${targeted}, ended ${ended}, pending ${pending}\n`);
    }
    const last = sums.at(-1);
    if (last === undefined) break;
    after = last.pushId;
  }
  process.stdout.write(`${pushes} directed pushes, ${deliveries} deliveries, ${wrong} wrong sums\n`);
  return wrong;
}

const log = createLogger('verify', 'info');
process.umask(0o077);
try {
  const reader = new EnvReader(process.env);
  const url = readDatabaseUrl(reader);
  reader.done();
  const store = await openExistingStore(url, log);
  process.exitCode = (await verify(store)) === 0 ? 0 : 1;
  await store.close();
} catch (error) {
  if (error instanceof ConfigError) for (const problem of error.problems) log.fatal(problem);
  else log.fatal(describeError(error), 'the store could not be verified');
  process.exitCode = 2;
}
