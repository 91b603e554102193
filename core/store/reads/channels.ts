import { channelCodes } from '../sql/codes.js';
import type { SqlDriver } from '../sql/driver.js';
import type { ChannelReader, StoredChannel } from '../store.js';

/** Number of credentials that one statement reads: each may have 100 KB. */
const PAGE = 100;

/** Look-ups of channels. */
export function createChannelReads(driver: SqlDriver): ChannelReader {
  return {
    async loadChannels() {
      const found: StoredChannel[] = [];
      for (;;) {
        const rows = await driver.all(
          `SELECT num, app_num, name, channel, settings, key_id, created_at, updated_at
             FROM channels WHERE num > ? ORDER BY num LIMIT ${PAGE}`,
          [found.at(-1)?.num ?? 0],
        );
        for (const row of rows) {
          found.push({
            num: Number(row.num),
            appNum: Number(row.app_num),
            name: String(row.name),
            channel: channelCodes.fromCode(row.channel),
            settings: String(row.settings),
            keyId: String(row.key_id),
            createdAt: Number(row.created_at),
            updatedAt: Number(row.updated_at),
          });
        }
        if (rows.length < PAGE) return found;
      }
    },
    async loadHidingApps() {
      // Few apps; once, at start.
      const rows = await driver.all('SELECT num FROM apps WHERE hides_content = 1', []);
      return rows.map(({ num }) => Number(num));
    },
  };
}
