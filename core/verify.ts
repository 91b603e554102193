import { createLogger, describeError } from '../common/log.js';
import { readCoreConfig } from './config.js';
import { openStore } from './open-store.js';

/**
 * `make verify`: checks for every directed push of the store that targeted = ended + pending, that is that each delivery is in an
 * inbox or has exactly one receipt. Prints the pushes for which it is not so; exits with 1 if there are any. Run it while the core is
 * stopped, or on a copy: a push that is being delivered meanwhile may be counted in between.
 */
const PAGE = 1000;

const config = readCoreConfig(process.env);
try {
  const store = await openStore(config.databaseUrl);
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
  await store.close();
  process.stdout.write(`${pushes} directed pushes, ${deliveries} deliveries, ${wrong} wrong sums\n`);
  process.exitCode = wrong === 0 ? 0 : 1;
} catch (error) {
  createLogger('verify', 'info').fatal(describeError(error), 'the store could not be verified');
  process.exitCode = 2;
}
