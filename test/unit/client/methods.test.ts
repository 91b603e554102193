import { expect, it } from 'vitest';
import { FOR_ADMINS } from '../../../client/methods.js';
import { ACCESS } from '../../../core/rpc/service/access.js';

it('the methods that get the admin token are those that take nothing else', () => {
  const onlyAdmins = Object.entries(ACCESS)
    .filter(([, access]) => typeof access === 'object' && access.scope === undefined)
    .map(([name]) => name);
  expect([...FOR_ADMINS].toSorted()).toEqual(onlyAdmins.toSorted());
});
