import { expect, it } from 'vitest';
import type { AuditEntry } from '../../core/domain/access.js';
import { eachStore, must, rejectionOf } from './each-store.js';
import { NOW, newApp } from './samples.js';

eachStore('who may call', (opened) => {
  const key = (appNum: number, name: string, more = {}) => {
    return {
      appNum,
      name,
      scope: 'send' as const,
      keyHash: `hash ${name === '发送' ? 'send' : name}`,
      expiresAt: null,
      now: NOW,
      ...more,
    };
  };

  it('keys of an app have a name, a scope, an end and a last use, and are removed one by one', async () => {
    const { store } = opened;
    const { num, id } = await newApp(store);
    const [send = 0, read = 0] = await store.commitAppKeys([
      key(num, '发送'),
      key(num, 'reports', { scope: 'read', expiresAt: NOW + 50 }),
    ]);
    await store.commitUses([{ at: NOW + 7, keys: [send], tokens: [] }]);
    expect(await store.listAppKeys(num)).toMatchObject([
      { num: read, name: 'reports', scope: 'read', createdAt: NOW, expiresAt: NOW + 50, lastUsedAt: null },
      { num: send, name: '发送', scope: 'send', createdAt: NOW, expiresAt: null, lastUsedAt: NOW + 7 },
      { name: '', scope: 'manage' },
    ]);
    const app = must((await store.findApps([id]))[0]);
    expect(app.keys.find((each) => each.num === read)).toEqual({
      num: read,
      name: 'reports',
      scope: 'read',
      hash: 'hash reports',
      expiresAt: NOW + 50,
    });
    const other = await newApp(store);
    expect(await store.commitKeyRevocations([{ appNum: other.num, num: send }])).toEqual([false]);
    expect(await store.commitKeyRevocations([{ appNum: num, num: send }])).toEqual([true]);
    expect((await store.listAppKeys(num)).map(({ name }) => name)).toEqual(['reports', '']);
  });

  it('a rotation leaves keys with names alone', async () => {
    const { store } = opened;
    const { num, id } = await newApp(store);
    await store.commitAppKeys([key(num, 'named')]);
    await store.commitKeyRotations([{ id, keyHash: 'next', oldUntil: NOW, now: NOW }]);
    expect((await store.listAppKeys(num)).map(({ name, expiresAt }) => [name, expiresAt])).toEqual([
      ['', null],
      ['named', null],
    ]);
  });

  it('an app has at most 20 keys with names; those that have expired make room', async () => {
    const { store } = opened;
    const { num } = await newApp(store);
    const keys = Array.from({ length: 20 }, (_, index) => key(num, `k${index}`, { expiresAt: NOW + 10 }));
    await store.commitAppKeys(keys);
    expect(await rejectionOf(store.commitAppKeys([key(num, 'more')]))).toMatchObject({ reason: 'TOO_MANY_KEYS' });
    await store.commitAppKeys([key(num, 'later', { now: NOW + 10 })]);
    expect((await store.listAppKeys(num)).map(({ name }) => name)).toEqual(['later', '']);
  });

  it('admin tokens are kept, marked as used and removed', async () => {
    const { store } = opened;
    const token = { name: 'carol', hash: 'hash of it', createdAt: NOW, expiresAt: NOW + 1000 };
    const [kept] = await store.commitAdminTokens([token]);
    expect(kept).toMatchObject({ ...token, lastUsedAt: null });
    const { num } = must(kept);
    await store.commitUses([{ at: NOW + 5, keys: [], tokens: [num] }]);
    expect(await store.loadAdminTokens()).toEqual([{ ...token, num, lastUsedAt: NOW + 5 }]);
    expect(await store.commitTokenRevocations([num, num])).toEqual([true, false]);
    expect(await store.loadAdminTokens()).toEqual([]);
  });

  it('entries of the audit log are committed with their change, or not at all', async () => {
    const { store } = opened;
    const { num, id } = await newApp(store);
    const entry = (target: string): AuditEntry => ({
      at: NOW,
      actor: { kind: 'app', id: 'k7', name: '七' },
      appId: id,
      method: 'CreateAppKey',
      target,
      address: '192.0.2.7',
      outcome: 'OK',
    });
    const list = async () => (await store.listAuditLog({ appId: id }, Number.MAX_SAFE_INTEGER, 10)).toReversed();
    store.alongside([entry('第一')]);
    await store.commitAppKeys([key(num, 'first')]);
    await store.commitAppKeys([key(num, 'not audited')]);
    store.alongside([entry('never')]);
    const tooMany = Array.from({ length: 20 }, (_, index) => key(num, `k${index}`));
    await rejectionOf(store.commitAppKeys(tooMany));
    store.alongside([entry('second'), entry('third')]);
    await store.commitNothing();
    expect(await list()).toMatchObject([entry('第一'), entry('second'), entry('third')]);
  });

  it('the audit log is listed from its end, by app, actor and time', async () => {
    const { store } = opened;
    const { id } = await newApp(store);
    const actor = (name: string) => ({ kind: 'admin' as const, id: `${id}-${name}`, name });
    const entry = (at: number, by: string): AuditEntry => {
      return { at, actor: actor(by), appId: id, method: 'DisableApp', target: '', address: '', outcome: 'OK' };
    };
    store.alongside([entry(NOW, 'a'), entry(NOW + 1, 'b'), entry(NOW + 2, 'a')]);
    await store.commitNothing();
    const times = async (filter: object, before = Number.MAX_SAFE_INTEGER, limit = 10) =>
      (await store.listAuditLog({ appId: id, ...filter }, before, limit)).map(({ at }) => at - NOW);
    expect(await times({})).toEqual([2, 1, 0]);
    expect(await times({ actorId: `${id}-a` })).toEqual([2, 0]);
    expect(await times({ from: NOW + 1, until: NOW + 2 })).toEqual([1]);
    expect(await times({}, Number.MAX_SAFE_INTEGER, 1)).toEqual([2]);
    const [last] = await store.listAuditLog({ appId: id }, Number.MAX_SAFE_INTEGER, 1);
    expect(await times({}, must(last).num)).toEqual([1, 0]);
    const [oldest] = await store.findOldEntries(NOW, 1);
    expect(await store.findOldEntries(NOW - 1, 10)).toEqual([]);
    expect(await store.commitEntryRemovals([must(oldest)])).toBe(1);
    expect(await store.listAuditLog({ actorId: 'nobody' }, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });
});
