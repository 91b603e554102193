import { expect, it } from 'vitest';
import { isSupported } from '../../../../../core/store/mysql/inspect.js';
import { findMissingPrivileges } from '../../../../../core/store/mysql/privileges.js';

const USAGE = 'GRANT USAGE ON *.* TO `onepush`@`%`';
const ALL = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX';

it.each([
  ['all of the server', ['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION'], []],
  ['all of the database', [USAGE, 'GRANT ALL PRIVILEGES ON `onepush`.* TO `onepush`@`%`'], []],
  ['those of the docs', [USAGE, `GRANT ${ALL} ON \`onepush\`.* TO \`onepush\`@\`%\``], []],
  ['a pattern', [`GRANT ${ALL} ON \`one%\`.* TO x`], []],
  ['an escaped name of another database', [`GRANT ${ALL} ON \`one\\_push\`.* TO x`], ALL.split(', ')],
  ['only reading', [USAGE, 'GRANT SELECT ON `onepush`.* TO x'], ALL.split(', ').slice(1)],
  ['one table', [`GRANT ${ALL} ON \`onepush\`.\`pushes\` TO x`], ALL.split(', ')],
  ['another database', [`GRANT ${ALL} ON \`other\`.* TO x`], ALL.split(', ')],
  ['a role', [USAGE, 'GRANT `writers`@`%` TO `onepush`@`%`'], undefined],
])('the privileges that are missing with grants of %s', (_, grants, missing) => {
  expect(findMissingPrivileges(grants, 'onepush')).toEqual(missing);
});

it.each([
  ['10.6.21-MariaDB', true],
  ['11.8.2-MariaDB-ubu2404', true],
  ['5.5.5-10.11.6-MariaDB', true],
  ['10.5.9-MariaDB', false],
  ['8.0.36', true],
  ['9.1.0', true],
  ['5.7.44-log', false],
])('the server %s is new enough: %s', (version, expected) => {
  expect(isSupported(version)).toBe(expected);
});
