import { existsSync } from 'node:fs';
import { createLogger, describeError } from '../common/log.js';
import { openStore } from './open-store.js';
import type { Store } from './store/store.js';

/**
 * `make verify`: checks for every directed push of the store in ONEPUSH_DATABASE_URL that targeted = ended + pending, that is that
 * each delivery is in an inbox or has exactly one receipt. Prints the pushes for which it is not so; exits with 1 if there are any, with 2 if
 * it could not look. Run it while the core is stopped, or on a copy: what is delivered meanwhile may be counted in between.
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

const url = process.env.ONEPUSH_DATABASE_URL || 'sqlite:./data/onepush.db';
const file = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined;
if (file !== undefined && !existsSync(file)) {
  process.stderr.write(`there is no store at ${file}\n`);
  process.exit(2);
}
try {
  const store = await openStore(url);
  process.exitCode = (await verify(store)) === 0 ? 0 : 1;
  await store.close();
} catch (error) {
  createLogger('verify', 'info').fatal(describeError(error), 'the store could not be verified');
  process.exitCode = 2;
}
