import { expect, it } from 'vitest';
import { hashSecret } from '../../../../common/secrets.js';
import { createRegistry } from '../../../../core/registry/registry.js';

it('a key ends with its time alone, though its app is in the cache', async () => {
  let now = 1000;
  let lookUps = 0;
  const keys = [
    { num: 1, name: '', scope: 'send', hash: hashSecret('earlier'), expiresAt: 2000 } as const,
    { num: 2, name: 'b', scope: 'manage', hash: hashSecret('current'), expiresAt: null } as const,
  ];
  const store = {
    async findApps(ids: readonly string[]) {
      lookUps++;
      const registration = 'OPEN' as const;
      return ids.map((id) => ({ num: 1, id, name: id, keys, disabled: false, registration, signingKeys: [] }));
    },
    findDevicesByAlias: async () => [],
    findDevicesById: async () => [],
    findTopics: async () => [],
  };
  const registry = createRegistry(store, () => now);
  for (const time of [1000, 1999]) {
    now = time;
    expect(await registry.authenticate('app', 'earlier')).toMatchObject({ app: { id: 'app' }, key: { num: 1 } });
  }
  now = 2000;
  await expect(registry.authenticate('app', 'earlier')).rejects.toMatchObject({ reason: 'WRONG_APP_KEY' });
  expect(await registry.authenticate('app', 'current')).toMatchObject({ app: { id: 'app' }, key: { num: 2 } });
  expect(lookUps).toBe(1);
});
