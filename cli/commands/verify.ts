import type { CommandSpec } from '../command.js';
import { loadDatabase } from '../database.js';
import { EXITS } from '../exits.js';

/** Pushes that are read at a time. */
const PAGE = 1000;

/** `onepush verify`. */
export const verify: CommandSpec = {
  name: 'verify',
  summary: 'Checks the sums of deliveries in the store of ONEPUSH_DATABASE_URL; stop the core first, or use a copy',
  example: 'ONEPUSH_DATABASE_URL=sqlite:data/verify.db onepush verify',
  json: { pushes: 3, deliveries: 3, wrong: [] },
  async run({ env, print, terminal }) {
    // The files of a store are for their owner.
    process.umask(0o077);
    const database = await loadDatabase(env);
    const store = await database.openExisting();
    try {
      let [pushes, deliveries, after] = [0, 0, 0];
      const wrong: { pushId: string; targeted: number; ended: number; pending: number }[] = [];
      for (;;) {
        const sums = await store.sumDeliveries(after, PAGE);
        for (const { pushId, targeted, ended, pending } of sums) {
          pushes++;
          deliveries += targeted;
          if (targeted !== ended + pending) wrong.push({ pushId: String(pushId), targeted, ended, pending });
        }
        const last = sums.at(-1);
        if (last === undefined) break;
        after = last.pushId;
        terminal.progress(0, `${pushes} pushes`);
      }
      const lines = wrong.map(
        ({ pushId, targeted, ended, pending }) =>
          `push ${pushId}: targeted ${targeted}, ended ${ended}, pending ${pending}`,
      );
      const total = `${pushes} directed pushes, ${deliveries} deliveries, ${wrong.length} wrong sums`;
      print({ pushes, deliveries, wrong }, [...lines, total].join('\n'));
      return wrong.length === 0 ? EXITS.ok.code : EXITS.failed.code;
    } finally {
      await store.close();
    }
  },
};
