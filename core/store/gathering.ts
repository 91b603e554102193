import { format, escape as quoted, type ResultSetHeader } from 'mysql2';
import type { SqlValue, Transaction } from './driver.js';
import type { Queryable } from './mysql-connection.js';

/** So many characters of gathered statements are sent without waiting for more. */
const MAX_GATHERED = 2_000_000;

/**
 * Statements that nobody waits for go with the next one that somebody does, in one round trip: a small transaction costs one or two of
 * them, however many statements it has. They run in order, and none after one that fails.
 */
export function gathering(connection: Queryable): Queryable & Pick<Transaction, 'later' | 'insertLater'> {
  let texts: string[] = [];
  let counters: (((rows: number) => void) | undefined)[] = [];
  let characters = 0;

  /** Answers what the last of the statements does. */
  async function send(last?: string): Promise<[unknown, unknown]> {
    const all = last === undefined ? texts : [...texts, last];
    const told = counters;
    texts = [];
    counters = [];
    characters = 0;
    const [results, fields] = await connection.query(all.join(';\n'));
    if (all.length === 1) {
      tell(told, [results]);
      return [results, fields];
    }
    // What the driver answers to several statements: the answer to each.
    const each = results as unknown[];
    tell(told, each);
    return [each.at(-1), Array.isArray(fields) ? fields.at(-1) : undefined];
  }

  async function gather(text: string, counted: ((rows: number) => void) | undefined): Promise<void> {
    texts.push(text);
    counters.push(counted);
    characters += text.length;
    if (characters > MAX_GATHERED) await send();
  }

  return {
    later: (sql, values, counted) => gather(format(sql, [...values]), counted),
    insertLater: (into, rows, suffix, counted) =>
      gather(`${into} VALUES ${rows.map(toLiterals).join(', ')}${suffix}`, counted),
    async query(statement, values = []) {
      if (texts.length === 0) return connection.query(statement, values);
      // Whoever asks in words gives the values of a statement of the store.
      if (typeof statement === 'string') return send(format(statement, values as SqlValue[]));
      // It has wishes of its own about how rows are read.
      await send();
      return connection.query(statement, values);
    },
  };
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

function tell(counters: readonly (((rows: number) => void) | undefined)[], results: readonly unknown[]): void {
  for (const [index, counted] of counters.entries()) {
    // What the driver answers to all but a SELECT.
    counted?.((results[index] as ResultSetHeader).affectedRows);
  }
}
