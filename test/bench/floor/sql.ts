import { type Connection, createConnection } from 'mysql2/promise';
import { serve } from '../child.js';
import { micros } from '../clock.js';

/**
 * The bare floor of what is stored: one process on one connection, one statement after the other, each its own
 * transaction.
 */
export interface FloorSql {
  /** Makes empty tables like those of the database: `plain_devices` and `plain_pushes`. */
  connect(input: { databaseUrl: string }): Promise<void>;
  /** Inserts or updates so many devices, so many with each statement. Resolves with devices each second. */
  upsertDevices(input: { devices: number; batch: number }): Promise<number>;
  /** Inserts so many pushes, one by one. Resolves with the median in milliseconds. */
  insertPushes(input: { pushes: number }): Promise<number>;
  close(input: null): Promise<void>;
}

const COLUMNS = 'id, app_num, alias, platform, native_token, token_hash, mobile, since_id, registered_at';
const CONTENT = JSON.stringify({ alert: '0000000000000000 Your order has left the house' });
const DAY = 86_400_000;

let connection: Connection | undefined;
let last = 0;

function database(): Connection {
  if (connection === undefined) throw new Error('not connected');
  return connection;
}

function device(): (string | number | null)[] {
  const id = (++last).toString(16).padStart(32, '0');
  return [id, 1, `user-${last}`, 1, `token-${last}`, id.padStart(43, 'x'), null, 1, Date.now()];
}

serve<FloorSql>({
  async connect({ databaseUrl }) {
    connection = await createConnection({ uri: databaseUrl });
    for (const table of ['devices', 'pushes']) {
      await connection.query(`CREATE TABLE IF NOT EXISTS plain_${table} LIKE ${table}`);
    }
  },
  async upsertDevices({ devices, batch }) {
    const began = micros();
    for (let done = 0; done < devices; done += batch) {
      const rows = Array.from({ length: Math.min(batch, devices - done) }, device);
      await database().query(
        `INSERT INTO plain_devices (${COLUMNS}) VALUES ? ON DUPLICATE KEY UPDATE alias = VALUES(alias)`,
        [rows],
      );
    }
    return (devices * 1_000_000) / (micros() - began);
  },
  async insertPushes({ pushes }) {
    const columns = 'id, app_num, tenant_code, platform, msg_type, need_confirm, created_at, expires_at, content';
    const taken: number[] = [];
    for (let done = 0; done < pushes; done++) {
      const now = Date.now();
      const row = [++last, 1, '', 0, 0, false, now, now + DAY, CONTENT];
      const began = micros();
      await database().query(`INSERT INTO plain_pushes (${columns}) VALUES (?)`, [row]);
      taken.push(micros() - began);
    }
    return (taken.toSorted((a, b) => a - b)[Math.floor(pushes / 2)] ?? 0) / 1000;
  },
  async close() {
    await connection?.end();
  },
});
