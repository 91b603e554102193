import { describe, expect, it } from 'vitest';
import { createChannelDirectory, type DirectoryEntry } from '../../../../../core/channel/host/directory.js';
import type { DeviceToken } from '../../../../../core/domain/channel.js';

function directoryOf(...scopes: DirectoryEntry['scope'][]) {
  const directory = createChannelDirectory();
  for (const [index, scope] of scopes.entries()) {
    directory.set({ num: index + 1, appNum: 1, channel: 'WEBHOOK', scope });
  }
  return directory;
}

const token = (parts: Partial<DeviceToken> = {}): DeviceToken => ({ channel: 'WEBHOOK', token: 't', ...parts });

describe('the directory of channels', () => {
  it('finds the credential of the environment that a token is of; without one it is production', () => {
    const directory = directoryOf({ environment: 'SANDBOX' }, { environment: 'PRODUCTION' });
    expect(directory.credentialFor(1, token())?.num).toBe(2);
    expect(directory.credentialFor(1, token({ environment: 'SANDBOX' }))?.num).toBe(1);
    expect(directoryOf({ environment: 'SANDBOX' }).credentialFor(1, token())).toBeUndefined();
    expect(directoryOf({}).credentialFor(1, token({ environment: 'SANDBOX' }))?.num).toBe(1);
  });

  it('prefers the credential that names the bundle to one that takes any, and takes the first of two alike', () => {
    const directory = directoryOf({}, { bundle: 'com.example.a' }, { bundle: 'com.example.b' }, {});
    expect(directory.credentialFor(1, token({ bundle: 'com.example.b' }))?.num).toBe(3);
    expect(directory.credentialFor(1, token({ bundle: 'com.example.c' }))?.num).toBe(1);
    expect(directory.credentialFor(1, token())?.num).toBe(1);
    const other = directoryOf({ bundle: 'com.example.a' }).credentialFor(1, token({ bundle: 'com.example.b' }));
    expect(other).toBeUndefined();
  });

  it('finds nothing of another app or another channel', () => {
    const directory = directoryOf({});
    expect(directory.hasAny(1)).toBe(true);
    expect(directory.hasAny(2)).toBe(false);
    expect(directory.credentialFor(2, token())).toBeUndefined();
    expect(directory.credentialFor(1, token({ channel: 'FCM' }))).toBeUndefined();
    expect(directory.smsCredential(1)).toBeUndefined();
  });

  it('finds what a credential is now, and nothing of one that is gone', () => {
    const directory = directoryOf({}, { environment: 'SANDBOX' });
    directory.set({ num: 1, appNum: 1, channel: 'SMS_TWILIO', scope: {} });
    expect(directory.credentialFor(1, token())).toBeUndefined();
    expect(directory.smsCredential(1)).toMatchObject({ num: 1, channel: 'SMS_TWILIO' });
    for (const num of [1, 2, 2, 9]) directory.removed(num);
    expect(directory.hasAny(1)).toBe(false);
    expect(directory.smsCredential(1)).toBeUndefined();
  });

  it('knows which apps keep their content from vendors', () => {
    const directory = directoryOf();
    directory.setHidesContent(7, true);
    expect([directory.hidesContent(7), directory.hidesContent(1)]).toEqual([true, false]);
    directory.setHidesContent(7, false);
    expect(directory.hidesContent(7)).toBe(false);
  });
});
