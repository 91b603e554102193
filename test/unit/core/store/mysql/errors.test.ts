import { describe, expect, it } from 'vitest';
import { RolledBack, toConnectError, toStatementError, verdictOn } from '../../../../../core/store/mysql/errors.js';
import { StoreFault } from '../../../../../core/store/sql/driver.js';
import { StoreUnavailable } from '../../../../../core/store/store.js';

describe("a server's error", () => {
  it.each([
    ['21S01', 1136, 'more values than columns'],
    ['22001', 1406, 'too long'],
    ['22003', 1264, 'out of range'],
    ['22007', 1292, 'no date'],
    ['22007', 1366, 'no number, on MariaDB'],
    ['HY000', 1366, 'no number, on MySQL'],
    ['HY000', 1364, 'no default'],
    ['01000', 1265, 'truncated'],
    ['22032', 3140, 'no JSON'],
    ['HY000', 1300, 'no text of its character set'],
    ['23000', 1048, 'null'],
    ['23000', 1062, 'there already'],
    ['23000', 4025, 'check constraint, on MariaDB'],
    ['HY000', 3819, 'check constraint, on MySQL'],
    ['42000', 1064, 'syntax'],
    ['42000', 1118, 'row too long'],
    ['42000', 1071, 'key too long'],
    ['42S21', 1060, 'column there already'],
    ['42000', 1061, 'index there already'],
    ['42S01', 1050, 'table there already'],
  ])('of %s %i (%s) refuses the statement for what it is', (state, errno) => {
    expect(verdictOn(errno, state)).toBe('refused');
  });

  it.each([
    ['40001', 1213, 'deadlock'],
    ['40000', 3101, 'rolled back by group replication'],
    ['HY000', 1205, 'lock wait timeout'],
    ['HY000', 9007, 'write conflict, on TiDB'],
    ['HY000', 8022, 'commit that may be tried again, on TiDB'],
  ])('of %s %i (%s) has rolled the transaction back', (state, errno) => {
    expect(verdictOn(errno, state)).toBe('rolledBack');
  });

  it.each([
    ['', 1040, 'too many connections, before the handshake'],
    ['08004', 1040, 'too many connections'],
    ['42000', 1203, 'too many of the user'],
    ['42000', 1226, 'limit of the user'],
    ['42000', 1044, 'no rights to the database'],
    ['28000', 1045, 'no access'],
    ['42000', 1142, 'no rights to the table'],
    ['42000', 1143, 'no rights to the column'],
    ['42000', 1227, 'no such privilege'],
    ['42000', 1370, 'no right to the routine'],
    ['42000', 1049, 'no such database'],
    ['3D000', 1046, 'no database'],
    ['42S02', 1146, 'no such table'],
    ['42S22', 1054, 'no such column'],
    ['25006', 1792, 'read only transaction'],
    ['HY000', 1290, 'read only server'],
    ['HY000', 1836, 'read only mode'],
    ['HY000', 1021, 'disk full'],
    ['HY000', 1114, 'table full'],
    ['HY000', 1026, 'error writing a file'],
    ['HY000', 1030, 'error of the engine'],
    ['HY000', 1180, 'error during COMMIT'],
    ['HY000', 3032, 'offline mode'],
    ['HY000', 3100, 'hook of replication'],
    ['08S01', 1047, 'node not ready, on Galera'],
    ['08S01', 1053, 'shutdown'],
    ['08S01', 1153, 'packet too large'],
    ['70100', 1317, 'interrupted'],
    ['70100', 1927, 'connection killed, on MariaDB'],
    ['70100', 1969, 'max_statement_time, on MariaDB'],
    ['HY000', 3024, 'max_execution_time, on MySQL'],
    ['HY000', 4031, 'client was silent for too long'],
    ['HY001', 1038, 'out of memory for sorting'],
    ['40003', 1105, 'it does not know itself'],
    ['HY000', 1105, 'anything else'],
  ])('of %s %i (%s) is no fault of the statement', (state, errno) => {
    expect(verdictOn(errno, state)).toBe('unavailable');
  });
});

describe('a rejected statement', () => {
  const answer = (errno: number, sqlState: string, code = `E${errno}`) =>
    Object.assign(new Error('with values'), { errno, sqlState, code });

  it('is a fault, a transaction to run again, or unavailability, by the name of its error alone', () => {
    expect(toStatementError(answer(1264, '22003'))).toEqual({ error: new StoreFault('E1264'), definite: true });
    expect(toStatementError(answer(1213, '40001'))).toEqual({ error: new RolledBack('E1213'), definite: true });
    expect(toStatementError(answer(1290, 'HY000'))).toEqual({ error: new StoreUnavailable('E1290'), definite: true });
    const nameless = Object.assign(new Error(), { errno: 1927, sqlState: '70100', code: undefined });
    expect(toStatementError(nameless)).toEqual({ error: new StoreUnavailable('ER_1927'), definite: true });
  });

  it.each([
    ['the connection is lost', Object.assign(new Error(), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true })],
    ['the connection is reset', Object.assign(new Error(), { code: 'ECONNRESET', errno: -104, fatal: true })],
    ['no answer came in time', Object.assign(new Error(), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' })],
    ['the connection was closed before', Object.assign(new Error(), { fatal: true })],
    ['a proxy has lost the server', answer(2013, 'HY000')],
    ['a proxy finds no server', answer(9001, 'HY000')],
    ['the server shuts down', answer(1053, '08S01')],
  ])('says nothing definite of later ones if %s', (_what, error) => {
    expect(toStatementError(error)).toEqual({ error: expect.any(StoreUnavailable), definite: false });
  });

  it('with an error of the program keeps it', () => {
    const error = new TypeError('of the program');
    expect(toStatementError(error)).toEqual({ error, definite: false });
  });

  it('is always unavailability where there is no connection yet', () => {
    expect(toConnectError(answer(1049, '42000'))).toEqual(new StoreUnavailable('E1049'));
    expect(toConnectError(new Error())).toEqual(new StoreUnavailable('NO_CONNECTION'));
  });
});
