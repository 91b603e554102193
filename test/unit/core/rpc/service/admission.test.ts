import { describe, expect, it } from 'vitest';
import { OnePushError } from '../../../../../common/errors.js';
import type { Scope } from '../../../../../core/domain/app.js';
import { createAdmins } from '../../../../../core/registry/admins.js';
import { createAdmit } from '../../../../../core/rpc/service/admission.js';
import type { SessionOwner } from '../../../../../core/rpc/service/auth.js';
import { Health } from '../../../../../gen/health/v1/health_pb.js';
import { PushCore } from '../../../../../gen/onepush/v1/push_core_pb.js';

const app = {
  num: 1,
  id: 'app',
  name: 'app',
  keys: [],
  disabled: false,
  registration: 'OPEN' as const,
  signingKeys: [],
};
/** The scopes of keys are their names. */
const registry = {
  authenticate: async (_: string, key: string) => {
    if (key === 'wrong') throw new OnePushError('WRONG_APP_KEY');
    return { app, key: { num: 7, name: key, scope: key as Scope, hash: '', expiresAt: null } };
  },
  authenticateKey: async (_: string, num: number) => {
    if (num !== 7) throw new OnePushError('WRONG_APP_KEY');
    return { app, key: { num, name: 'read', scope: 'read' as Scope, hash: '', expiresAt: null } };
  },
};
const used: number[] = [];
const refused: string[] = [];
const usage = { key: (num: number) => used.push(num), token: (num: number) => used.push(num) };
const admit = createAdmit({
  registry,
  admins: createAdmins('token'),
  usage,
  refused: (reason) => refused.push(reason),
});
const key = (scope: string) => ({ kind: 'app', appId: 'app', key: scope }) as const;
const admin = { kind: 'admin', token: 'token' } as const;
const { sendPush, getPush, updateDevice, createApp, rotateAppKey, registerDevice } = PushCore.method;

describe('admission', () => {
  it.each([
    [sendPush, ['send', 'manage']],
    [getPush, ['read', 'manage']],
    [updateDevice, ['manage']],
    [rotateAppKey, ['manage']],
  ])('lets in keys by their scope: %#', async (method, scopes) => {
    for (const scope of ['send', 'read', 'manage']) {
      const admission = admit(method, key(scope));
      if (scopes.includes(scope)) {
        expect((await admission).caller).toEqual({ kind: 'app', app, keyId: 'k7', keyName: scope, scope });
      } else {
        await expect(admission).rejects.toMatchObject({ reason: 'WRONG_SCOPE' });
      }
    }
    await expect(admit(method, key('wrong'))).rejects.toMatchObject({ reason: 'WRONG_APP_KEY' });
  });

  it('takes a session of the console for the key or the token by which it began, while that works', async () => {
    let owner: SessionOwner | undefined = { kind: 'app', appId: 'app', keyNum: 7 };
    const session = { kind: 'session', owner: () => owner } as const;
    const { caller, readmit } = await admit(getPush, session);
    expect(caller).toMatchObject({ kind: 'app', keyId: 'k7', scope: 'read' });
    await expect(admit(sendPush, session)).rejects.toMatchObject({ reason: 'WRONG_SCOPE' });
    await expect(admit(createApp, session)).rejects.toMatchObject({ reason: 'WRONG_ADMIN_TOKEN' });
    owner = { kind: 'app', appId: 'app', keyNum: 8 };
    await expect(readmit()).rejects.toMatchObject({ reason: 'WRONG_APP_KEY' });
    owner = undefined;
    await expect(readmit()).rejects.toMatchObject({ reason: 'WRONG_APP_KEY' });
    owner = { kind: 'admin', tokenNum: undefined };
    expect((await admit(createApp, session)).caller).toMatchObject({ kind: 'admin', name: 'environment' });
    owner = { kind: 'admin', tokenNum: 99 };
    await expect(admit(createApp, session)).rejects.toMatchObject({ reason: 'WRONG_ADMIN_TOKEN' });
  });

  it('lets in the admin where the method is for admins', async () => {
    for (const method of [createApp, rotateAppKey]) {
      expect((await admit(method, admin)).caller).toEqual({
        kind: 'admin',
        tokenId: 'environment',
        name: 'environment',
      });
      for (const credentials of [{ kind: 'none' } as const, { ...admin, token: 'other' }]) {
        await expect(admit(method, credentials)).rejects.toMatchObject({ reason: 'WRONG_ADMIN_TOKEN' });
      }
    }
    await expect(admit(createApp, key('manage'))).rejects.toMatchObject({ reason: 'WRONG_ADMIN_TOKEN' });
    await expect(admit(sendPush, admin)).rejects.toMatchObject({ reason: 'WRONG_APP_KEY' });
    const withoutAdmin = createAdmit({ registry, admins: createAdmins(undefined), usage });
    await expect(withoutAdmin(createApp, { kind: 'admin', token: '' })).rejects.toMatchObject({
      reason: 'WRONG_ADMIN_TOKEN',
    });
  });

  it('counts who is refused, and notes what is used', async () => {
    used.length = 0;
    refused.length = 0;
    await admit(sendPush, key('send'));
    await admit(sendPush, key('read')).catch(() => {});
    await admit(createApp, key('manage')).catch(() => {});
    expect({ used, refused }).toEqual({ used: [7], refused: ['WRONG_SCOPE', 'WRONG_ADMIN_TOKEN'] });
  });

  it('asks nothing for what is open to anyone', async () => {
    for (const method of [registerDevice, Health.method.check]) {
      expect((await admit(method, key('wrong'))).caller).toEqual({ kind: 'none' });
    }
  });

  it('asks for the registration token, or a key that may manage, where the handler of a registration wants to know', async () => {
    const asked = async (credentials: Parameters<typeof admit>[1]) =>
      (await admit(registerDevice, credentials)).readmit();
    expect(await asked({ kind: 'none' })).toEqual({ kind: 'none', bearer: '' });
    expect(await asked({ kind: 'admin', token: 'a.b.c' })).toEqual({ kind: 'none', bearer: 'a.b.c' });
    expect(await asked(key('manage'))).toMatchObject({ kind: 'app', app });
    await expect(asked(key('send'))).rejects.toMatchObject({ reason: 'WRONG_SCOPE' });
    await expect(asked(key('wrong'))).rejects.toMatchObject({ reason: 'WRONG_APP_KEY' });
  });
});
