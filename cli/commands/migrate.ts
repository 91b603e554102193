import { VERSION } from '../../common/version.js';
import type { CommandSpec } from '../command.js';
import { loadDatabase } from '../database.js';
import { Failure } from '../failure.js';

/** `onepush migrate`. */
export const migrate: CommandSpec = {
  name: 'migrate',
  summary: 'Brings the tables of ONEPUSH_DATABASE_URL up to date, as a core does at its start',
  options: [{ flags: '--check', means: 'change nothing; 1: they are not up to date' }],
  example: 'onepush migrate --check',
  json: { release: '0.1.0', database: 'sqlite 3.45.1', from: '0011_limits', to: '0012_access', applied: 1 },
  async run({ env, print }, input) {
    process.umask(0o077);
    const database = await loadDatabase(env);
    const before = await database.inspect();
    const name = `${before.kind} ${before.version}`;
    const head = { release: VERSION, database: name, from: before.migration ?? null };
    if (before.pending < 0) {
      const hint = `This is ${VERSION}: use the release that the database was migrated by, or a backup.`;
      throw new Failure('conflict', 'the database is of a newer release', hint);
    }
    if (input.flag('check')) {
      const says = before.pending === 0 ? 'is up to date' : `lacks ${before.pending} migrations, to ${before.wanted}`;
      print({ ...head, to: before.wanted, applied: 0 }, `${name}: ${before.migration ?? 'no store'}, ${says}`);
      return before.pending === 0 ? 0 : 1;
    }
    const store = await database.open();
    await store.close();
    const says = before.pending === 0 ? 'was up to date' : `${before.pending} migrations made`;
    print(
      { ...head, to: before.wanted, applied: before.pending },
      `${name}: ${before.migration ?? 'no store'} → ${before.wanted}, ${says}`,
    );
    return undefined;
  },
};
