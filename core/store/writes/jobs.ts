import type { JobStep } from '../../domain/job.js';
import { jobStateCodes } from '../sql/codes.js';
import {
  chunks,
  insertRows,
  KEYS_PER_STATEMENT,
  places,
  type SqlDriver,
  StoreFault,
  type Transaction,
} from '../sql/driver.js';
import { encodeSpec, erasedSpec } from '../sql/job-spec.js';
import type { IdempotencyKey, JobCancellation, NewJob, StoreWriter, Sweep } from '../store.js';
import { createOpenJobs } from './open-jobs.js';

const OPEN = jobStateCodes.toCode('open');
const DONE = jobStateCodes.toCode('done');
const CANCELLED = jobStateCodes.toCode('cancelled');
const FAILED = jobStateCodes.toCode('failed');
/** Bound of one sweep. */
const JOBS_PER_SWEEP = 200;
const SPEC_BYTES_PER_SWEEP = 1024 * 1024;

/** Pushes that are made later or in parts. */
export function createJobCommits(
  driver: SqlDriver,
): Pick<StoreWriter, 'commitJobs' | 'commitCancellations' | 'commitFailures'> {
  const openJobs = createOpenJobs();
  return {
    commitJobs: (jobs) =>
      driver.transaction(async (tx) => {
        const known = await findKeys(driver, tx, jobs);
        const fresh = jobs.filter(({ idempotency }) => idempotency === undefined || !known.has(idempotency.key));
        const { admitted, full } = await openJobs.admit(tx, fresh);
        await insertJobs(driver, tx, admitted);
        return jobs.map(({ id, idempotency }) => {
          if (full.has(id)) return 'full';
          const earlier = idempotency && known.get(idempotency.key);
          if (earlier === undefined) return id;
          return earlier.digest === idempotency?.digest ? earlier.pushId : 'conflict';
        });
      }),
    commitCancellations: (cancellations) =>
      driver.transaction(async (tx) => {
        const results: (number[] | undefined)[] = [];
        for (const cancellation of cancellations) results.push(await cancel(driver, tx, cancellation));
        return results;
      }),
    commitFailures: (failures) =>
      driver.transaction(async (tx) => {
        for (const { id, reason } of failures) {
          const [job] = await tx.all(`SELECT spec FROM jobs WHERE id = ? AND state = ?${driver.locking}`, [id, OPEN]);
          if (job === undefined) continue;
          await tx.enqueue('UPDATE jobs SET state = ?, spec = ? WHERE id = ?', [
            FAILED,
            erasedSpec(job.spec, reason),
            id,
          ]);
        }
      }),
  };
}

/** Finds what the keys of jobs stand for. A commit of one that is still under way, its caller gone, is waited for. */
async function findKeys(
  driver: SqlDriver,
  tx: Transaction,
  jobs: readonly NewJob[],
): Promise<Map<string, Pick<IdempotencyKey, 'digest'> & { pushId: number }>> {
  const known = new Map<string, { digest: string; pushId: number }>();
  const keyed = jobs.flatMap(({ idempotency, createdAt }) =>
    idempotency ? [{ key: idempotency.key, createdAt }] : [],
  );
  for (const chunk of chunks(keyed, KEYS_PER_STATEMENT)) {
    const rows = await tx.all(
      `SELECT key_hash, digest, push_id FROM idempotency_keys
       WHERE key_hash IN ${places(chunk.length)} AND expires_at > ?${driver.locking}`,
      [...chunk.map(({ key }) => key), Math.max(...chunk.map(({ createdAt }) => createdAt))],
    );
    for (const row of rows)
      known.set(String(row.key_hash), { digest: String(row.digest), pushId: Number(row.push_id) });
  }
  return known;
}

async function insertJobs(driver: SqlDriver, tx: Transaction, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO jobs (id, app_num, state, due_at, created_at, expires_at, spec)',
    jobs.map((job) => [job.id, job.appNum, OPEN, job.dueAt, job.createdAt, job.expiresAt, encodeSpec(job.spec)]),
  );
  await insertKeys(
    driver,
    tx,
    jobs.flatMap(({ id, idempotency }) => (idempotency === undefined ? [] : [{ pushId: id, ...idempotency }])),
    Math.max(...jobs.map(({ createdAt }) => createdAt)),
  );
}

/**
 * Keeps keys with what they stand for. One that has expired and is not swept yet begins anew.
 *
 * @throws StoreFault if one is there that has not expired: a key is never given to another push
 */
export async function insertKeys(
  driver: SqlDriver,
  tx: Transaction,
  keys: readonly (IdempotencyKey & { pushId: number })[],
  now: number,
): Promise<void> {
  for (const chunk of chunks(keys, KEYS_PER_STATEMENT)) {
    await tx.enqueue(`DELETE FROM idempotency_keys WHERE key_hash IN ${places(chunk.length)} AND expires_at <= ?`, [
      ...chunk.map(({ key }) => key),
      now,
    ]);
  }
  await insertRows(
    tx,
    driver.maxValues,
    'INSERT INTO idempotency_keys (key_hash, digest, push_id, expires_at)',
    keys.map(({ key, digest, pushId, expiresAt }) => [key, digest, pushId, expiresAt]),
  );
}

/**
 * Notes that a part of a job is committed with this transaction.
 *
 * @throws StoreFault if the job is not where the part begins: that part was pushed before, or the job is cancelled
 */
export async function advanceJob(
  driver: SqlDriver,
  tx: Transaction,
  { id, from, after, done }: JobStep,
): Promise<void> {
  const [job] = await tx.all(`SELECT spec FROM jobs WHERE id = ? AND state = ? AND after_device = ?${driver.locking}`, [
    id,
    OPEN,
    from,
  ]);
  if (job === undefined) throw new StoreFault('a part of a job is not the next one');
  if (done) {
    await tx.enqueue('UPDATE jobs SET after_device = ?, state = ?, spec = ? WHERE id = ?', [
      after,
      DONE,
      erasedSpec(job.spec),
      id,
    ]);
  } else {
    await tx.enqueue('UPDATE jobs SET after_device = ? WHERE id = ?', [after, id]);
  }
}

async function cancel(
  driver: SqlDriver,
  tx: Transaction,
  { id, appNum, now }: JobCancellation,
): Promise<number[] | undefined> {
  const [job] = await tx.all(`SELECT state, spec, expires_at FROM jobs WHERE id = ? AND app_num = ?${driver.locking}`, [
    id,
    appNum,
  ]);
  if (job === undefined) return undefined;
  // What had expired before is not recalled; it stays what it was.
  const ended = Number(job.state) === OPEN ? DONE : Number(job.state);
  await tx.run('UPDATE jobs SET state = ?, spec = ?, expires_at = ? WHERE id = ?', [
    now < Number(job.expires_at) ? CANCELLED : ended,
    erasedSpec(job.spec),
    Math.min(now, Number(job.expires_at)),
    id,
  ]);
  const parts = await tx.all('SELECT id FROM pushes WHERE job_id = ? ORDER BY id', [id]);
  return parts.map((row) => Number(row.id));
}

/**
 * Ends jobs whose time is over before they were done, and removes what is past its retention. Answers whether there may
 * be more.
 */
export async function sweepJobs(tx: Transaction, { now, removeBefore }: Sweep): Promise<boolean> {
  const late = await tx.all(
    'SELECT id FROM jobs WHERE state = ? AND due_at <= ? AND expires_at <= ? ORDER BY due_at LIMIT ?',
    [OPEN, now, now, JOBS_PER_SWEEP],
  );
  let bytes = 0;
  for (const { id } of late) {
    const [job] = await tx.all('SELECT spec FROM jobs WHERE id = ?', [Number(id)]);
    if (job === undefined) continue;
    await tx.run('UPDATE jobs SET state = ?, spec = ? WHERE id = ?', [DONE, erasedSpec(job.spec), Number(id)]);
    bytes += String(job.spec).length;
    // One may name thousands of users: the next sweep goes on.
    if (bytes >= SPEC_BYTES_PER_SWEEP) return true;
  }
  const old = await tx.all('SELECT id FROM jobs WHERE expires_at <= ? AND state <> ? ORDER BY expires_at LIMIT ?', [
    removeBefore,
    OPEN,
    JOBS_PER_SWEEP,
  ]);
  const ids = old.map((row) => Number(row.id));
  if (ids.length > 0) await tx.run(`DELETE FROM jobs WHERE id IN ${places(ids.length)}`, ids);
  return late.length === JOBS_PER_SWEEP || old.length === JOBS_PER_SWEEP;
}
