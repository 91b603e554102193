import { randomBytes } from 'node:crypto';
import { CommitInDoubt, type CoreOwnership, Fenced, StoreUnavailable } from '../store.js';
import type { Database, Row } from './driver.js';

/** Number of times that a lease is renewed before it would end. */
const RENEWALS = 5;
/** The part of a lease for which a core relies on it: others count it by another clock. */
const SURE_FOR = 0.8;
/** The number of the one core that writes at a time. */
export const CORE = 0;

/** Transactions of one incarnation of a core: none is committed once another one has taken over. */
export interface Fence extends CoreOwnership, Pick<Database, 'transaction'> {}

/**
 * The first statement of every transaction moves the core's row on and asserts its epoch. It is a part of what the
 * transaction sends anyway, so it costs no round trip. It fails, and with it all that follows in the same packet, since
 * `epoch` must not be null.
 */
export function createFence(database: Database): Fence {
  const { clock, connectionNumber, leaseMs } = database.fencing;
  const assertion = `UPDATE cores SET commits = commits + 1, lease_until = ${clock} + ${leaseMs},
    epoch = CASE WHEN epoch = ? THEN epoch END WHERE core = ${CORE}`;
  const introduction = `UPDATE cores SET connection = ${connectionNumber} WHERE core = ${CORE} AND epoch = ?`;
  const owner = randomBytes(16).toString('hex');
  let linkKey: string | undefined;
  let epoch: number | undefined;
  let commits = 0;
  let inDoubt = false;
  /** The connection that the row names. */
  let introduced: number | undefined;
  /** Time at which the last renewal that is known to have taken place began, by the monotonic clock. */
  let renewedAt = Number.NEGATIVE_INFINITY;

  async function readRow(): Promise<Row | undefined> {
    const columns = `epoch, owner, address, lease_until - ${clock} AS lease_ms, commits, connection, link_key`;
    const [row] = await database.all(`SELECT ${columns} FROM cores WHERE core = ${CORE}`, []);
    return row;
  }

  async function epochOfRow(): Promise<number> {
    return Number((await readRow())?.epoch);
  }

  /** Returns true if this is the present incarnation; then its epoch and its count of commits are those of the row. */
  async function adopt(): Promise<boolean> {
    const row = await readRow();
    if (row === undefined || String(row.owner) !== owner) return false;
    epoch = Number(row.epoch);
    commits = Number(row.commits);
    linkKey = String(row.link_key);
    return true;
  }

  /**
   * Ends what an earlier connection of this incarnation may still have under way: a network that was cut may have kept
   * that from it.
   */
  async function endEarlier(own: number): Promise<void> {
    const row = await readRow().catch(() => undefined);
    if (row === undefined || Number(row.epoch) !== own || Number(row.connection) === database.connectionId?.()) return;
    await database.terminate?.(Number(row.connection)).catch(() => {});
  }

  /**
   * Has the row name the connection before anything is under way on it: whoever must can end that. Once for each
   * connection.
   */
  async function introduce(own: number): Promise<void> {
    if (database.connectionId === undefined) return;
    const connection = database.connectionId();
    if (connection !== undefined && connection === introduced) return;
    try {
      await database.transaction((tx) => tx.enqueue(introduction, [own]));
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await endEarlier(own);
      // It does not matter whether it took place: nothing else was sent.
      throw error instanceof CommitInDoubt ? new StoreUnavailable(error.code) : error;
    }
    introduced = database.connectionId();
  }

  /** Waits for what an earlier connection has still under way, and ends it where that goes on. Twice does no harm. */
  async function raise(sql: string, values: readonly (string | number)[]): Promise<void> {
    try {
      await database.run(sql, values);
    } catch {
      const row = await readRow();
      if (row !== undefined) await database.terminate?.(Number(row.connection));
      await database.run(sql, values);
    }
  }

  return {
    renewEveryMs: leaseMs > 0 ? leaseMs / RENEWALS : undefined,
    holdsLease: () => leaseMs === 0 || performance.now() - renewedAt < leaseMs * SURE_FOR,

    linkKey() {
      if (linkKey === undefined) throw new Error('this store has not been taken over');
      return linkKey;
    },

    async transaction(work) {
      const own = epoch;
      if (own === undefined) throw new Error('this store has not been taken over');
      if (inDoubt) throw new StoreUnavailable('IN_DOUBT');
      try {
        await introduce(own);
        const begun = performance.now();
        const result = await database.transaction(async (tx) => {
          await tx.enqueue(assertion, [own]);
          return work(tx);
        });
        commits++;
        renewedAt = begun;
        return result;
      } catch (error) {
        if (error instanceof CommitInDoubt) inDoubt = true;
        else if (!(error instanceof StoreUnavailable) && (await epochOfRow()) !== own) throw new Fenced();
        throw error;
      }
    },

    async findOwner() {
      const row = await readRow();
      if (row === undefined) throw new Error('the row of the core is missing');
      const address = row.owner === null ? undefined : String(row.address);
      return { epoch: Number(row.epoch), address, leaseMs: Number(row.lease_ms) };
    },

    async takeOver(address, from) {
      const begun = performance.now();
      await raise(
        `UPDATE cores SET epoch = epoch + 1, owner = ?, address = ?, lease_until = ${clock} + ${leaseMs},
           link_key = COALESCE(link_key, ?)
         WHERE core = ${CORE} AND epoch = ?`,
        [owner, address, randomBytes(32).toString('hex'), from],
      );
      if (!(await adopt())) return false;
      renewedAt = begun;
      return true;
    },

    async resolveDoubt() {
      const expected = commits + 1;
      await raise(`UPDATE cores SET epoch = epoch + 1 WHERE core = ${CORE} AND owner = ?`, [owner]);
      if (!(await adopt())) throw new Fenced();
      inDoubt = false;
      return commits === expected;
    },

    async release() {
      await database.run(`UPDATE cores SET lease_until = 0 WHERE core = ${CORE} AND owner = ?`, [owner]);
    },
  };
}
