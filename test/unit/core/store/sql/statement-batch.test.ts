import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../../core/store/mysql/connection.js';
import { RolledBack } from '../../../../../core/store/mysql/errors.js';
import { StoreFault } from '../../../../../core/store/sql/driver.js';
import { createStatementBatch } from '../../../../../core/store/sql/statement-batch.js';
import { CommitInDoubt, StoreUnavailable } from '../../../../../core/store/store.js';
import { rejectionOf } from '../../../../contract/each-store.js';

/** A connection that keeps what is sent, and answers that each statement changed one row unless told otherwise. */
function connection(maxBytes = 1000, outcomes: Outcome[] = []) {
  const sent: string[] = [];
  return {
    maxBytes,
    sent,
    attempt: async (statement: string | { sql: string }): Promise<Outcome> => {
      const text = typeof statement === 'string' ? statement : statement.sql;
      sent.push(text);
      const results = text.split(';\n').map(() => ({ affectedRows: 1 }));
      return outcomes.shift() ?? { failed: false, results: results.length === 1 ? results[0] : results, fields: [] };
    },
  };
}

const failed = (error: unknown, answers: number, definite: boolean): Outcome => ({
  failed: true,
  error,
  answers,
  definite,
});

describe('the statements of a transaction', () => {
  it('go in one round trip with its commit', async () => {
    const used = connection();
    const transaction = createStatementBatch(used);
    let counted = 0;
    await transaction.enqueue('START TRANSACTION', []);
    await transaction.enqueue('DELETE FROM t WHERE a = ?', [1], (rows) => {
      counted += rows;
    });
    await transaction.commit(undefined);
    expect(used.sent).toEqual(['START TRANSACTION;\nDELETE FROM t WHERE a = 1;\nCOMMIT']);
    expect(counted).toBe(1);
  });

  it.each([
    ['a', 1],
    ['\n', 2],
    ['é', 2],
    ['中', 3],
    ['🚀', 4],
  ])('are cut so that each fits, by the bytes of %j', async (character, bytes) => {
    const used = connection(1000);
    const transaction = createStatementBatch(used);
    const rows = Array.from({ length: 40 }, (_, index) => [index, character.repeat(Math.floor(200 / bytes))]);
    let counted = 0;
    await transaction.enqueueInsert('INSERT INTO t (a, b)', rows, '', (changed) => {
      counted += changed;
    });
    await transaction.enqueue(`UPDATE t SET b = '${'x'.repeat(900)}'`, []);
    await transaction.query('SELECT ?', ['y'.repeat(900)]);
    await transaction.commit(undefined);
    for (const text of used.sent) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1000);
    const all = used.sent.join('\n');
    for (const [index] of rows) expect(all.split(`(${index}, '`)).toHaveLength(2);
    expect(counted).toBe(used.sent.join(';\n').split('INSERT').length - 1);
  });

  it('refuse a row that no statement can hold, and send nothing of it', async () => {
    const used = connection(1000);
    const transaction = createStatementBatch(used);
    await transaction.enqueue('START TRANSACTION', []);
    const large = transaction.enqueueInsert('INSERT INTO t (a)', [['x'], ['\n'.repeat(600)]], '');
    expect(await rejectionOf(large)).toEqual(new StoreFault('STATEMENT_TOO_LONG'));
    expect(await rejectionOf(transaction.commit(undefined))).toBeInstanceOf(StoreFault);
    expect(used.sent.join()).not.toContain('COMMIT');
  });

  it('are not sent any more after one that failed', async () => {
    const used = connection(1000, [failed(new StoreUnavailable('GONE'), 0, false)]);
    const transaction = createStatementBatch(used);
    expect(await rejectionOf(transaction.query('SELECT 1'))).toEqual(new StoreUnavailable('GONE'));
    await transaction.enqueue('DELETE FROM t', []);
    expect(await rejectionOf(transaction.commit(undefined))).toEqual(new StoreUnavailable('GONE'));
    expect(used.sent).toEqual(['SELECT 1']);
  });
});

describe('a commit of two statements', () => {
  async function outcomeOf(outcome: Outcome): Promise<Error> {
    const transaction = createStatementBatch(connection(1000, [outcome]));
    await transaction.enqueue('START TRANSACTION', []);
    await transaction.enqueue('DELETE FROM t', []);
    return rejectionOf(transaction.commit('its result'));
  }

  it.each([
    ['a statement was refused', new StoreFault('ER'), 1],
    ['a statement found a read-only server', new StoreUnavailable('ER'), 1],
    ['a statement was rolled back', new RolledBack('ER'), 1],
    ['COMMIT itself was rolled back', new RolledBack('ER'), 2],
  ])('is surely not there if %s', async (_what, error, answers) => {
    expect(await outcomeOf(failed(error, answers, true))).toBe(error);
  });

  it.each([
    ['COMMIT failed with what would be a refusal', new StoreFault('ER'), 2, true],
    ['COMMIT failed', new StoreUnavailable('ER'), 2, true],
    ['the connection broke', new StoreUnavailable('ER'), 0, false],
    ['the driver failed', new TypeError(), 0, false],
  ])('is in doubt if %s', async (_what, error, answers, definite) => {
    const doubt = await outcomeOf(failed(error, answers, definite));
    expect(doubt).toBeInstanceOf(CommitInDoubt);
    expect(doubt).toMatchObject({ result: 'its result' });
  });
});
