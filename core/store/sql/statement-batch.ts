import { format, escape as quoted, type ResultSetHeader } from 'mysql2';
import { exceeds, type Outcome, type ServerConnection } from '../mysql/connection.js';
import { RolledBack } from '../mysql/errors.js';
import type { Queryable } from '../mysql/queryable.js';
import { CommitInDoubt, StoreUnavailable } from '../store.js';
import { type SqlValue, StoreFault, type Transaction } from './driver.js';

/** So many bytes of gathered statements are sent without waiting for more. */
const MAX_GATHERED = 2_000_000;
/** A statement of several rows has at most so many bytes. */
const MAX_INSERT = 1_000_000;

type Counter = ((rows: number) => void) | undefined;

/** One transaction on a connection. Nothing else is sent on it meanwhile. */
export interface StatementBatch extends Queryable, Pick<Transaction, 'enqueue' | 'enqueueInsert'> {
  /**
   * Sends what has gathered, and COMMIT with it.
   *
   * @param result what the transaction comes to
   * @throws CommitInDoubt if COMMIT was sent and it is not certain that it was not carried out; any other error:
   * nothing is committed
   */
  commit(result: unknown): Promise<void>;
}

/**
 * Statements that nobody waits for go with the next one that somebody does, in one round trip: a small transaction
 * costs one or two of them, however many statements it has. They run in order, and none after one that fails. What is
 * sent together fits the server's limit.
 */
export function createStatementBatch(connection: Pick<ServerConnection, 'attempt' | 'maxBytes'>): StatementBatch {
  let texts: string[] = [];
  let counters: Counter[] = [];
  let bytes = 0;
  /** The error for which there is no transaction any more. */
  let failure: { error: unknown } | undefined;
  const { maxBytes } = connection;
  const maxGathered = Math.min(MAX_GATHERED, maxBytes);
  // Two parts of it fit together.
  const maxInsert = Math.min(MAX_INSERT, Math.floor(maxBytes / 2));

  /** Sends all at once. Answers what the last of the statements does. */
  async function send(last?: string): Promise<[unknown, unknown]> {
    const told = counters;
    const count = texts.length + (last === undefined ? 0 : 1);
    const { results, fields } = succeeded(await attempt(joined(last)));
    if (count === 1) {
      tell(told, [results]);
      return [results, fields];
    }
    // What the driver answers to several statements: the answer to each.
    const each = results as unknown[];
    tell(told, each);
    return [each.at(-1), Array.isArray(fields) ? fields.at(-1) : undefined];
  }

  /** Returns the statements that have gathered as one text; none are left then. */
  function joined(last?: string): string {
    const all = last === undefined ? texts : [...texts, last];
    texts = [];
    counters = [];
    bytes = 0;
    return all.join(';\n');
  }

  async function attempt(...sent: Parameters<ServerConnection['attempt']>): Promise<Outcome> {
    if (failure !== undefined) throw failure.error;
    const outcome = await connection.attempt(...sent);
    if (outcome.failed) failure = outcome;
    return outcome;
  }

  async function gather(text: string, counted: Counter): Promise<void> {
    if (exceeds(text, maxBytes)) {
      failure = { error: new StoreFault('STATEMENT_TOO_LONG') };
      throw failure.error;
    }
    const length = Buffer.byteLength(text) + 2;
    if (texts.length > 0 && bytes + length > maxGathered) await send();
    texts.push(text);
    counters.push(counted);
    bytes += length;
    if (bytes > maxGathered) await send();
  }

  return {
    enqueue: (sql, values, counted) => gather(format(sql, [...values]), counted),
    async enqueueInsert(into, rows, suffix, counted) {
      for (const text of inserts(`${into} VALUES `, rows.map(toLiterals), suffix, maxInsert))
        await gather(text, counted);
    },
    async query(statement, values = []) {
      if (typeof statement !== 'string') {
        // It has wishes of its own about how rows are read.
        if (texts.length > 0) await send();
        const { results, fields } = succeeded(await attempt(statement, values));
        return [results, fields];
      }
      // Whoever asks in words gives the values of a statement of the store.
      const text = format(statement, values as SqlValue[]);
      if (texts.length > 0 && exceeds(text, maxBytes - bytes)) await send();
      return send(text);
    },
    async commit(result) {
      const [told, before] = [counters, texts.length];
      const outcome = await attempt(joined('COMMIT'));
      if (!outcome.failed) {
        // As above.
        if (before > 0) tell(told, outcome.results as unknown[]);
        return;
      }
      const { error, answers, definite } = outcome;
      // The server named a statement before it, or gave the transaction up.
      if (definite && (answers < before || error instanceof RolledBack)) throw error;
      throw new CommitInDoubt(error instanceof StoreUnavailable ? error.code : 'COMMIT_FAILED', result);
    },
  };
}

function succeeded(outcome: Outcome): Extract<Outcome, { failed: false }> {
  if (outcome.failed) throw outcome.error;
  return outcome;
}

/**
 * Statements for all rows, each of at most so many bytes or of one row. Hot: as a rule all fit, whatever their
 * characters are.
 */
function* inserts(into: string, rows: readonly string[], suffix: string, maxBytes: number): Generator<string> {
  let characters = 0;
  for (const row of rows) characters += row.length;
  if (characters * 3 <= maxBytes) {
    yield `${into}${rows.join(', ')}${suffix}`;
    return;
  }
  let start = 0;
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    const length = Buffer.byteLength(row);
    if (index > start && bytes + length > maxBytes) {
      yield `${into}${rows.slice(start, index).join(', ')}${suffix}`;
      start = index;
      bytes = 0;
    }
    bytes += length;
  }
  yield `${into}${rows.slice(start).join(', ')}${suffix}`;
}

/** Hot: to fill in the places of a statement costs three times as much. */
function toLiterals(row: readonly SqlValue[]): string {
  let text = '';
  for (const value of row) {
    const literal = typeof value === 'string' ? quoted(value) : (value ?? 'NULL');
    text += text === '' ? literal : `, ${literal}`;
  }
  return `(${text})`;
}

function tell(counters: readonly Counter[], results: readonly unknown[]): void {
  for (const [index, counted] of counters.entries()) {
    // What the driver answers to all but a SELECT.
    counted?.((results[index] as ResultSetHeader).affectedRows);
  }
}
