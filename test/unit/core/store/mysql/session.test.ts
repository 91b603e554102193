import { expect, it } from 'vitest';
import { setUpSession } from '../../../../../core/store/mysql/session.js';
import { StoreFault } from '../../../../../core/store/sql/driver.js';
import { StoreUnavailable } from '../../../../../core/store/store.js';
import { rejectionOf } from '../../../../contract/each-store.js';

const GOOD = {
  isolation: 'READ-COMMITTED',
  mode: 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  charset: 'utf8mb4',
  lockWait: 5,
  autocommit: 1,
  listBytes: 65_536,
  readWithin: 2,
  maxPacket: 16_777_216,
  id: 12,
};

/** A server that has these settings whatever it is told, and refuses what matches. */
function server(settings: object, version = '10.11.19-MariaDB', refuses?: { text: string; error: Error }) {
  const sent: string[] = [];
  return {
    sent,
    query: async (statement: string | { sql: string }): Promise<[unknown, unknown]> => {
      const text = typeof statement === 'string' ? statement : statement.sql;
      sent.push(text);
      if (refuses !== undefined && text.includes(refuses.text)) throw refuses.error;
      return [text.includes('VERSION()') ? [{ version }] : text.startsWith('SELECT') ? [settings] : {}, undefined];
    },
  };
}

it('a session is used if it is as it was asked to be', async () => {
  expect(await setUpSession(server(GOOD), 2000)).toEqual({ id: 12, maxPacket: 16_777_216 });
  expect(await setUpSession(server({ ...GOOD, isolation: 'READ COMMITTED' }), 2000)).toMatchObject({ id: 12 });
});

it("a session's limit of time is in the unit and under the name that the server has", async () => {
  const [mariadb, mysql] = [server(GOOD), server({ ...GOOD, readWithin: 2000 }, '8.0.40')];
  await setUpSession(mariadb, 2000);
  await setUpSession(mysql, 2000);
  expect(mariadb.sent.join()).toMatch(/max_statement_time = 2\b/);
  expect(mysql.sent.join()).toContain('max_execution_time = 2000');
});

it.each([
  ['isolation', 'REPEATABLE-READ', 'READ COMMITTED'],
  ['mode', 'NO_ENGINE_SUBSTITUTION', 'STRICT_ALL_TABLES'],
  ['charset', 'latin1', 'utf8mb4'],
  ['lockWait', 50, 'innodb_lock_wait_timeout'],
  ['autocommit', 0, 'autocommit'],
  ['listBytes', 1024, 'group_concat_max_len'],
  ['readWithin', 0, 'max_statement_time'],
  ['maxPacket', 65_536, 'max_allowed_packet'],
  ['maxPacket', undefined, 'max_allowed_packet'],
])('a session whose %s is %s is not used, and the error says so', async (name, value, said) => {
  const error = await rejectionOf(setUpSession(server({ ...GOOD, [name]: value }), 2000));
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect(error.message).toContain(said);
});

it.each([
  ['SET SESSION TRANSACTION', new StoreFault('ER_WRONG_VALUE_FOR_VAR')],
  ['sql_mode', new StoreUnavailable('ER_UNKNOWN_SYSTEM_VARIABLE')],
])('a session that cannot be set up is not used', async (text, error) => {
  const rejection = await rejectionOf(setUpSession(server(GOOD, '8.0.40', { text, error }), 2000));
  expect(rejection).toBeInstanceOf(StoreUnavailable);
  expect(rejection).toMatchObject({ code: expect.stringMatching(/^ER_/) });
});
